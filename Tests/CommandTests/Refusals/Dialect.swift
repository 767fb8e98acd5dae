import TestSupport
import Testing

/// A kind of file that Ferry reads: a good one, and damage to it that must be refused.
struct Dialect: Sendable, CustomTestStringConvertible {
    let name: String
    /// What messages may call it; damage to a container is told by the container's name.
    let formats: [String]
    /// Recorded files: the one to convert, then those that lie beside it.
    let files: [String]
    /// Further words of the command; names of `files` are found where those lie.
    var options: [String] = []
    let destination: [String]
    let defects: [Defect]

    var testDescription: String { name }

    static let all: [Dialect] = [
        onnx, onnxExternal, stateDict, keras0Weights, kerasWeights, keras1H5, keras2H5, kerasH5,
        kerasArchive, keras3Weights, keras3Network, keras3Shards, pth, legacyPth, safetensors,
        safetensorsIndex, npz, caffe, caffeV1, caffeHDF5, prototxt,
    ]
}

/// A defect, named in words, and words that the message about it must have.
struct Defect: Sendable {
    let name: String
    let words: String
    let make: @Sendable (DamagedFile) throws -> Void

    init(
        _ name: String, _ words: String, _ make: @escaping @Sendable (DamagedFile) throws -> Void
    ) {
        (self.name, self.words, self.make) = (name, words, make)
    }
}

/// One defect of one dialect.
struct DefectiveFile: Sendable, CustomTestStringConvertible {
    let dialect: Dialect
    let defect: Defect

    var testDescription: String { "\(dialect.name): \(defect.name)" }

    static let all = Dialect.all.flatMap { dialect in
        dialect.defects.map { DefectiveFile(dialect: dialect, defect: $0) }
    }
}
