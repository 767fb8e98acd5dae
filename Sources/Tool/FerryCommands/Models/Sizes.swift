import Architectures
import IR
import Tensors

/// What `inspect --sizes` tells: the arithmetic of a network's layers for a batch of pictures.
///
/// A layer's activation is its result. No layer works in place; those that only give a value another
/// shape cost nothing. Alive during a layer is what it reads and gives, and what later ones read.
struct Sizes: Encodable {
    struct Window: Encodable {
        let kernel: [Int]
        let stride: [Int]
        let dilation: [Int]
        /// Begins, then ends.
        let pads: [Int]
    }

    struct Layer: Encodable {
        let name: String
        let operation: String
        let window: Window?
        let outputShape: [Int]
        /// A dense layer's inputs and outputs.
        let matrix: [Int]?
        /// Height and width by rounding down and up; nil for layers without a window.
        let floor: [Int]?
        let ceil: [Int]?
        /// Rows and columns of the picture that one position sees; nil where that is not known.
        let receptiveField: [Int]?
        /// Pixels from one position to the next.
        let jump: [Int]?
        /// The middle of what the first position sees.
        let start: [Double]?
        /// Pixels beyond the picture that positions see: above, left, below, right.
        let padding: [Int]?
        let parameters: Int
        let multiplyAdds: Int
        let activationBytes: Int
        let liveBytes: Int

        enum CodingKeys: String, CodingKey {
            case name, operation, window, matrix, floor, ceil, jump, start, padding, parameters
            case outputShape = "output_shape"
            case receptiveField = "receptive_field"
            case multiplyAdds = "multiply_adds"
            case activationBytes = "activation_bytes"
            case liveBytes = "live_bytes"
        }
    }

    let file: String
    let architecture: String?
    let batch: Int
    let layers: [Layer]
    let parameters: Int
    let parameterBytes: Int
    let multiplyAdds: Int
    /// Of all layers and the input together, as training keeps them.
    let activationBytes: Int
    /// The most that is alive at once.
    let peakActivationBytes: Int
    /// The same with the parameters.
    let peakBytes: Int

    enum CodingKeys: String, CodingKey {
        case file, architecture, batch, layers, parameters
        case parameterBytes = "parameter_bytes"
        case multiplyAdds = "multiply_adds"
        case activationBytes = "activation_bytes"
        case peakActivationBytes = "peak_activation_bytes"
        case peakBytes = "peak_bytes"
    }

    init(_ file: ModelFile, batch: Int) throws {
        let model = file.model
        let types = try file.exampleTypes(batch: batch)
        let fields = ReceptiveFields(model.graph, types)
        let groups = model.nodeGroups
        let memory = ActivationMemory(model, groups, types)
        let counts = ParameterCounts(model)
        let sides = model.graph.inputs.first.flatMap { types[$0.name]?.shape.dropFirst(2) } ?? []
        layers = groups.enumerated().map { index, group in
            Layer(
                group, file, types, fields, sides: Array(sides),
                parameters: counts.trainable(group, of: model), memory.ofLayer[index],
                alive: memory.alive[index])
        }
        self.file = file.path
        architecture = model.architecture?.name
        self.batch = batch
        parameters = counts.trainable
        parameterBytes = counts.bytes
        multiplyAdds = layers.reduce(0) { $0.addingReportingOverflow($1.multiplyAdds).partialValue }
        activationBytes = memory.total
        peakActivationBytes = memory.alive.max() ?? 0
        peakBytes = peakActivationBytes &+ parameterBytes
    }
}

extension Sizes.Layer {
    fileprivate init(
        _ group: Model.NodeGroup, _ file: ModelFile, _ types: [String: ValueInfo],
        _ fields: ReceptiveFields, sides: [Int], parameters: Int, _ bytes: Int, alive: Int
    ) {
        let output = group.nodes.last?.outputs[0] ?? ""
        let shape = types[output]?.shape ?? []
        let axes = group.nodes.lazy.compactMap { $0.windowAxes(types) }.first
        let seen = fields.fields[output]
        let isPicture = shape.count == 4 && sides.count == 2
        name = group.name
        operation = group.operation
        window = axes.map { axes in
            Sizes.Window(
                kernel: axes.map(\.kernel), stride: axes.map(\.stride),
                dilation: axes.map(\.dilation),
                pads: axes.map(\.padBegin) + axes.map(\.padEnd))
        }
        outputShape = file.declaredShape(shape)
        matrix =
            group.nodes.lazy.compactMap { node in
                let isConstant = node.inputs.count > 1 && file.model.weights[node.inputs[1]] != nil
                return isConstant ? node.matrix(types) : nil
            }.first
        floor = axes.map { $0.map(\.floor) }
        ceil = axes.map { $0.map(\.ceil) }
        receptiveField = seen.map { $0.map(\.size) }
        jump = isPicture ? seen.map { $0.map(\.jump) } : nil
        start = isPicture ? seen.map { $0.map(\.start) } : nil
        padding =
            isPicture
            ? seen.map { seen in
                let pads = (0..<2).map { axis in
                    seen[axis].padding(count: shape[2 + axis], side: sides[axis])
                }
                return pads.map(\.before) + pads.map(\.behind)
            } : nil
        self.parameters = parameters
        multiplyAdds = group.multiplyAdds(types)
        activationBytes = bytes
        liveBytes = alive
    }
}
