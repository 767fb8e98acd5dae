import Tensors

extension Architecture.Parameter {
    /// How many of its numbers training may change: no statistics, no codes, and of a kernel only
    /// those between connected maps.
    package var trainableCount: Int {
        switch (spec, role) {
        case (_, .mean), (_, .variance), (.radialBasis, _): return 0
        case (.conv(_, let conv), .weight):
            guard let table = conv.connections else { break }
            return table.reduce(0) { $0 + $1.count } * conv.kernel * conv.kernel
        default: break
        }
        return shape.reduce(1, *)
    }
}

extension Architecture {
    /// The first number that a kernel holds between maps the architecture does not connect.
    ///
    /// - Parameter weights: the tensor of a name, all of them fitting the architecture.
    func strayConnection(in weights: (String) -> Tensor?) -> TranslationError? {
        for layer in layers {
            guard case .conv(let names, let conv) = layer, let table = conv.connections,
                let kernel = weights("\(names.pytorch).weight"),
                let stray = kernel.firstStray(from: table)
            else { continue }
            return .graphMismatch(
                architecture: name, place: "tensor '\(names.pytorch).weight'",
                expected: "0 from map \(stray.input) to map \(stray.output), "
                    + "which are not connected",
                found: "\(stray.value)")
        }
        return nil
    }
}

extension Tensor {
    /// A kernel [out, in, k, k] with zeros between maps that `table` does not connect.
    func connected(by table: [[Int]]) -> Tensor {
        var values = floats()
        eachCell(outside: table) { index, _, _ in
            values[index] = 0
            return true
        }
        return Tensor(values, shape: shape)
    }

    fileprivate func firstStray(
        from table: [[Int]]
    ) -> (output: Int, input: Int, value: Float)? {
        let values = floats()
        var stray: (output: Int, input: Int, value: Float)?
        eachCell(outside: table) { index, output, input in
            if values[index] != 0 { stray = (output, input, values[index]) }
            return stray == nil
        }
        return stray
    }

    /// Visits the cells between unconnected maps, by their place in memory, until `body` is false.
    private func eachCell(
        outside table: [[Int]], _ body: (_ index: Int, _ output: Int, _ input: Int) -> Bool
    ) {
        let cells = shape.dropFirst(2).reduce(1, *)
        for output in 0..<shape[0] {
            for input in 0..<shape[1] where !table[output].contains(input) {
                let first = (output * shape[1] + input) * cells
                for index in first..<first + cells where !body(index, output, input) { return }
            }
        }
    }
}
