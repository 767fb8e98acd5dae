import IR
import Tensors

/// Exporters of channels-last layers turn pictures to NCHW before every convolution and pool, and back
/// behind it; what stands between reads channels last. Here it is made to read NCHW.
extension GraphRewriter {
    private static let toNCHW = [0, 3, 1, 2]
    private static let toNHWC = [0, 2, 3, 1]

    /// Moves turnings to channels-last behind operators that can do without, where those that turn
    /// pictures back undo them. A picture that comes as NHWC and is turned before anything needs that
    /// order becomes an NCHW input.
    ///
    /// - Returns: the layout in which the file takes its input.
    mutating func settleLayout() -> Layout {
        var turned = self
        if turned.turnInput() {
            self = turned
            return .nhwc
        }
        sinkTransposes()
        return .nchw
    }

    /// Takes the picture as NCHW; false, and no use any more, where nothing shows that it comes as NHWC.
    private mutating func turnInput() -> Bool {
        guard graph.inputs.count == 1, let input = graph.inputs.first, !isOutput(input.name),
            let shape = input.shape, shape.count == 4
        else { return false }
        let picture = fresh("\(input.name)/nhwc")
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map {
                $0 == input.name ? picture : $0
            }
        }
        graph.nodes.insert(
            Node(
                name: picture, op: Transpose(permutation: Self.toNHWC), inputs: [input.name],
                outputs: [picture]), at: 0)
        graph.inputs[0].shape = Self.toNCHW.map { shape[$0] }
        types[picture] = types[input.name]
        types[input.name] = Self.firstChannels(types[picture])
        let isUndone = sinkTransposes(of: input.name)
        return isUndone && !graph.nodes.contains { $0.outputs == [picture] }
    }

    /// - Returns: whether one of `picture`'s was undone.
    @discardableResult
    private mutating func sinkTransposes(of picture: String? = nil) -> Bool {
        var uses = uses()
        var sources: [String: ChannelsFirst] = [:]
        var renamed: [String: String] = [:]
        var nodes: [Node] = []
        var isUndone = false
        for var node in graph.nodes {
            node.inputs = node.inputs.map { renamed[$0] ?? $0 }
            guard let input = node.inputs.first, let output = node.outputs.first else {
                nodes.append(node)
                continue
            }
            if let axes = (node.op as? Transpose)?.permutation {
                if axes == Self.toNCHW, let source = sources[input], !isOutput(output) {
                    renamed[output] = source.name
                    isUndone = isUndone || source.isPicture
                    continue
                }
                if axes == Self.toNHWC {
                    sources[output] = ChannelsFirst(name: input, isPicture: input == picture)
                }
                nodes.append(node)
            } else if let moved = onChannelsFirst(node, sources, &uses) {
                nodes.append(moved.node)
                guard let result = moved.result else { continue }
                sources[output] = result
                nodes.append(
                    Node(
                        name: output, op: Transpose(permutation: Self.toNHWC),
                        inputs: [result.name], outputs: [output]))
            } else {
                nodes.append(node)
            }
        }
        graph.nodes = nodes
        compact()
        return isUndone
    }

    /// A value in NCHW order that another is the turning of.
    private struct ChannelsFirst {
        var name: String
        /// Whether it is the picture that the network is given, or made of it alone.
        var isPicture: Bool
    }

    /// The same operator on values in NCHW order; nil where one of them is not at hand.
    ///
    /// - Returns: the node, and its result where that is to be turned.
    private mutating func onChannelsFirst(
        _ node: Node, _ sources: [String: ChannelsFirst], _ uses: inout [String: Int]
    ) -> (node: Node, result: ChannelsFirst?)? {
        let values = node.inputs.filter { !$0.isEmpty && weights[$0] == nil }
        let found = values.compactMap { sources[$0] }
        guard !values.isEmpty, found.count == values.count, node.outputs.count == 1,
            var moved = turned(node, &uses)
        else { return nil }
        moved.inputs = moved.inputs.map { sources[$0]?.name ?? $0 }
        if let op = moved.op as? any ReductionOperator, !op.reduction.keepsDimensions {
            return (moved, nil)
        }
        let output = node.outputs[0]
        let name = fresh("\(output)/nchw")
        moved.outputs = [name]
        types[name] = Self.firstChannels(types[output])
        return (moved, ChannelsFirst(name: name, isPicture: found.allSatisfy(\.isPicture)))
    }

    /// The node with its axes and constants in NCHW order; nil where that changes what it does.
    private mutating func turned(_ node: Node, _ uses: inout [String: Int]) -> Node? {
        var node = node
        switch node.op {
        case is any ElementwiseOperator, is Clip, is Cast: return node
        case let op as any BinaryOperator:
            return op.legacyAxis == nil ? withTurnedConstants(node, &uses) : nil
        case is any VariadicOperator: return withTurnedConstants(node, &uses)
        case is Pad:
            guard (2...3).contains(node.inputs.count),
                let pads = weights[node.inputs[1]]?.integers(), pads.count == 8
            else { return nil }
            let sizes = (Self.toNCHW + Self.toNCHW.map { $0 + 4 }).map { pads[$0] }
            node.inputs[1] = replace(node.inputs[1], uses: &uses, suffix: "_nchw") { _ in
                Tensor(sizes)
            }
            return node
        case let concat as Concat where (-4..<4).contains(concat.axis):
            guard node.inputs.allSatisfy({ weights[$0] == nil }) else { return nil }
            node.op = Concat(axis: Self.toNHWC[(concat.axis + 4) % 4])
            return node
        case let op as any ReductionOperator: return reduced(node, op)
        default: return nil
        }
    }

    private mutating func withTurnedConstants(
        _ node: Node, _ uses: inout [String: Int]
    ) -> Node? {
        var node = node
        let constants = node.inputs.indices.filter { index in
            weights[node.inputs[index]].map { $0.elementCount != 1 } ?? false
        }
        guard constants.allSatisfy({ (weights[node.inputs[$0]]?.rank ?? 5) <= 4 }) else {
            return nil
        }
        for index in constants {
            node.inputs[index] = replace(node.inputs[index], uses: &uses, suffix: "_nchw") {
                let ones = [Int](repeating: 1, count: 4 - $0.rank)
                return $0.reshaped(ones + $0.shape).permuted(Self.toNCHW)
            }
        }
        return node
    }

    /// Axes that are gone must leave the others in their order.
    private func reduced(_ node: Node, _ op: some ReductionOperator) -> Node? {
        guard node.inputs.count == 1, let axes = op.reduction.axes,
            axes.allSatisfy({ (-4..<4).contains($0) })
        else { return nil }
        var reduction = op.reduction
        let places = Set(axes.map { ($0 + 4) % 4 })
        guard places.count == axes.count else { return nil }
        let kept = (0..<4).filter { !places.contains($0) }.map { Self.toNHWC[$0] }
        guard reduction.keepsDimensions || kept == kept.sorted() else { return nil }
        reduction.axes = places.map { Self.toNHWC[$0] }.sorted()
        var node = node
        node.op = type(of: op).init(reduction)
        return node
    }

    private static func firstChannels(_ type: ValueInfo?) -> ValueInfo? {
        guard let type, type.shape.count == 4 else { return nil }
        return ValueInfo(elementType: type.elementType, shape: toNCHW.map { type.shape[$0] })
    }

    func fresh(_ wish: String) -> String {
        var name = wish
        while types[name] != nil || weights[name] != nil { name += "_" }
        return name
    }
}
