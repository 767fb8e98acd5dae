package import Tensors

/// y[n,c,o] = max over k of x[n, c, o·s − b + k·d]; padding never wins, NaN does.
///
/// Input: x [N, C, spatial…]. Outputs: y [N, C, …] and, int64 of y's shape, where in x the largest
/// elements are: indices into all of x, −1 where a window lies in padding alone. The first of equal
/// elements counts. In a plane the last axis runs fastest, or the first with `countsByColumn`.
///
/// Source: ONNX operator MaxPool.
package struct MaxPool: Operator {
    package static let type = "MaxPool"

    package var window: SpatialWindow
    /// ONNX's `storage_order`, which concerns the second output alone.
    package var countsByColumn: Bool

    package init(window: SpatialWindow, countsByColumn: Bool = false) {
        self.window = window
        self.countsByColumn = countsByColumn
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        window = try .pool(from: &reader)
        countsByColumn = try reader.flag("storage_order", default: false)
    }

    package func encode(to writer: inout AttributeWriter) {
        window.encode(to: &writer)
        if countsByColumn { writer.write("storage_order", 1) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let pooled = try window.poolType(try inputs.numeric(0))
        return [pooled, ValueInfo(elementType: .int64, shape: pooled.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let pooled = try window.pooled(input) { cells, _ in
            cells.reduce(-.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
        }
        return [pooled, try indices(input)]
    }

    /// The second output.
    private func indices(_ input: Tensor) throws(OperatorError) -> Tensor {
        let sizes = Array(input.shape.dropFirst(2))
        let axes = try window.axes(input: sizes)
        let x = input.doubles()
        let plane = sizes.reduce(1, *)
        let outputs = axes.map(\.output)
        let positions = outputs.reduce(1, *)
        let planes = input.shape[0] * input.shape[1]
        let taps = WindowTaps(axes)
        var found = [Int64](repeating: -1, count: planes * positions)
        for position in 0..<positions {
            let cells = taps.cells(at: position).map(\.index)
            for start in 0..<planes {
                var largest: Int?
                for cell in cells {
                    let value = x[start * plane + cell]
                    guard let best = largest.map({ x[start * plane + $0] }) else {
                        largest = cell
                        continue
                    }
                    if value > best || value.isNaN { largest = cell }
                }
                guard let largest else { continue }
                found[start * positions + position] = Int64(
                    start * plane + (countsByColumn ? byColumn(largest, sizes) : largest))
            }
        }
        return Tensor(found, shape: Array(input.shape.prefix(2)) + outputs)
    }

    /// The index of a cell when the first axis runs fastest.
    private func byColumn(_ cell: Int, _ sizes: [Int]) -> Int {
        var rest = cell
        var stride = sizes.reduce(1, *)
        var index = 0
        for size in sizes.reversed() {
            stride /= size
            index += rest % size * stride
            rest /= size
        }
        return index
    }
}
