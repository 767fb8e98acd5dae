import Tensors

/// Columns of float64 numbers that rows of as many are multiplied with:
/// y[r, c] = first[r] + Σ_k rows[r, k] · columns[k, c].
///
/// Products are added one by one in the order of k, multiplication and addition rounded each: the
/// operators' plain loops, eight columns at a time.
@safe
final class Float64Columns {
    /// Numbers a row and a column have.
    let depth: Int
    /// Eight columns side by side, [depth][8], for each panel.
    private let panels: UnsafeMutablePointer<SIMD8<Double>>
    private let panelCount: Int

    static let width = 8
    /// Longer rows are left to plain loops, as a panel would take more than 64 MiB.
    static let depthLimit = 1 << 20

    /// Panels of zeros.
    init(depth: Int, panels count: Int) {
        self.depth = depth
        panelCount = count
        unsafe panels = .allocate(capacity: max(1, count * depth))
        unsafe panels.initialize(repeating: .zero, count: count * depth)
    }

    deinit { unsafe panels.deallocate() }

    /// Panels of this depth that stay in the second-level cache while rows pass.
    static func panelsInCache(depth: Int) -> Int { max(1, (1 << 20) / (depth * width * 8)) }

    /// Panel after panel as [depth][8] numbers.
    func numbers(panel: Int) -> UnsafeMutablePointer<Double> {
        precondition(panel < panelCount)
        return unsafe UnsafeMutableRawPointer(panels + panel * depth)
            .assumingMemoryBound(to: Double.self)
    }

    /// Multiplies `count` rows with all panels.
    ///
    /// - Parameters:
    ///   - rows: [count, depth].
    ///   - first: what the sum of each row begins with.
    ///   - store: takes the row, the panel and its eight sums.
    @inline(__always)
    func multiply(
        _ rows: UnsafePointer<Double>, count: Int, first: (Int) -> Double,
        store: (_ row: Int, _ panel: Int, SIMD8<Double>) -> Void
    ) {
        for row in stride(from: 0, to: count, by: 2) {
            let next = min(row + 1, count - 1)
            for panel in 0..<panelCount {
                let (a, b) = unsafe multiply(
                    rows + row * depth, rows + next * depth, panels + panel * depth,
                    SIMD8(repeating: first(row)), SIMD8(repeating: first(next)))
                store(row, panel, a)
                if next > row { store(next, panel, b) }
            }
        }
    }

    @inline(__always)
    private func multiply(
        _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        _ panel: UnsafePointer<SIMD8<Double>>, _ firstA: SIMD8<Double>, _ firstB: SIMD8<Double>
    ) -> (SIMD8<Double>, SIMD8<Double>) {
        var (sumA, sumB) = (firstA, firstB)
        for k in 0..<depth {
            let column = unsafe panel[k]
            unsafe sumA += a[k] * column
            unsafe sumB += b[k] * column
        }
        return (sumA, sumB)
    }
}

/// Stores the lanes of a vector that `limit` leaves.
@inline(__always)
func store(
    _ vector: SIMD8<Double>, to target: UnsafeMutablePointer<Double>, limit: Int
) {
    if limit >= Float64Columns.width {
        unsafe UnsafeMutableRawPointer(target).storeBytes(of: vector, as: SIMD8<Double>.self)
    } else {
        for lane in 0..<max(0, limit) { unsafe target[lane] = vector[lane] }
    }
}

extension Tensor {
    /// Calls `body` with the elements of a float64 tensor, which start on a number's boundary.
    func withDoubles(_ body: (UnsafePointer<Double>) -> Void) {
        precondition(elementType == .float64 && elementCount > 0)
        unsafe withUnsafeBytes { bytes in
            guard let base = unsafe bytes.assumingMemoryBound(to: Double.self).baseAddress else {
                preconditionFailure("a tensor with elements has an address")
            }
            unsafe body(base)
        }
    }

    /// Rows `range` of a matrix.
    func rows(_ range: Range<Int>) -> Tensor {
        let depth = shape[1]
        return Tensor(
            elementType: elementType, shape: [range.count, depth], storage: storage,
            byteOffset: byteOffset + range.lowerBound * depth * elementType.size)
    }
}
