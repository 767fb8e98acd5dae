import IR
import Runtime
import Tensors
import Testing

@Suite struct Activations {
    /// Outputs of `names` of a network on its recorded input, by an ordinary plan.
    private func run(
        _ graph: Graph, _ weights: [String: Tensor], _ input: Tensor, showing names: [String],
        numerics: Numerics, weights type: DenseWeights
    ) throws -> (values: [String: Tensor], absorbed: Set<String>) {
        var graph = graph
        graph.outputs += names.filter { $0 != graph.outputs[0].name }.map {
            ValueDeclaration(name: $0, elementType: .float32, shape: nil)
        }
        let inputs = [graph.inputs[0].name: input]
        let pool = WorkPool(threadCount: 2)
        let plan = try Plan(
            graph: graph, weights: weights, inputShapes: inputs.mapValues(\.shape),
            kernels: kernelSets[0], pool: pool, numerics: numerics, denseWeights: type,
            keepsPreparedWeights: false)
        var session = try Session(plan, pool: pool)
        return (try session.run(inputs), plan.absorbedValues)
    }

    @Test(
        arguments: RecordedNetwork.all.filter { !$0.file.contains("dynamo") },
        [(Numerics.fast, DenseWeights.f32), (.strict, .f32), (.fast, .bf16)])
    func `showing activations changes no bit of a network`(
        _ network: RecordedNetwork, _ arithmetic: (Numerics, DenseWeights)
    ) throws {
        let checkpoint = try network.checkpoint()
        let (graph, weights) = try #require(checkpoint.graph).folded(
            constants: Dictionary(
                uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) }))
        let input = try network.input()
        func run(_ names: [String]) throws -> (values: [String: Tensor], absorbed: Set<String>) {
            try self.run(
                graph, weights, input, showing: names, numerics: arithmetic.0,
                weights: arithmetic.1)
        }
        let (plain, absorbed) = try run([])
        #expect(absorbed.count == graph.nodes.count { $0.op is BatchNormalization })
        let names = graph.nodes.flatMap(\.outputs).filter { !absorbed.contains($0) }
        let (shown, still) = try run(names)
        #expect(still == absorbed)
        #expect(shown.count == names.count)
        for (name, output) in plain {
            #expect(shown[name]?.isBitEqual(to: output) == true, "\(name)")
        }
        // One activation alone leaves the others fused as they were.
        for name in names.indices.filter({ $0 % 5 == 1 }).map({ names[$0] }) {
            let alone = try #require(run([name]).values[name])
            #expect(shown[name]?.isBitEqual(to: alone) == true, "\(name)")
        }
    }

    @Test func `a convolution that is shown before its normalisation is not absorbed`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        builder.outputs(builder.normalization("bn", conv, channels: 4))
        let inputs = ["x": picture([1, 6, 5, 5])]
        let pool = WorkPool(threadCount: 1)
        #expect(try builder.plan(inputs, pool: pool).absorbedValues == ["conv"])
        builder.outputs(conv)
        #expect(try builder.plan(inputs, pool: pool).absorbedValues.isEmpty)
    }
}
