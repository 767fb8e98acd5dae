import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// Of a mean and of a root: a few roundings of numbers below 1.
private let rounding = 1e-14

private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { pair in abs(pair.0 - pair.1) < rounding }
}

private func negated(_ vector: [Double]) -> [Double] { vector.map { -$0 } }

@Test func `a grey ramp has one component, along grey`() throws {
    let ramp = Picture(256, 2) { x, _, _ in x }
    let statistics = PixelStatistics(of: ramp)
    #expect(statistics.pixelCount == 512)
    #expect(statistics.mean == [0.5, 0.5, 0.5])
    // The variance of n equally likely whole numbers is (n² − 1)/12.
    let variance = (256.0 * 256 - 1) / 12 / (255 * 255)
    for row in 0..<3 {
        for column in 0..<3 {
            #expect(
                (statistics.covariance[row: row, column: column] - variance).magnitude < rounding)
        }
    }
    let components = PrincipalComponents(of: statistics.covariance)
    #expect((components.values[0] - 3 * variance).magnitude < rounding)
    #expect(components.values[1] < rounding && components.values[2] < rounding)
    for share in components.vectors[0] {
        #expect((share - (1.0 / 3).squareRoot()).magnitude < rounding)
    }
}

@Test func `colours that vary by themselves are their own components`() throws {
    // Red in {0, 60}, green in {10, 250}, blue in {100, 200}, each with each.
    let levels = [[0, 60], [10, 250], [100, 200]]
    let picture = Picture(8, 1) { x, _, channel in levels[channel][x >> channel & 1] }
    let covariance = PixelStatistics(of: picture).covariance
    let components = PrincipalComponents(of: covariance)
    let halves: [Double] = [14400.0 / 65025, 2500.0 / 65025, 900.0 / 65025]
    #expect(isClose(components.values, halves))
    #expect(components.vectors == [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
}

@Test func `a sum and a difference are told apart`() throws {
    // Red a + b, green a − b, a in 128 ± 40, b in ±7: λ are 2·40² and 2·7² over 255².
    let picture = Picture(4, 1) { x, _, channel in
        let a = x & 1 == 0 ? 88 : 168
        let b = x & 2 == 0 ? -7 : 7
        return [a + b, a - b, 5][channel]
    }
    let components = PrincipalComponents(of: PixelStatistics(of: picture).covariance)
    let expected: [Double] = [3200.0 / 65025, 98.0 / 65025, 0]
    #expect(isClose(components.values, expected))
    let half = 0.5.squareRoot()
    let wanted: [[Double]] = [[half, half, 0], [half, -half, 0], [0, 0, 1]]
    for (vector, wanted) in zip(components.vectors, wanted) {
        #expect(isClose(vector, wanted) || isClose(vector, negated(wanted)), "\(vector)")
    }
}

@Test func `statistics of parts add up to those of the whole, in any order`() throws {
    let picture = try PictureFixtures.decode("chelsea_444.jpg").picture
    let upper = picture.cropped(left: 0, top: 0, width: picture.width, height: 100)
    let lower = picture.cropped(
        left: 0, top: 100, width: picture.width, height: picture.height - 100)
    for parts in [[upper, lower], [lower, upper]] {
        var sum = PixelStatistics()
        for part in parts {
            let isAdded = sum.add(PixelStatistics(of: part))
            #expect(isAdded)
        }
        #expect(sum == PixelStatistics(of: picture))
    }
}

@Test func `too many pixels are not added`() throws {
    let one = PixelStatistics(of: Picture(1, 1) { _, _, _ in 255 })
    var many = one
    // Doubling reaches the limit in 47 steps; nothing overflows on the way.
    var doublings = 0
    while many.add(many) { doublings += 1 }
    #expect(doublings == 47)
    #expect(many.pixelCount <= PixelStatistics.maximumPixelCount)
    #expect(many.covariance == one.covariance)
}

@Test func `a matrix known by heart`() {
    // 2 on the diagonal, 1 beside it: λ = 2 ± √2 and 2.
    let (values, vectors) = SymmetricMatrix(entries: [2, 1, 0, 2, 1, 2]).eigensystem()
    let root = 2.0.squareRoot()
    #expect(isClose(values, [2 + root, 2, 2 - root]))
    let half = root / 2
    let wanted: [[Double]] = [[0.5, half, 0.5], [half, 0, -half], [-0.5, half, -0.5]]
    for (vector, wanted) in zip(vectors, wanted) {
        #expect(isClose(vector, wanted) || isClose(vector, negated(wanted)), "\(vector)")
    }
}

@Test(arguments: 1...40)
func `eigenvectors are right-angled, and make the matrix again`(seed: UInt64) {
    var generator = TestSupport.SeededGenerator(seed: seed)
    var entries = generator.floats(6).map { Double($0) }
    if seed % 4 == 0 { entries[1] *= 1e-12 }
    if seed % 4 == 1 { entries = entries.map { $0 * 1e-150 } }
    let matrix = SymmetricMatrix(entries: entries)
    let (values, vectors) = matrix.eigensystem()
    let size = entries.map(\.magnitude).max() ?? 0
    #expect(values == values.sorted(by: >))
    for row in 0..<3 {
        for column in 0..<3 {
            let product = zip(vectors[row], vectors[column]).reduce(0.0) { sum, pair in
                sum + pair.0 * pair.1
            }
            #expect((product - (row == column ? 1 : 0)).magnitude < rounding)
            let again = (0..<3).reduce(0.0) { sum, index in
                sum + values[index] * vectors[index][row] * vectors[index][column]
            }
            #expect((again - matrix[row: row, column: column]).magnitude < rounding * size)
        }
        let largest = vectors[row].max { $0.magnitude < $1.magnitude } ?? 0
        #expect(largest > 0, "the largest entry is positive")
    }
}

@Test func `a matrix without directions keeps the axes`() {
    for value in [0.0, 1] {
        let (values, vectors) = SymmetricMatrix(
            entries: [value, 0, 0, value, 0, value]
        ).eigensystem()
        #expect(values == [value, value, value])
        #expect(vectors == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    }
}

@Test func `components from elsewhere are checked`() {
    let axes: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    func accepts(_ values: [Double], _ vectors: [[Double]]) -> Bool {
        PrincipalComponents(values: values, vectors: vectors) != nil
    }
    #expect(accepts([0.3, 0.2, 0], axes))
    // Four digits, as papers print them.
    #expect(
        accepts(
            [0.3, 0.2, 0.1],
            [[-0.5675, -0.5808, -0.5836], [0.7192, -0.0045, -0.6948], [0.4009, -0.814, 0.4203]]))
    #expect(!accepts([0.3, 0.2], axes))
    #expect(!accepts([0.2, 0.3, 0.1], axes))
    #expect(!accepts([0.3, 0.2, -0.1], axes))
    #expect(!accepts([55, 4.8, 1.1], axes))
    #expect(!accepts([.nan, 0.2, 0.1], axes))
    #expect(!accepts([0.3, 0.2, 0.1], Array(axes.prefix(2))))
    #expect(!accepts([0.3, 0.2, 0.1], [[1, 0, 0], [0, 1, 0], [0, 0, 1.01]]))
    #expect(!accepts([0.3, 0.2, 0.1], [[1, 0, 0], [0.1, 0.995, 0], [0, 0, 1]]))
    #expect(!accepts([0.3, 0.2, 0.1], [[1, 0, 0], [0, 1, 0], [0, .infinity, 1]]))
}

@Test func `colours are moved, rounded and kept in range`() {
    let picture = Picture(3, 1) { x, _, channel in [0, 100, 255][x] - (x == 2 ? channel : 0) }
    let moved = picture.shifted(by: [1.6 / 255, -0.4 / 255, -10])
    #expect(moved.samples == [2, 0, 0, 102, 100, 0, 255, 254, 0])
    #expect(picture.shifted(by: [0, 0, 0]) == picture)
}

@Test func `arrays hold colours unrounded and unclipped, plane by plane`() {
    let picture = Picture(2, 1) { x, _, channel in x * 200 + channel }
    let planes = picture.planes(shiftedBy: [0.5, -0.25, 0])
    #expect(planes.shape == [3, 1, 2])
    let expected: [Double] = [
        0.5, 200.0 / 255 + 0.5, 1.0 / 255 - 0.25, 201.0 / 255 - 0.25, 2.0 / 255, 202.0 / 255,
    ]
    #expect(planes.floats() == expected.map { Float($0) })
}
