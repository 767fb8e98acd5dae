import IR
import KernelInterface
import Tensors

/// Turns a graph into steps, node by node.
struct Planner {
    let graph: Graph
    let weights: [String: Tensor]
    let types: [String: ValueInfo]
    let kernels: KernelSet
    let pool: WorkPool
    let numerics: Numerics
    let denseWeights: DenseWeights
    /// The threads that rearrange convolutions' weights now; nil where they do when a step runs.
    let preparingPool: WorkPool?

    private(set) var steps: [any Step] = []
    private(set) var buffers: [Buffer] = []
    private(set) var graphInputs: [(name: String, value: Value)] = []
    private(set) var graphOutputs: [(name: String, source: Operand)] = []
    private(set) var zeroCount = 0
    private(set) var scratchByteCount = 0
    private(set) var absorbedValues: Set<String> = []
    var preparedByteCount = 0
    /// Why a lowering that has begun cannot be finished.
    var failure: PlanError?

    private var values: [String: [Layout: Value]] = [:]
    /// What values of another shape are the bytes of, while no one has read them.
    private var reshaped: [String: String] = [:]
    /// Nodes that read each value, by index.
    private var readers: [String: [Int]] = [:]
    /// Nodes that an earlier node's step computes as well.
    private var fused: Set<Int> = []

    init(
        graph: Graph, weights: [String: Tensor], inputShapes: [String: [Int]],
        kernels: KernelSet, pool: WorkPool, numerics: Numerics, denseWeights: DenseWeights,
        keepsPreparedWeights: Bool
    ) throws(PlanError) {
        do {
            (self.graph, self.weights) = graph.folded(
                constants: weights, inputShapes: inputShapes)
            types = try self.graph.inferTypes(inputShapes: inputShapes, constants: self.weights)
        } catch {
            throw .graph(error)
        }
        self.kernels = kernels
        self.pool = pool
        self.numerics = numerics
        self.denseWeights = denseWeights
        preparingPool = keepsPreparedWeights ? pool : nil
        try checkSizes()
        for (index, node) in self.graph.nodes.enumerated() {
            for input in Set(node.inputs) { readers[input, default: []].append(index) }
        }
        for input in self.graph.inputs {
            let value = define(input.name, .rowMajor)
            buffers[value.buffer].firstStep = -1
            graphInputs.append((input.name, value))
        }
    }

    /// Checks that each activation alone is within the limit, before anything is computed with
    /// its size.
    private func checkSizes() throws(PlanError) {
        for type in types.values where type.constant == nil {
            let bytes = Tensor.byteCount(of: type.shape, type.elementType) ?? .max
            guard bytes <= Plan.arenaLimit else {
                throw .tooLarge(bytes: bytes, limit: Plan.arenaLimit)
            }
        }
    }

    mutating func lowerAll() throws(PlanError) {
        for (index, node) in graph.nodes.enumerated() where !fused.contains(index) {
            if let lowerable = node.op as? any Lowerable, lowerable.lower(node, in: &self) {
                if let failure { throw failure }
                continue
            }
            evaluatePlainly(node)
        }
        for output in graph.outputs {
            let source = operand(output.name)
            if case .value(let value) = source { buffers[value.buffer].lastStep = .max }
            graphOutputs.append((output.name, source))
        }
    }

    /// The type of a value, which inference has found.
    func type(of name: String) -> ValueInfo {
        guard let type = types[name] else {
            preconditionFailure("value '\(name)' has no type after inference")
        }
        return type
    }

    /// Whether a lowering may treat `name` as a float32 activation with elements.
    func isActivation(_ name: String) -> Bool {
        guard let type = types[name], weights[name] == nil else { return false }
        return type.elementType == .float32 && !type.shape.contains(0)
    }

    /// The constant called `name` as float32 numbers' tensor; nil when it is no constant.
    func floatConstant(_ name: String) -> Tensor? {
        guard let tensor = weights[name], tensor.elementType.isFloatingPoint else { return nil }
        return tensor.converted(to: .float32)
    }

    /// The value `name` in `layout`, converted by a step of its own where it is not there yet.
    mutating func value(_ name: String, in layout: Layout) -> Value {
        if let value = values[name]?[layout] { return value }
        if let original = reshaped.removeValue(forKey: name) {
            alias(name, to: value(original, in: .rowMajor))
            return value(name, in: layout)
        }
        guard let source = values[name]?.values.first else {
            preconditionFailure("value '\(name)' is read before it is computed")
        }
        if sameBytes(source.shape) {
            var alias = source
            alias.layout = layout
            values[name]?[layout] = alias
            return alias
        }
        let target = define(name, layout)
        append(LayoutStep(name: name, source: source, target: target), reading: [source], [target])
        return target
    }

    /// Whether both layouts of an NCHW shape are the same bytes.
    private func sameBytes(_ shape: [Int]) -> Bool {
        shape.count == 4 && (shape[1] == 1 || shape[2] * shape[3] == 1)
    }

    /// A layout in which `name` is at hand already.
    func availableLayout(_ name: String) -> Layout {
        values[name]?[.channelsLast] != nil ? .channelsLast : .rowMajor
    }

    /// A new buffer for `name`.
    mutating func define(_ name: String, _ layout: Layout) -> Value {
        let type = type(of: name)
        let value = newValue(type.elementType, type.shape, layout)
        values[name, default: [:]][layout] = value
        return value
    }

    /// A buffer no name of the graph stands for.
    mutating func newValue(
        _ elementType: ElementType, _ shape: [Int], _ layout: Layout
    ) -> Value {
        let value = Value(
            buffer: buffers.count, elementType: elementType, shape: shape, layout: layout)
        buffers.append(
            Buffer(byteCount: value.byteCount, firstStep: steps.count, lastStep: steps.count))
        return value
    }

    /// Lets `name` be the bytes of `original` in row-major order, once it is read.
    mutating func reshape(_ original: String, as name: String) {
        reshaped[name] = original
    }

    /// The channels-last picture [N, C, H, W] that `name` is the flattening of to [N, C·H·W], when
    /// it is at hand in no other order.
    func flattenedPicture(_ name: String) -> Value? {
        guard values[name] == nil, let original = reshaped[name],
            let picture = values[original]?[.channelsLast], values[original]?[.rowMajor] == nil,
            type(of: name).shape == [picture.shape[0], picture.shape[1...].reduce(1, *)]
        else { return nil }
        return picture
    }

    /// Lets `name` be the bytes of `value` under the shape inferred for it.
    private mutating func alias(_ name: String, to value: Value) {
        var alias = value
        alias.shape = type(of: name).shape
        values[name, default: [:]][value.layout] = alias
    }

    mutating func append(_ step: any Step, reading: [Value], _ written: [Value]) {
        for value in reading + written {
            buffers[value.buffer].firstStep = min(buffers[value.buffer].firstStep, steps.count)
            buffers[value.buffer].lastStep = max(buffers[value.buffer].lastStep, steps.count)
        }
        steps.append(step)
    }

    /// Appends a step whose weights are rearranged already, or else whenever it runs: by `prepared`.
    mutating func append(
        _ step: some Step, reading: [Value], _ written: [Value],
        prepared: @escaping @Sendable (WorkPool) -> any Step
    ) {
        if preparingPool == nil {
            append(
                StepPreparedWhenRun(summary: step.summary, prepared: prepared), reading: reading,
                written)
        } else {
            preparedByteCount += step.summary.weightBytes
            append(step, reading: reading, written)
        }
    }

    mutating func requireZeros(_ count: Int) { zeroCount = max(zeroCount, count) }

    mutating func requireScratch(bytes: Int) { scratchByteCount = max(scratchByteCount, bytes) }

    /// Whether anything needs an output of `node` behind the first.
    func readsFurtherOutputs(of node: Node) -> Bool {
        node.outputs.dropFirst().contains { name in
            readers[name] != nil || graph.outputs.contains { $0.name == name }
        }
    }

    /// The only node that reads `name`, when no one else needs the value.
    func soleReader(of name: String) -> (index: Int, node: Node)? {
        guard let indices = readers[name], indices.count == 1, let index = indices.first,
            !graph.outputs.contains(where: { $0.name == name })
        else { return nil }
        return (index, graph.nodes[index])
    }

    /// Marks a value as one that changed weights pass over.
    mutating func absorb(_ name: String) { absorbedValues.insert(name) }

    /// Marks a node as computed by the step of a node before it.
    mutating func fuse(_ index: Int) { fused.insert(index) }

    private mutating func operand(_ name: String) -> Operand {
        if let constant = weights[name] { return .constant(constant) }
        return .value(value(name, in: .rowMajor))
    }

    /// The fallback: the operator's own meaning, slow and never wrong.
    private mutating func evaluatePlainly(_ node: Node) {
        let inputs = node.inputs.map { $0.isEmpty ? nil : operand($0) }
        // Optional outputs that no operator of Ferry computes have no type, and no reader either.
        let outputs = node.outputs.map { types[$0] == nil ? nil : define($0, .rowMajor) }
        let read = inputs.compactMap { input -> Value? in
            if case .value(let value) = input { value } else { nil }
        }
        append(
            EvaluateStep(node: node, inputs: inputs, outputs: outputs), reading: read,
            outputs.compactMap(\.self))
    }
}

/// An operator that has kernels. Conforming is all the registration there is.
protocol Lowerable {
    /// Appends steps that compute `node`, or returns false, having appended none.
    func lower(_ node: Node, in planner: inout Planner) -> Bool
}
