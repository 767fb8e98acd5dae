import IR
import Tensors

/// Arithmetic with one number a channel, one operator behind the other, which comes to
/// y = scale·x + shift: how exporters write a normalisation whose statistics they have worked in.
private struct ChannelArithmetic {
    let input: String
    let channels: Int
    let elementType: ElementType
    var nodes: [Int] = []
    /// The constants in the nodes' order.
    var constants: [String] = []
    var scale: [Double]
    var shift: [Double]
    var hasProduct = false
    var hasSum = false

    init(_ input: String, channels: Int, _ elementType: ElementType) {
        (self.input, self.channels, self.elementType) = (input, channels, elementType)
        scale = [Double](repeating: 1, count: channels)
        shift = [Double](repeating: 0, count: channels)
    }

    mutating func multiply(by factors: [Double]) {
        for index in factors.indices {
            scale[index] *= factors[index]
            shift[index] *= factors[index]
        }
        hasProduct = true
    }

    mutating func add(_ numbers: [Double]) {
        for index in numbers.indices { shift[index] += numbers[index] }
        hasSum = true
    }
}

extension GraphRewriter {
    /// Products and sums with one number a channel behind a layer with weights are a normalisation
    /// whose variance and mean are in its scale and shift.
    mutating func joinScalesAndShifts() {
        let readers = readers()
        let values = valuesBehindLayers()
        var uses = uses()
        var joined: Set<Int> = []
        for index in graph.nodes.indices where !joined.contains(index) {
            guard let found = arithmetic(from: index, values, readers), found.hasProduct,
                found.hasSum, let last = found.nodes.last
            else { continue }
            let name = graph.nodes[index].name
            graph.nodes[last] = Node(
                name: name, op: BatchNormalization(epsilon: Self.epsilon),
                inputs: [found.input] + parameters(found, name, &uses),
                outputs: graph.nodes[last].outputs)
            found.nodes.dropLast().forEach { remove($0) }
            joined.formUnion(found.nodes)
        }
        compact()
    }

    /// The names of scale, shift, mean and variance.
    private mutating func parameters(
        _ found: ChannelArithmetic, _ name: String, _ uses: inout [String: Int]
    ) -> [String] {
        let (channels, type) = (found.channels, found.elementType)
        var names: [String] = []
        if found.nodes.count == 2, graph.nodes[found.nodes[0]].op is Mul,
            graph.nodes[found.nodes[1]].op is Add
        {
            names = found.constants.map { constant in
                replace(constant, uses: &uses, suffix: "_vector") { $0.reshaped([channels]) }
            }
        } else {
            for (part, numbers) in [("scale", found.scale), ("shift", found.shift)] {
                let made = constant(0, "\(name)_\(part)", channels, type)
                weights[made] = Tensor(rounding: numbers, to: type, shape: [channels])
                names.append(made)
            }
        }
        names.append(constant(0, "\(name)_mean", channels, type))
        names.append(constant(Self.absorbedVariance, "\(name)_variance", channels, type))
        return names
    }

    /// The longest chain of arithmetic with one number a channel that begins at a node.
    private func arithmetic(
        from index: Int, _ values: Set<String>, _ readers: [String: [Int]]
    ) -> ChannelArithmetic? {
        let inputs = graph.nodes[index].inputs
        guard let input = inputs.first(where: values.contains), let type = types[input],
            type.elementType.isFloatingPoint, type.shape.count > 1
        else { return nil }
        var found = ChannelArithmetic(input, channels: type.shape[1], type.elementType)
        var (next, value) = (index, input)
        while append(next, reading: value, type.shape, to: &found) {
            value = graph.nodes[next].outputs[0]
            guard !isOutput(value), let reader = readers[value], reader.count == 1 else { break }
            next = reader[0]
        }
        return found.nodes.isEmpty ? nil : found
    }

    private func append(
        _ index: Int, reading value: String, _ shape: [Int], to found: inout ChannelArithmetic
    ) -> Bool {
        let node = graph.nodes[index]
        guard let op = node.op as? any BinaryOperator, op.legacyAxis == nil,
            let other = node.inputs.first(where: { $0 != value }), let constant = weights[other],
            constant.elementType == found.elementType,
            Self.isByChannel(constant, shape.count, found.channels)
        else { return false }
        let numbers = constant.doubles()
        let isFirst = node.inputs.first == value
        switch node.op {
        case is Mul: found.multiply(by: numbers)
        case is Div where isFirst: found.multiply(by: numbers.map { 1 / $0 })
        case is Add: found.add(numbers)
        case is Sub where isFirst: found.add(numbers.map { -$0 })
        default: return false
        }
        found.nodes.append(index)
        found.constants.append(other)
        return true
    }

    /// The values that a convolution or a dense layer has a part in.
    private func valuesBehindLayers() -> Set<String> {
        graph.nodes.reduce(into: []) { found, node in
            let isLayer = node.op is Conv || node.op is Gemm || node.op is MatMul
            if isLayer || node.inputs.contains(where: found.contains) {
                found.formUnion(node.outputs)
            }
        }
    }
}
