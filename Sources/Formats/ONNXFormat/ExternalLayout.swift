import FormatInterface
import IR
import Tensors

/// Where the tensors of a model lie in a file beside it.
struct ExternalLayout {
    /// One tensor's place, as TensorProto.external_data says it.
    struct Place {
        var location: String
        var offset: Int
        var length: Int

        var entries: [(key: String, value: String)] {
            [("location", location), ("offset", "\(offset)"), ("length", "\(length)")]
        }
    }

    /// Tensors of fewer bytes stay in the model: shapes, axes, biases.
    private static let smallest = 1024
    /// Readers map files by pages.
    private static let alignment = 4096

    /// The file's name in the model's folder.
    private let location: String
    private let offsets: [Int: Int]
    private let tensors: [NamedTensor]

    /// Writes the larger tensors to a file that belongs to `file`.
    init(
        writing tensors: [NamedTensor], beside file: borrowing OutputFile
    ) throws {
        var offsets: [Int: Int] = [:]
        location = try file.writeCompanion { data in
            var end = 0
            for (index, tensor) in tensors.enumerated() {
                let elements = tensor.tensor.packed()
                guard elements.byteCount >= Self.smallest else { continue }
                let start = (end + Self.alignment - 1) / Self.alignment * Self.alignment
                try data.write([UInt8](repeating: 0, count: start - end))
                try data.write(elements)
                offsets[index] = start
                end = start + elements.byteCount
            }
        }
        self.offsets = offsets
        self.tensors = tensors
    }

    /// The place of a tensor, by its index; nil for one in the model itself.
    func place(of index: Int) -> Place? {
        offsets[index].map {
            Place(location: location, offset: $0, length: tensors[index].tensor.packedByteCount)
        }
    }
}
