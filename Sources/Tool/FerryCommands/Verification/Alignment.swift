/// Two sequences side by side: what stands for what, and what for nothing.
struct Alignment {
    /// Each step takes an element of the first, of the second, or of both.
    private(set) var steps: [(first: Int?, second: Int?)] = []

    /// More pairs than this are not weighed against each other.
    private static let pairLimit = 1 << 22

    /// The alignment of the greatest worth: pairs are worth their scores, elements alone their costs.
    ///
    /// Needleman and Wunsch's dynamic program: "A general method applicable to the search for
    /// similarities in the amino acid sequence of two proteins", 1970.
    ///
    /// - Parameters:
    ///   - counts: of the two sequences.
    ///   - costs: of leaving an element of either out; 0 or less.
    ///   - score: what a pair is worth; nil when it cannot be one.
    init(
        counts: (Int, Int), costs: ((Int) -> Int, (Int) -> Int), score: (Int, Int) -> Int?
    ) {
        let (rows, columns) = counts
        guard rows < Self.pairLimit / (columns + 1) else {
            pairInOrder(rows, columns, score)
            return
        }
        let width = columns + 1
        var worth = [Int32](repeating: 0, count: (rows + 1) * width)
        var moves = [Move](repeating: .second, count: (rows + 1) * width)
        for row in 0...rows {
            for column in 0...columns where row + column > 0 {
                let cell = row * width + column
                var best = Int32.min
                if row > 0 {
                    best = worth[cell - width] + Int32(costs.0(row - 1))
                    moves[cell] = .first
                }
                if column > 0 {
                    let alone = worth[cell - 1] + Int32(costs.1(column - 1))
                    if alone > best { (best, moves[cell]) = (alone, .second) }
                }
                if row > 0, column > 0, let score = score(row - 1, column - 1) {
                    let pair = worth[cell - width - 1] + Int32(score)
                    if pair >= best { (best, moves[cell]) = (pair, .both) }
                }
                worth[cell] = best
            }
        }
        steps = Self.traced(moves, rows, columns)
    }

    /// Sequences too long to weigh: each element with the one at its place.
    private mutating func pairInOrder(
        _ rows: Int, _ columns: Int, _ score: (Int, Int) -> Int?
    ) {
        for index in 0..<max(rows, columns) {
            if index < min(rows, columns), score(index, index) != nil {
                steps.append((index, index))
            } else {
                if index < rows { steps.append((index, nil)) }
                if index < columns { steps.append((nil, index)) }
            }
        }
    }

    private enum Move { case first, second, both }

    private static func traced(
        _ moves: [Move], _ rows: Int, _ columns: Int
    ) -> [(first: Int?, second: Int?)] {
        var steps: [(first: Int?, second: Int?)] = []
        var (row, column) = (rows, columns)
        while row > 0 || column > 0 {
            switch moves[row * (columns + 1) + column] {
            case .both:
                (row, column) = (row - 1, column - 1)
                steps.append((row, column))
            case .first:
                row -= 1
                steps.append((row, nil))
            case .second:
                column -= 1
                steps.append((nil, column))
            }
        }
        return steps.reversed()
    }
}
