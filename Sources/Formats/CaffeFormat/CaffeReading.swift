import FormatInterface
import IR
import Tensors

/// Puts a network and its weights together.
struct CaffeReading {
    /// Sides of the pictures that networks are made for, tried where a file does not state one.
    private static let usualSides = [28, 32, 224, 227, 256, 299, 512]
    /// Layers whose weights or sizes depend on those of the picture.
    private static let sized: Set = [
        "InnerProduct", "Reshape", "Flatten", "Slice", "Scale", "Bias",
    ]

    let network: CaffeNetwork
    let weights: CaffeWeights

    func checkpoint() throws(CaffeError) -> Checkpoint {
        let type = try elementType()
        let unknown = network.inputs.contains { $0.shape == nil && $0.side == nil }
        let isOpen = unknown && !network.steps.contains { Self.sized.contains($0.layer.type) }
        var builder = CaffeGraphBuilder(
            network, weights, elementType: type, hasOpenSizes: isOpen)
        var notes = network.notes
        if !unknown {
            try builder.build(shapes(side: 0))
        } else if isOpen {
            try builder.build(shapes(side: 224))
        } else {
            let side = try fittingSide(builder)
            try builder.build(shapes(side: side))
            notes.append(
                "the file does not state the size of its pictures: \(side) × \(side) fits; a "
                    + "prototxt states it (--prototxt)")
        }
        return try checkpoint(builder, notes, isOpen: isOpen)
    }

    private func checkpoint(
        _ builder: CaffeGraphBuilder, _ notes: [String], isOpen: Bool
    ) throws(CaffeError) -> Checkpoint {
        func declaration(_ value: Int) -> ValueDeclaration {
            let name = builder.name(of: value)
            let shape = builder.shape(name).enumerated().map { axis, size in
                if axis == 0 { return Dimension.symbolic("N") }
                if isOpen, axis > 1 { return .unknown }
                return .fixed(size)
            }
            return ValueDeclaration(name: name, elementType: builder.elementType, shape: shape)
        }
        var graph = Graph(
            name: network.name, inputs: network.inputs.map { declaration($0.value) },
            outputs: network.outputs.map { declaration($0.value) }, nodes: builder.nodes)
        do {
            try graph.sortNodes(constants: Set(builder.tensors.map(\.name)))
        } catch {
            throw CaffeError(.file, expected: "a sound network", found: "\(error)")
        }
        var checkpoint = Checkpoint(
            convention: .caffe, tensors: builder.tensors, graph: graph, producer: "caffe")
        checkpoint.notes = notes
        return checkpoint
    }

    /// What all weights are: float32, or float64 where Caffe was trained in it.
    private func elementType() throws(CaffeError) -> ElementType {
        for step in network.steps {
            if let blob = weights.blob(step.layer.name, 0) { return blob.tensor.elementType }
        }
        return .float32
    }

    /// Sizes of the inputs, with those the file does not state.
    private func shapes(side: Int) -> [[Int]] {
        network.inputs.map { input in
            if let shape = input.shape { return shape }
            let side = input.side ?? side
            return [2, channels, side, side]
        }
    }

    /// Channels that the first convolution reads.
    private var channels: Int {
        for step in network.steps where step.layer.type == "Convolution" {
            guard let shape = weights.blob(step.layer.name, 0)?.tensor.shape, shape.count == 4
            else { continue }
            let settings = step.layer.settings("convolution_param", .convolution)
            let (count, overflow) = shape[1].multipliedReportingOverflow(
                by: settings.integer("group") ?? 1)
            if !overflow { return count }
        }
        return 3
    }

    /// The first usual side with which all sizes fit.
    private func fittingSide(_ builder: CaffeGraphBuilder) throws(CaffeError) -> Int {
        var problems: [CaffeError] = []
        for side in Self.usualSides {
            var trial = builder
            do throws(CaffeError) {
                try trial.build(shapes(side: side))
                return side
            } catch {
                problems.append(error)
            }
        }
        // What is wrong at every size has another cause.
        if let first = problems.first, problems.allSatisfy({ $0 == first }) { throw first }
        let input = network.inputs.first { $0.shape == nil }?.name ?? ""
        throw CaffeError(
            .input(input), expected: "the size of its pictures in a prototxt (--prototxt)",
            found: "none in the file, and none of the usual ones fits")
    }
}
