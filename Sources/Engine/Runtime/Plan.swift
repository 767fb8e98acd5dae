package import IR
package import KernelInterface
package import Tensors

/// A graph lowered onto kernels for given input shapes: immutable, and shared by any number of
/// sessions.
package struct Plan: Sendable {
    let steps: [any Step]
    let inputs: [(name: String, value: Value)]
    let outputs: [(name: String, source: Operand)]
    let offsets: [Int]
    let kernels: KernelSet
    /// Numbers of zeros some step reads in place of padding.
    let zeroCount: Int
    /// Bytes each thread computes in.
    package let scratchByteCount: Int
    /// Bytes of activations that are alive during each step.
    package let liveByteCounts: [Int]

    /// Bytes of memory all activations need together.
    package let arenaByteCount: Int
    /// Bytes of weights rearranged for the kernels, beyond those used straight from the file.
    package let preparedByteCount: Int
    /// Values that no step computes, as a normalisation behind them is folded into the weights
    /// before them. Were one an output, everything behind it would have other last bits.
    package let absorbedValues: Set<String>

    /// One line a step: what it computes, how, and its work for one run.
    package var summary: [StepSummary] { steps.map(\.summary) }

    /// Plans `graph` for inputs of the given shapes.
    ///
    /// - Parameters:
    ///   - weights: constant tensors by the names the graph reads.
    ///   - kernels: the kernel set to lower onto.
    ///   - pool: threads that prepare the weights.
    ///   - numerics: which algorithms are allowed.
    ///   - denseWeights: how dense layers' weights are kept.
    ///   - keepsPreparedWeights: whether convolutions' weights are rearranged once and kept, or
    ///     anew by each layer of each run, so that no more than one layer's take memory.
    /// - Throws: `PlanError` when the graph refuses the shapes or activations exceed the limit.
    package init(
        graph: Graph, weights: [String: Tensor], inputShapes: [String: [Int]],
        kernels: KernelSet, pool: WorkPool, numerics: Numerics = .fast,
        denseWeights: DenseWeights = .f32, keepsPreparedWeights: Bool = true
    ) throws(PlanError) {
        var planner = try Planner(
            graph: graph, weights: weights, inputShapes: inputShapes, kernels: kernels, pool: pool,
            numerics: numerics, denseWeights: denseWeights,
            keepsPreparedWeights: keepsPreparedWeights)
        try planner.lowerAll()
        let (offsets, byteCount) = placeBuffers(planner.buffers)
        guard byteCount <= Plan.arenaLimit else {
            throw .tooLarge(bytes: byteCount, limit: Plan.arenaLimit)
        }
        steps = planner.steps
        inputs = planner.graphInputs
        outputs = planner.graphOutputs
        self.offsets = offsets
        arenaByteCount = byteCount
        self.kernels = kernels
        zeroCount = planner.zeroCount
        scratchByteCount = planner.scratchByteCount
        liveByteCounts = liveBytes(of: planner.buffers, steps: planner.steps.count)
        preparedByteCount = planner.preparedByteCount
        absorbedValues = planner.absorbedValues
    }

    /// Activations of more than 16 GiB are taken for a mistake or an attack.
    static let arenaLimit = 16 << 30
}

/// Which algorithms a plan may use. Either gives the same bits on every kernel set and any number
/// of threads.
package enum Numerics: String, CaseIterable, Sendable {
    /// Winograd's filtering too, whose errors are up to twice those of direct sums.
    case fast
    /// Direct sums only.
    case strict
}

/// How the weights of dense layers are kept in memory. Arithmetic is float32 with either.
package enum DenseWeights: String, CaseIterable, Sendable {
    /// As in the file.
    case f32
    /// Rounded to IEEE 754 binary16: 11 bits of significand, at most 65,504.
    case f16
    /// Rounded to bfloat16: 8 bits of significand, the exponents of float32.
    case bf16
}

/// Why a graph cannot be planned.
package enum PlanError: Error, Equatable, Sendable, CustomStringConvertible {
    case graph(GraphError)
    case tooLarge(bytes: Int, limit: Int)
    /// A finite weight that 16 bits make infinite.
    case weightOverflow(tensor: String, element: Int, value: Float, DenseWeights)

    package var description: String {
        switch self {
        case .graph(let error): "\(error)"
        case .tooLarge(let bytes, let limit):
            "activations: expected at most \(limit >> 20) MiB, found \(bytes >> 20) MiB; "
                + "give a smaller batch or picture"
        case .weightOverflow(let tensor, let element, let value, let type):
            "tensor '\(tensor)': element \(element): expected a number within the range of "
                + "\(type), found \(value); use other --weights"
        }
    }
}

/// One step of a plan.
protocol Step: Sendable {
    var summary: StepSummary { get }

    /// Computes the step's outputs from its inputs, in the session's memory.
    func run(_ memory: Memory) throws(GraphError)
}

/// A step whose weights are rearranged when it runs, and dropped behind it.
struct StepPreparedWhenRun: Step {
    let summary: StepSummary
    let prepared: @Sendable (WorkPool) -> any Step

    func run(_ memory: Memory) throws(GraphError) {
        try prepared(memory.pool).run(memory)
    }
}

/// What a step does, for people.
package struct StepSummary: Sendable {
    /// The node's name.
    package var name: String
    /// The operator with what is fused into it.
    package var operation: String
    package var algorithm: String
    package var outputShape: [Int]
    /// Multiply-adds of one run.
    package var multiplyAdds: Int
    /// Bytes of weights read in one run.
    package var weightBytes: Int
    package var isConvolution: Bool

    init(
        name: String, operation: String, algorithm: String, outputShape: [Int],
        multiplyAdds: Int = 0, weightBytes: Int = 0, isConvolution: Bool = false
    ) {
        self.name = name
        self.operation = operation
        self.algorithm = algorithm
        self.outputShape = outputShape
        self.multiplyAdds = multiplyAdds
        self.weightBytes = weightBytes
        self.isConvolution = isConvolution
    }
}

/// What a step reads: an activation or a constant.
enum Operand: Sendable {
    case value(Value)
    case constant(Tensor)
}
