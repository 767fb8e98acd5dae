import IR
import Tensors

extension GraphRewriter {
    /// Brings every dense layer to `Gemm` with [out, in] weights, every flattening to `Flatten`,
    /// channels-last detours to plain NCHW, biases and normalisations to their layers, and drops
    /// what does nothing.
    ///
    /// - Returns: the layout in which the file takes its input.
    mutating func canonicalize() -> Layout {
        alignOperands()
        flattenReshapes()
        bypass { [types, weights] node in Self.isIdentity(node, types, weights) }
        turnReshapes()
        let layout = settleLayout()
        joinPads()
        joinConvAndAdd()
        joinNormalizations()
        joinDenseAndAdd()
        transposeGemmWeights()
        absorbFlattenedTransposes()
        compact()
        return layout
    }

    /// Operands whose first axis lies on a stated one, as before opset 7, get axes of size 1 behind
    /// their own, so that they broadcast by themselves.
    private mutating func alignOperands() {
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            let inputs = node.inputs.map { name in
                weights[name].map { ValueInfo($0) } ?? types[name]
            }
            guard let op = node.op as? any BinaryOperator, op.legacyAxis != nil,
                let form = op.writtenForm(for: inputs)
            else { continue }
            graph.nodes[index].op = form.op
            graph.nodes[index].inputs = Array(node.inputs.prefix(form.inputCount))
            for (place, tensor) in form.replacements.sorted(by: { $0.key < $1.key }) {
                let own = place < node.inputs.count ? node.inputs[place] : ""
                let name = fresh("\(node.outputs.first ?? node.name)_input_\(place)")
                weights[name] = tensor
                sourceNames[name] = sourceNames[own] ?? name
                let missing = max(0, place + 1 - graph.nodes[index].inputs.count)
                graph.nodes[index].inputs += [String](repeating: "", count: missing)
                graph.nodes[index].inputs[place] = name
            }
        }
        compact()
    }

    /// Reshape that keeps the batch and joins all other axes is `Flatten`, whether its shape is a
    /// constant or computed from the input's.
    private mutating func flattenReshapes() {
        for index in graph.nodes.indices where graph.nodes[index].op is Reshape {
            let node = graph.nodes[index]
            guard let input = node.inputs.first, let output = node.outputs.first,
                let from = types[input]?.shape, let to = types[output]?.shape,
                from.count > 2, to.count == 2, from[0] == to[0], weights[input] == nil
            else { continue }
            graph.nodes[index].op = Flatten(axis: 1)
            graph.nodes[index].inputs = [input]
        }
        compact()
    }

    /// Reshape that moves the one channel of a grey picture between first and last place is a
    /// Transpose, which exporters that think in NHWC made it of.
    private mutating func turnReshapes() {
        for index in graph.nodes.indices where graph.nodes[index].op is Reshape {
            let node = graph.nodes[index]
            guard let input = node.inputs.first, let output = node.outputs.first,
                let from = types[input]?.shape, let to = types[output]?.shape,
                from.count == 4, to != from, weights[input] == nil, Self.keepsBatch(node, weights),
                let axes = from[3] == 1 ? [0, 3, 1, 2] : from[1] == 1 ? [0, 2, 3, 1] : nil,
                axes.map({ from[$0] }) == to
            else { continue }
            graph.nodes[index].op = Transpose(permutation: axes)
            graph.nodes[index].inputs = [input]
        }
        compact()
    }

    /// Whether a Reshape leaves the first axis alone at any batch: only that one may be open.
    private static func keepsBatch(_ node: Node, _ weights: [String: Tensor]) -> Bool {
        guard node.inputs.count == 2, let sizes = weights[node.inputs[1]]?.integers() else {
            return false
        }
        return sizes.dropFirst().allSatisfy { $0 > 0 }
    }

    /// Pools over single cells, reshapes to the shape there is, and casts to the type there is.
    private static func isIdentity(
        _ node: Node, _ types: [String: ValueInfo], _ weights: [String: Tensor]
    ) -> Bool {
        switch node.op {
        case let pool as AveragePool:
            return isTrivial(pool.window)
        case let pool as MaxPool:
            return isTrivial(pool.window) && node.outputs.dropFirst().allSatisfy(\.isEmpty)
        case is Cast:
            guard let input = node.inputs.first, let type = types[input]?.elementType,
                let output = node.outputs.first
            else { return false }
            return types[output]?.elementType == type
        case let flatten as Flatten where flatten.axis == 1: break
        case is Reshape: break
        default: return false
        }
        guard let input = node.inputs.first, let output = node.outputs.first,
            let from = types[input]?.shape, let to = types[output]?.shape
        else { return false }
        return from == to && (from.count == 2 || keepsBatch(node, weights))
    }

    private static func isTrivial(_ window: SpatialWindow) -> Bool {
        !window.kernel.isEmpty && window.kernel.allSatisfy { $0 == 1 }
            && window.strides.allSatisfy { $0 == 1 } && window.pads.allSatisfy { $0 == 0 }
    }

    /// MatMul of a matrix with a constant is a Gemm, and the Add of a bias behind it or behind a Gemm
    /// without one is that Gemm's.
    private mutating func joinDenseAndAdd() {
        let readers = readers()
        var uses = uses()
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            guard let op = unbiased(node), let product = node.outputs.first,
                let matrix = weights[node.inputs[1]]
            else { continue }
            let width = matrix.shape[op.transposesB ? 0 : 1]
            var gemm = Node(
                name: node.name, op: op, inputs: Array(node.inputs.prefix(2)),
                outputs: node.outputs)
            if let addition = bias(of: product, width: width, readers) {
                let bias = replace(addition.bias, uses: &uses, suffix: "_vector") {
                    $0.reshaped([width])
                }
                gemm.inputs.append(bias)
                gemm.outputs = graph.nodes[addition.index].outputs
                graph.nodes[addition.index] = gemm
                remove(index)
            } else {
                graph.nodes[index] = gemm
            }
        }
        compact()
    }

    /// The product of a matrix with a constant as a Gemm; nil for another node.
    private func unbiased(_ node: Node) -> Gemm? {
        let isBiased = node.inputs.count == 3 && !node.inputs[2].isEmpty
        guard (2...3).contains(node.inputs.count), !isBiased, weights[node.inputs[0]] == nil,
            shape(of: node.inputs[0])?.count == 2, let matrix = weights[node.inputs[1]],
            matrix.rank == 2, matrix.elementType.isFloatingPoint
        else { return nil }
        if node.op is MatMul { return Gemm() }
        guard var gemm = node.op as? Gemm, !gemm.transposesA else { return nil }
        gemm.beta = 1
        return gemm
    }

    /// The one Add of a constant vector that reads `product`.
    private func bias(
        of product: String, width: Int, _ readers: [String: [Int]]
    ) -> (index: Int, bias: String)? {
        guard let reader = readers[product], reader.count == 1, !isOutput(product),
            graph.nodes[reader[0]].op is Add, graph.nodes[reader[0]].inputs.count == 2
        else { return nil }
        let other = graph.nodes[reader[0]].inputs.first { $0 != product }
        guard let other, let shape = weights[other]?.shape,
            shape == [width] || shape == [1, width]
        else { return nil }
        return (reader[0], other)
    }

    /// Gemm with a constant [in, out] matrix gets an [out, in] one, and a [1, out] bias [out].
    private mutating func transposeGemmWeights() {
        var uses = uses()
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            guard var gemm = node.op as? Gemm, node.inputs.count >= 2, !gemm.transposesA,
                let matrix = weights[node.inputs[1]], matrix.rank == 2
            else { continue }
            var width = matrix.shape[0]
            if !gemm.transposesB {
                width = matrix.shape[1]
                graph.nodes[index].inputs[1] = replace(
                    node.inputs[1], uses: &uses, suffix: "_transposed"
                ) { $0.permuted([1, 0]) }
                gemm.transposesB = true
                graph.nodes[index].op = gemm
            }
            if node.inputs.count == 3, weights[node.inputs[2]]?.shape == [1, width] {
                graph.nodes[index].inputs[2] = replace(
                    node.inputs[2], uses: &uses, suffix: "_vector"
                ) { $0.reshaped([width]) }
            }
        }
    }

    /// A picture turned to NHWC only to be flattened stays NCHW; the dense layer's inputs move.
    private mutating func absorbFlattenedTransposes() {
        let readers = readers()
        var uses = uses()
        var transposes: [String: Int] = [:]
        for (index, node) in graph.nodes.enumerated() {
            guard let transpose = node.op as? Transpose, transpose.permutation == [0, 2, 3, 1],
                let output = node.outputs.first
            else { continue }
            transposes[output] = index
        }
        for index in graph.nodes.indices {
            guard let flatten = graph.nodes[index].op as? Flatten, flatten.axis == 1,
                let turned = graph.nodes[index].inputs.first,
                let flat = graph.nodes[index].outputs.first, !isOutput(flat),
                let place = transposes[turned], let shape = types[turned]?.shape,
                shape.count == 4
            else { continue }
            let dense = readers[flat] ?? []
            guard dense.allSatisfy({ isDense($0, reading: flat) }) else { continue }
            for reader in dense {
                let name = graph.nodes[reader].inputs[1]
                graph.nodes[reader].inputs[1] = replace(name, uses: &uses, suffix: "_chw") {
                    $0.reshaped([$0.shape[0]] + shape.dropFirst()).permuted([0, 3, 1, 2])
                        .reshaped($0.shape)
                }
            }
            graph.nodes[index].inputs = [graph.nodes[place].inputs[0]]
        }
    }

    private func isDense(_ index: Int, reading value: String) -> Bool {
        let node = graph.nodes[index]
        guard let gemm = node.op as? Gemm, !gemm.transposesA, gemm.transposesB else { return false }
        return node.inputs.count >= 2 && node.inputs[0] == value
            && weights[node.inputs[1]] != nil
    }
}
