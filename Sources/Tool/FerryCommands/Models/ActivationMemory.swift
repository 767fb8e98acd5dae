import Architectures
import IR
import Tensors

/// How many bytes the values between a network's layers take, and when.
struct ActivationMemory {
    /// Bytes of each layer's results; 0 where these are other shapes of what it reads.
    private(set) var ofLayer: [Int] = []
    /// Bytes alive while each layer is computed.
    private(set) var alive: [Int] = []
    /// Of the inputs and all results.
    private(set) var total = 0

    private struct Value {
        var bytes: Int
        var born: Int
        var lastRead: Int
    }

    /// Operators that give what they read another shape, or none.
    private static let reshapers: Set = [
        "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout",
    ]

    init(_ model: Model, _ groups: [Model.NodeGroup], _ types: [String: ValueInfo]) {
        var values: [String: Value] = [:]
        /// The value whose bytes another name stands for.
        var owners: [String: String] = [:]
        for input in model.graph.inputs {
            values[input.name] = Value(bytes: types.bytes(input.name), born: 0, lastRead: 0)
        }
        for (index, group) in groups.enumerated() {
            for read in group.nodes.flatMap(\.inputs) {
                values[owners[read] ?? read]?.lastRead = index
            }
            let isReshaping = group.nodes.allSatisfy { Self.reshapers.contains($0.op.type) }
            if isReshaping, let source = group.nodes.first?.inputs.first {
                for output in group.nodes.flatMap(\.outputs) {
                    owners[output] = owners[source] ?? source
                }
                ofLayer.append(0)
                continue
            }
            let outputs = group.nodes.last?.outputs.filter { !$0.isEmpty } ?? []
            for output in outputs {
                values[output] = Value(bytes: types.bytes(output), born: index, lastRead: index)
            }
            ofLayer.append(outputs.reduce(0) { $0 &+ types.bytes($1) })
        }
        for output in model.graph.outputs {
            values[owners[output.name] ?? output.name]?.lastRead = groups.count - 1
        }
        total = values.values.reduce(0) { $0 &+ $1.bytes }
        alive = Self.alive(values.values, layers: groups.count)
    }

    private static func alive(_ values: some Sequence<Value>, layers: Int) -> [Int] {
        var changes = [Int](repeating: 0, count: layers + 1)
        for value in values {
            changes[value.born] &+= value.bytes
            changes[min(value.lastRead + 1, layers)] &-= value.bytes
        }
        var sum = 0
        return changes.dropLast().map { change in
            sum &+= change
            return sum
        }
    }
}

extension [String: ValueInfo] {
    fileprivate func bytes(_ name: String) -> Int {
        self[name].flatMap { Tensor.byteCount(of: $0.shape, $0.elementType) } ?? 0
    }
}
