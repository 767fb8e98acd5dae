import FormatInterface
import IR
import Parity
import Tensors

/// Where activations of one side come from.
enum LayerSide {
    case model(ModelFile, LayerSequence)
    case recording([RecordedTensor], isChannelsLast: Bool)

    var count: Int {
        switch self {
        case .model(_, let sequence): sequence.layers.count
        case .recording(let tensors, _): tensors.count
        }
    }

    func name(of index: Int) -> String {
        switch self {
        case .model(_, let sequence): sequence.layers[index].node.name
        case .recording(let tensors, _): tensors[index].name
        }
    }

    /// Bytes of an activation, about.
    func bytes(of index: Int) -> Int {
        switch self {
        case .model(_, let sequence):
            (Tensor.elementCount(of: sequence.layers[index].shape) ?? 0) * 4
        case .recording: 0
        }
    }
}

extension LayerSide {
    /// The activations of `indices`.
    ///
    /// - Parameter inputs: for a model, by its input names.
    func values(
        _ indices: some Sequence<Int>, inputs: [String: Tensor], _ engine: Engine
    ) throws -> [Int: Tensor] {
        let indices = Array(Set(indices))
        switch self {
        case .recording(let tensors, _):
            return Dictionary(uniqueKeysWithValues: indices.map { ($0, tensors[$0].tensor) })
        case .model(let file, let sequence):
            let names = indices.map { sequence.layers[$0].value }
            let values = try sequence.values(names, of: file, inputs: inputs, engine)
            return indices.reduce(into: [:]) { $0[$1] = values[sequence.layers[$1].value] }
        }
    }
}

extension LayerSequence {
    /// More bytes of activations are not held at once.
    static let byteLimit = 512 << 20

    /// Values by name: of all layers in one run, and kept, where memory allows, else those alone.
    func values(
        _ names: [String], of file: ModelFile, inputs: [String: Tensor], _ engine: Engine
    ) throws -> [String: Tensor] {
        if let known = kept.values { return known }
        let isSmall = byteCount <= Self.byteLimit
        let values = try engine.activations(
            of: file, inputs: inputs, names: isSmall ? layers.map(\.value) : names,
            in: engine.arithmetic)
        if isSmall { kept.values = values }
        return values
    }

    /// The network's outputs, from the run that gives its layers' values.
    func outputs(
        of file: ModelFile, inputs: [String: Tensor], _ engine: Engine
    ) throws -> [String: Tensor] {
        let values = try values(outputs, of: file, inputs: inputs, engine)
        guard outputs.allSatisfy({ values[$0] != nil }) else {
            return try engine.run(file, inputs: inputs)
        }
        return values.filter { outputs.contains($0.key) }
    }
}
