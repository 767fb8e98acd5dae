import Architectures
import FormatInterface
import IR
import Images
import Tensors

/// The one input of a network that takes pictures.
struct PictureInput: Sendable {
    let name: String
    let channels: Int
    /// Nil where the network takes pictures of any size.
    var size: (width: Int, height: Int)?
    /// Whether several pictures may be given at once.
    let takesBatches: Bool
    let elementType: ElementType
}

/// Pictures as a network's input.
extension ModelFile {
    /// The one input that takes pictures, at batch 1.
    ///
    /// - Throws: `InputError` when the network takes something else.
    func pictureInput() throws -> (name: String, shape: [Int]) {
        let shapes = try inputShapes(batch: 1)
        guard shapes.count == 1, let (name, shape) = shapes.first, shape.count == 4, shape[0] == 1
        else { throw noPictures(shapes.map { "\($0.key) \($0.value)" }) }
        return (name, shape)
    }

    /// The one input that takes pictures, of one size or of any.
    ///
    /// - Throws: `InputError` when the network takes something else.
    func anyPictureInput() throws -> PictureInput {
        let inputs = model.graph.inputs
        guard inputs.count == 1, let shape = inputs[0].shape, shape.count == 4,
            let channels = shape[1].size, shape[2].size == nil, shape[3].size == nil,
            (shape[0].size ?? 1) == 1
        else {
            let (name, shape) = try pictureInput()
            return PictureInput(
                name: name, channels: shape[1], size: (width: shape[3], height: shape[2]),
                takesBatches: inputs[0].shape?[0].size == nil, elementType: inputs[0].elementType)
        }
        return PictureInput(
            name: inputs[0].name, channels: channels, size: nil,
            takesBatches: shape[0].size == nil, elementType: inputs[0].elementType)
    }

    private func noPictures(_ found: [String]) -> InputError {
        InputError(
            file: path, format: format,
            expected: "one input of shape [1, channels, height, width] for pictures",
            found: found.sorted().joined(separator: ", "))
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
        let viewing = PictureViewing(
            recipe: recipe, exif: exif, groups: [[PictureView(shortSide: nil, part: .center)]],
            channels: shape[1], size: (width: shape[3], height: shape[2]))
        let views = try viewing.views(of: picture)
        for note in views.notes { console.note("note: \(picture): \(note)") }
        return views.tensors[0]
    }
}

extension Dimension {
    /// The size, where it is fixed.
    var size: Int? {
        if case .fixed(let size) = self { size } else { nil }
    }
}

/// How picture files become a network's input.
struct PictureViewing: Sendable {
    let recipe: Preprocessing
    let exif: EXIFHandling
    /// Views of one size together.
    let groups: [[PictureView]]
    let channels: Int
    /// Of the network's input; nil where it takes any.
    let size: (width: Int, height: Int)?

    /// A decoded and prepared picture.
    struct Views: Sendable {
        /// One for each group: [views, channels, height, width].
        var tensors: [Tensor]
        /// What a reader should know about the picture.
        var notes: [String]
    }

    /// - Throws: `InputError` and `PictureError`, with the file's name.
    func views(of path: String) throws -> Views {
        try views(of: InputFile(path: path))
    }

    func views(of file: InputFile) throws(PictureError) -> Views {
        let decoded = try Picture.decode(file.storage, path: file.path, exif: exif)
        var views = Views(tensors: [], notes: decoded.notes)
        do {
            for group in groups {
                views.tensors.append(
                    try recipe.tensor(
                        of: decoded.picture, views: group, channels: channels, size: size))
            }
        } catch {
            var error = error
            error.file = file.path
            throw error
        }
        return views
    }
}

extension PictureError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .badInput }
}
