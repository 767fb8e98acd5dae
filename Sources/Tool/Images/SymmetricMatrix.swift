/// A symmetric 3×3 matrix.
package struct SymmetricMatrix: Equatable, Sendable {
    private var rows: [[Double]]

    /// - Parameter entries: row by row from the diagonal: 11, 12, 13, 22, 23, 33.
    package init(entries: [Double]) {
        precondition(entries.count == 6)
        rows = [
            [entries[0], entries[1], entries[2]], [entries[1], entries[3], entries[4]],
            [entries[2], entries[4], entries[5]],
        ]
    }

    package subscript(row row: Int, column column: Int) -> Double { rows[row][column] }

    /// Eigenvalues, the largest first, and unit eigenvectors, one a row.
    ///
    /// Jacobi's method: turns in the planes (1,2), (1,3), (2,3) again and again, each making one
    /// entry zero, until none is left beside the diagonal. Only +, −, ×, ÷ and √, which every
    /// machine rounds alike. A vector's sign is such that its largest entry is positive (of equally
    /// large ones, the first); equal eigenvalues keep the order of the diagonal.
    ///
    /// - Source: Golub and Van Loan, Matrix Computations, section 8.5.
    package func eigensystem() -> (values: [Double], vectors: [[Double]]) {
        var matrix = self
        var vectors: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        // Convergence is quadratic: some ten rounds end in numbers too small to exist.
        for _ in 0..<64 where !matrix.isDiagonal {
            for (p, q) in [(0, 1), (0, 2), (1, 2)] { matrix.annihilate(p, q, &vectors) }
        }
        let order = (0..<3).sorted {
            (matrix.rows[$1][$1], $0) < (matrix.rows[$0][$0], $1)
        }
        return (
            order.map { matrix.rows[$0][$0] }, order.map { Self.withSign(vectors[$0]) }
        )
    }

    private var isDiagonal: Bool { rows[0][1] == 0 && rows[0][2] == 0 && rows[1][2] == 0 }

    /// Turns the plane of axes `p` and `q` so that the entry (p, q) becomes zero.
    private mutating func annihilate(_ p: Int, _ q: Int, _ vectors: inout [[Double]]) {
        let entry = rows[p][q]
        if entry == 0 { return }
        let theta = (rows[q][q] - rows[p][p]) / (2 * entry)
        let sign: Double = theta < 0 ? -1 : 1
        let tangent = sign / (theta.magnitude + (theta * theta + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        rows[p][p] -= tangent * entry
        rows[q][q] += tangent * entry
        rows[p][q] = 0
        rows[q][p] = 0
        let r = 3 - p - q
        let (first, second) = (rows[r][p], rows[r][q])
        rows[r][p] = cosine * first - sine * second
        rows[r][q] = sine * first + cosine * second
        rows[p][r] = rows[r][p]
        rows[q][r] = rows[r][q]
        for axis in 0..<3 {
            let (first, second) = (vectors[p][axis], vectors[q][axis])
            vectors[p][axis] = cosine * first - sine * second
            vectors[q][axis] = sine * first + cosine * second
        }
    }

    private static func withSign(_ vector: [Double]) -> [Double] {
        var largest = 0
        for axis in 1..<3 where vector[axis].magnitude > vector[largest].magnitude {
            largest = axis
        }
        return vector[largest] < 0 ? vector.map { 0 - $0 } : vector
    }
}
