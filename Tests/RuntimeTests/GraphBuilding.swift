import IR
import KernelInterface
import Parity
import Runtime
import Tensors
import Testing

/// A small graph, built node by node.
struct GraphBuilder {
    var graph = Graph(name: "test", inputs: [], outputs: [], nodes: [])
    var weights: [String: Tensor] = [:]

    /// Declares an input of any shape.
    mutating func input(_ name: String, _ elementType: ElementType = .float32) -> String {
        graph.inputs.append(
            ValueDeclaration(name: name, elementType: elementType, shape: nil))
        return name
    }

    /// Appends a node; its output has the node's name.
    @discardableResult
    mutating func node(_ name: String, _ op: any Operator, _ inputs: String...) -> String {
        graph.nodes.append(Node(name: name, op: op, inputs: inputs, outputs: [name]))
        return name
    }

    mutating func constant(_ name: String, _ tensor: Tensor) -> String {
        weights[name] = tensor
        return name
    }

    /// A constant of seeded floats.
    mutating func constant(_ name: String, _ shape: [Int], seed: Int = 1) -> String {
        constant(
            name, Tensor(randomFloats(shape.reduce(1, *), seed: seed + name.count), shape: shape))
    }

    mutating func outputs(_ names: String..., elementType: ElementType = .float32) {
        graph.outputs += names.map {
            ValueDeclaration(name: $0, elementType: elementType, shape: nil)
        }
    }

    /// A convolution with seeded weights.
    mutating func conv(
        _ name: String, _ input: String, from channels: Int, to outputs: Int, kernel: Int = 3,
        window: SpatialWindow = SpatialWindow(pads: [1, 1, 1, 1]), group: Int = 1
    ) -> String {
        let weight = constant("\(name).w", [outputs, channels / group, kernel, kernel])
        let bias = constant("\(name).b", [outputs])
        return node(name, Conv(window: window, group: group), input, weight, bias)
    }

    /// A normalisation with seeded statistics, some factors negative, some variances tiny.
    mutating func normalization(_ name: String, _ input: String, channels: Int) -> String {
        let variances = randomFloats(channels, seed: 9).enumerated().map { index, value in
            index % 3 == 0 ? 1e-4 : value.magnitude + 0.1
        }
        return node(
            name, BatchNormalization(), input, constant("\(name).scale", [channels]),
            constant("\(name).bias", [channels], seed: 2),
            constant("\(name).mean", [channels], seed: 3),
            constant("\(name).var", Tensor(variances)))
    }
}

extension Tolerance {
    /// What separates the engine from the plain float64 evaluation.
    static let float32Sums = Tolerance(
        relative: 1e-5, absoluteOfMaximum: 2e-6,
        reason: "a few layers of float32 sums of at most 1,000 terms against float64; a wrong "
            + "element, order or coefficient differs in the first digits")
}

/// Seeded input for a graph.
func picture(_ shape: [Int], seed: Int = 11) -> Tensor {
    Tensor(randomFloats(shape.reduce(1, *), seed: seed), shape: shape)
}

extension GraphBuilder {
    func plan(
        _ inputs: [String: Tensor], on kernels: KernelSet? = nil, pool: WorkPool
    ) throws -> Plan {
        try Plan(
            graph: graph, weights: weights, inputShapes: inputs.mapValues(\.shape),
            kernels: kernels ?? kernelSets[0], pool: pool)
    }

    /// Operations of the plan's steps, changes of layout left out.
    func operations(_ inputs: [String: Tensor]) throws -> [String] {
        try plan(inputs, pool: WorkPool(threadCount: 1)).summary.map(\.operation)
            .filter { $0 != "Layout" }
    }

    /// Runs the graph on every kernel set with 1 and 2 threads, twice each, and checks that the
    /// outputs are those of the plain evaluation and always the same bits.
    ///
    /// - Parameter allowingNothing: whether NaN and infinities may be expected, as the mean and
    ///   maximum of windows without a cell are.
    @discardableResult
    func check(
        _ inputs: [String: Tensor], within tolerance: Tolerance = .float32Sums,
        allowingNothing: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Tensor] {
        let truth = try graph.evaluate(inputs, constants: weights)
        var first: [Tensor]?
        for threads in [1, 2] {
            let pool = WorkPool(threadCount: threads)
            for kernels in kernelSets {
                var session = try Session(plan(inputs, on: kernels, pool: pool), pool: pool)
                for _ in 0..<2 {
                    let results = try session.run(inputs)
                    let found = try graph.outputs.map { try #require(results[$0.name]) }
                    let reference = first ?? found
                    first = reference
                    #expect(
                        found.elementsEqual(reference) { $0.isBitEqual(to: $1) },
                        "\(kernels.name), \(threads) threads", sourceLocation: sourceLocation)
                }
            }
        }
        for (output, found) in zip(graph.outputs, first ?? []) {
            let expected = try #require(truth[output.name])
            expectClose(
                found, expected, tolerance, output.name, allowingNothing: allowingNothing,
                sourceLocation: sourceLocation)
        }
        return first ?? []
    }
}

func expectClose(
    _ found: Tensor, _ expected: Tensor, _ tolerance: Tolerance, _ context: String,
    allowingNothing: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.shape == expected.shape, "\(context)", sourceLocation: sourceLocation)
    let references = expected.doubles()
    let maximum = references.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
    let wrong = zip(found.doubles(), references).filter { value, reference in
        if allowingNothing, !reference.isFinite {
            return reference.isNaN ? !value.isNaN : value != reference
        }
        return !tolerance.admits(value, reference: reference, maximum: maximum)
    }
    #expect(
        wrong.isEmpty,
        "\(context): \(wrong.count) of \(references.count), \(wrong.first ?? (0, 0))",
        sourceLocation: sourceLocation)
}
