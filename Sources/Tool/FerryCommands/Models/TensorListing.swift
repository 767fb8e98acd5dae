import IR
import Parity
import Tensors

/// The tensors of a file whose network is unknown.
struct TensorListing: Encodable {
    struct Entry: Encodable {
        let name: String
        let shape: [Int]
        let elementType: String
    }

    let file: String
    let format: String
    let producer: String
    let tensors: [Entry]
    let notes: [String]

    init(path: String, format: String, _ checkpoint: Checkpoint) {
        file = path
        self.format = format
        producer = checkpoint.producer
        notes = checkpoint.notes
        tensors = checkpoint.tensors.map {
            Entry(
                name: $0.path, shape: $0.tensor.shape, elementType: $0.tensor.elementType.rawValue)
        }
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("TENSOR"), .init("SHAPE", .right), .init("TYPE"),
        ])
        for tensor in tensors {
            table.add([.init(tensor.name), "\(tensor.shape)", .init(tensor.elementType)])
        }
        return "\(visible(file)): \(format), \(tensors.count) tensors of an unknown network\n"
            + ([table.render(coloured: coloured)] + notes.map { "note    \(visible($0))" })
            .joined(separator: "\n")
    }
}
