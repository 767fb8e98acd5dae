import Architectures
import IR
import Tensors
import Testing

/// Sizes with every width different from its neighbours, so that no two axes can be confused;
/// LeNet-5's of 1998 are what its table of connections says.
func narrowSizes(_ architecture: Architecture, hasHead: Bool = true) -> NetworkSizes {
    let published = architecture.publishedSizes
    if architecture.name == "lenet5_1998" {
        return NetworkSizes(
            inputChannels: 1, convs: [6, 16, 8], dense: hasHead ? published.dense : [])
    }
    let towers = isGrouped(architecture.name) ? 2 : 1
    return NetworkSizes(
        inputChannels: published.inputChannels == 1 ? 1 : 4,
        convs: published.convs.indices.map { (2 + $0 % 3) * towers },
        dense: hasHead ? [6, 5, 7] : [])
}

private func isGrouped(_ name: String) -> Bool { ["alexnet_2012", "caffenet"].contains(name) }

/// Whether tensors alone do not tell the network.
func needsName(_ name: String) -> Bool {
    ["lenet5", "lenet5_tanh", "vgg11_lrn"].contains(name) || isGrouped(name)
}

/// The networks that files of Keras hold.
let namesInKeras = ArchitectureRegistry.names.filter { $0 != "lenet5_1998" }

/// A seeded network of narrow sizes.
func narrow(_ name: String, hasHead: Bool = true, seed: UInt64 = 1) throws -> Model {
    let architecture = try ArchitectureRegistry.architecture(named: name)
    return architecture.seeded(seed: seed, sizes: narrowSizes(architecture, hasHead: hasHead))
}

/// Takes away what a file says about itself, so that its tensors alone decide.
func bare(_ checkpoint: Checkpoint) -> Checkpoint {
    var checkpoint = checkpoint
    checkpoint.metadata = [:]
    if checkpoint.convention == .keras { checkpoint.graph = nil }
    return checkpoint
}

/// The networks whose tensors no other network has.
let distinctNames = namesInKeras.filter { !needsName($0) }

/// A graph in words: everything two equal graphs share.
func words(_ graph: Graph) -> [String] {
    let declarations = (graph.inputs + graph.outputs).map {
        "\($0.name) \($0.elementType) \(ValueDeclaration.describe($0.shape))"
    }
    let nodes = graph.nodes.map { node in
        var writer = AttributeWriter()
        node.op.encode(to: &writer)
        return "\(node.name) \(node.op.type) \(node.inputs) \(node.outputs) \(writer.attributes)"
    }
    return declarations + nodes
}

/// Checks that two models are the same network with the same bits.
func expectEqual(
    _ left: Model, _ right: Model, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(left.architecture?.name == right.architecture?.name, sourceLocation: sourceLocation)
    #expect(words(left.graph) == words(right.graph), sourceLocation: sourceLocation)
    #expect(
        left.weights.keys.sorted() == right.weights.keys.sorted(),
        sourceLocation: sourceLocation)
    for (name, tensor) in left.weights {
        let same = right.weights[name]?.isBitEqual(to: tensor)
        #expect(same == true, "\(name)", sourceLocation: sourceLocation)
    }
}

/// The error that `body` throws, in words; an empty text when it throws none.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
