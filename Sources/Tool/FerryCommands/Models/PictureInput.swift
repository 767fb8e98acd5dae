import Architectures
import FormatInterface
import IR
import Images
import Tensors

/// Pictures as a network's input.
extension ModelFile {
    /// The one input that takes pictures, at batch 1.
    ///
    /// - Throws: `InputError` when the network takes something else.
    func pictureInput() throws -> (name: String, shape: [Int]) {
        let shapes = try inputShapes(batch: 1)
        guard shapes.count == 1, let (name, shape) = shapes.first, shape.count == 4, shape[0] == 1
        else {
            throw InputError(
                file: path, format: format,
                expected: "one input of shape [1, channels, height, width] for pictures",
                found: shapes.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
        }
        return (name, shape)
    }

    /// How pictures are prepared: as `given`, or as the network was trained.
    ///
    /// - Throws: `UsageError` when neither is known.
    func recipe(_ given: Preprocessing?) throws -> Preprocessing {
        if let given { return given }
        if let name = usualRecipe {
            guard let recipe = Preprocessing(rawValue: name) else {
                throw InputError(
                    file: path, format: format, place: MetadataKey.preprocess,
                    expected: Preprocessing.allCases.map(\.rawValue).joined(separator: ", "),
                    found: name)
            }
            return recipe
        }
        throw UsageError(
            "\(path): expected a known recipe for pictures, found none; give --preprocess")
    }

    /// Decodes and prepares one picture, with a note for what a reader should know about it.
    ///
    /// - Parameter shape: of the network's input.
    func tensor(
        of picture: String, by recipe: Preprocessing, exif: EXIFHandling, for shape: [Int],
        _ console: Console
    ) throws -> Tensor {
        let decoded = try Picture.decode(
            try InputFile(path: picture).storage, path: picture, exif: exif)
        for note in decoded.notes { console.note("note: \(picture): \(note)") }
        do {
            return try recipe.tensor(
                of: decoded.picture, channels: shape[1], height: shape[2], width: shape[3])
        } catch var error {
            error.file = picture
            throw error
        }
    }
}

extension PictureError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .badInput }
}
