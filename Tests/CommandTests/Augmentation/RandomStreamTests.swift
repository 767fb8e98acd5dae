import FerryCommands
import Foundation
import Images
import TestSupport
import Testing

/// Deviations a statistic of a fixed seed may lie from its mean.
private let deviations = 4.0

private func variant(_ number: Int, seed: UInt64 = 1) -> Variant {
    Variant(seed: seed, picture: 0xFEE1_600D, number: number)
}

/// Σ (found − expected)² / expected for equally likely cells, in deviations from its mean.
private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let sum = counts.reduce(0.0) { sum, count in
        let difference = Double(count) - expected
        return sum + difference * difference
    }
    let freedom = Double(counts.count - 1)
    return (sum / expected - freedom) / (2 * freedom).squareRoot()
}

@Test func `random numbers are those of another implementation`() throws {
    for recorded in try Recorded.read().streams {
        let variant = Variant(
            seed: recorded.seed, picture: try #require(UInt64(recorded.picture, radix: 16)),
            number: recorded.number)
        let start = RandomStream(variant, transform: recorded.transform)
        var (plain, bounded, normal) = (start, start, start)
        let draws: [UInt64?] = (0..<4).map { _ in plain.next() }
        #expect(recorded.draws.map { UInt64($0, radix: 16) } == draws)
        let bounds = [2, 33, 257, 1_000_000_000, (1 << 62) + 1, (1 << 62) + 1]
        let below = bounds.map { bounded.below($0) }
        #expect(recorded.below == below)
        let normals = recorded.normals.map { _ in normal.normal() }
        #expect(recorded.normals == normals)
    }
}

@Test func `normal variates are normal`() {
    var random = RandomStream(variant(0), transform: "color")
    let count = 200_000
    let values = (0..<count).map { _ in random.normal() }
    let n = Double(count)
    func moments(_ power: Int) -> Double {
        let powers = values.map { value in
            (0..<power).reduce(1.0) { product, _ in product * value }
        }
        return powers.reduce(0, +) / n
    }
    // Variances of the mean of z, z², z³ and z⁴ are 1/n, 2/n, 15/n and 96/n.
    #expect(moments(1).magnitude < deviations * (1 / n).squareRoot())
    #expect((moments(2) - 1).magnitude < deviations * (2 / n).squareRoot())
    #expect(moments(3).magnitude < deviations * (15 / n).squareRoot())
    #expect((moments(4) - 3).magnitude < deviations * (96 / n).squareRoot())
    // The distribution function makes them uniform.
    var cells = [Int](repeating: 0, count: 100)
    for value in values {
        let share: Double = erfc(-value / 2.0.squareRoot()) / 2
        cells[Int(100 * share)] += 1
    }
    #expect(chiSquare(cells).magnitude < deviations)
    let far = Double(values.count { $0.magnitude > 3 })
    let share = erfc(3 / 2.0.squareRoot())
    #expect((far - n * share).magnitude < deviations * (n * share).squareRoot())
}

@Test func `bounded numbers are uniform, and begin anew for each seed, picture and variant`() {
    var random = RandomStream(variant(0), transform: "crop")
    var cells = [Int](repeating: 0, count: 257)
    for _ in 0..<51_400 { cells[random.below(257)] += 1 }
    #expect(chiSquare(cells).magnitude < deviations)
    var firsts: Set<UInt64> = []
    for seed: UInt64 in 0..<10 {
        for picture: UInt64 in 0..<10 {
            for number in 0..<10 {
                for transform in ["scale", "crop", "mirror", "color"] {
                    let variant = Variant(seed: seed, picture: picture, number: number)
                    var random = RandomStream(variant, transform: transform)
                    firsts.insert(random.next())
                }
            }
        }
    }
    #expect(firsts.count == 4000)
}

@Test func `crops lie anywhere, and every second picture is mirrored`() throws {
    var augmentation = Augmentation()
    augmentation.crop = 224
    augmentation.mirrors = true
    var (cells, mirrored, pairs) = ([Int](repeating: 0, count: 33 * 33), 0, 0.0)
    let count = 43_560
    var last = 16.0
    for number in 0..<count {
        let draws = try augmentation.draws(for: (256, 256), variant(number))
        let (left, top) = (try #require(draws.left), try #require(draws.top))
        cells[top * 33 + left] += 1
        mirrored += draws.isMirrored ? 1 : 0
        pairs += (Double(left) - 16) * (last - 16)
        last = Double(left)
    }
    #expect(chiSquare(cells).magnitude < deviations)
    let n = Double(count)
    #expect((Double(mirrored) - n / 2).magnitude < deviations * (n / 4).squareRoot())
    // Offsets of one variant and the next: (33² − 1)/12 is the variance of one.
    let variance = (33.0 * 33 - 1) / 12
    #expect((pairs / n).magnitude < deviations * variance / n.squareRoot())
}

@Test func `short sides are uniform, both ends included`() throws {
    var augmentation = Augmentation()
    augmentation.scale = 256...512
    var cells = [Int](repeating: 0, count: 257)
    for number in 0..<51_400 {
        let short = try #require(augmentation.drawScale(variant(number)))
        cells[short - 256] += 1
    }
    #expect(chiSquare(cells).magnitude < deviations)
    #expect(Augmentation().drawScale(variant(0)) == nil)
}

@Test(arguments: Augmentation.ColorUnit.allCases)
func `colours move along the components, as far as α and λ say`(
    unit: Augmentation.ColorUnit
) throws {
    let half = 0.5.squareRoot()
    let components = try #require(
        PrincipalComponents(
            values: [0.04, 0.01, 0.0025],
            vectors: [[half, half, 0], [half, -half, 0], [0, 0, 1]]))
    var augmentation = Augmentation()
    augmentation.color = .init(sigma: 0.1, unit: unit, components: components)
    let factors = unit == .eigenvalue ? [0.04, 0.01, 0.0025] : [0.2, 0.1, 0.05]
    let count = 60_000
    var squares = [0.0, 0, 0]
    for number in 0..<count {
        let draws = try augmentation.draws(for: (1, 1), variant(number))
        let alphas = try #require(draws.alphas)
        for index in 0..<3 { squares[index] += alphas[index] * alphas[index] }
        let (first, second) = (alphas[0] * factors[0], alphas[1] * factors[1])
        let third = alphas[2] * factors[2]
        let expected = [half * (first + second), half * (first - second), third]
        let isClose = zip(draws.shift, expected).allSatisfy { abs($0.0 - $0.1) < 1e-15 }
        #expect(isClose)
    }
    for square in squares {
        let variance = square / Double(count)
        #expect((variance / 0.01 - 1).magnitude < deviations * (2 / Double(count)).squareRoot())
    }
}

@Test func `no transform changes what another draws`() throws {
    var all = Augmentation()
    all.crop = 30
    all.mirrors = true
    all.color = .init(
        sigma: 1, unit: .deviation,
        components: try #require(
            PrincipalComponents(
                values: [0.1, 0.1, 0.1], vectors: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])))
    var one = Augmentation()
    one.crop = 30
    for number in 0..<100 {
        let draws = try all.draws(for: (400, 300), variant(number))
        let alone = try one.draws(for: (400, 300), variant(number))
        #expect((draws.left, draws.top) == (alone.left, alone.top))
    }
}

/// What Fixtures/generate/augment.py wrote.
struct Recorded: Decodable {
    struct Stream: Decodable {
        let seed: UInt64
        let picture: String
        let number: Int
        let transform: String
        let draws: [String]
        let below: [Int]
        let normals: [Double]
    }

    struct Options: Decodable {
        let scale: [Int]
        let square: Bool
        let crop: Int
        let mirror: Bool
        let sigma: Double
        let by: String

        /// As the command line says them.
        var words: [String] {
            ["--scale", "\(scale[0])..\(scale[1])", "--crop", "\(crop)"]
                + (square ? ["--square"] : []) + (mirror ? ["--mirror"] : [])
                + (sigma == 0
                    ? []
                    : [
                        "--color-sigma", "\(sigma)", "--color-by", by, "--components",
                        Fixtures.url("augmentation/components.json").path,
                    ])
        }
    }

    struct Case: Decodable {
        let picture: String
        let number: Int
        let scale: Int
        let left: Int
        let top: Int
        let mirrored: Bool
        let alphas: [Double]?
        let shift: [Double]?
        let samples: String
        let planes: String?
    }

    struct Run: Decodable {
        let options: Options
        let seed: UInt64
        let cases: [Case]
    }

    let streams: [Stream]
    let runs: [Run]

    static func read() throws -> Recorded {
        let data = try Data(contentsOf: Fixtures.url("augmentation/expected.json"))
        return try JSONDecoder().decode(Recorded.self, from: data)
    }
}
