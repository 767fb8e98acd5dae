import Architectures
import Foundation
import Tensors
import Testing

private struct Recipe: Decodable {
    struct Row: Decodable {
        var name: String
        var seed: UInt64
        var role: String
        var shape: [Int]
        var fan_in: Int
        var first: [String]
        var last: [String]
    }
    var rows: [Row]
}

@Test func `seeded values have the golden bits`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let file = root.appending(path: "Fixtures/golden/recipe.json")
    let recipe = try JSONDecoder().decode(Recipe.self, from: Data(contentsOf: file))
    #expect(recipe.rows.count >= 10)
    for row in recipe.rows {
        let values: SeededValues =
            switch row.role {
            case "weight": .weight(fanIn: row.fan_in)
            case "bias": .bias(fanIn: row.fan_in)
            case "bn_weight", "running_var": .aroundOne
            case "bn_bias", "running_mean": .aroundZero
            default: .input
            }
        let tensor = values.tensor(named: row.name, seed: row.seed, shape: row.shape)
        let bits = tensor.floats().map { value in
            let text = String(value.bitPattern, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }
        #expect(Array(bits.prefix(8)) == row.first, "\(row.name) \(row.seed)")
        #expect(Array(bits.suffix(2)) == row.last, "\(row.name) \(row.seed)")
    }
}

@Test func `the seeded input is the recipe's`() {
    let input = SeededValues.input(shape: [1, 3, 224, 224], seed: 1)
    #expect(input.shape == [1, 3, 224, 224])
    #expect(input.floats()[0].bitPattern == 0xbf60_f3dd)
}

@Test func `a seeded network fills each tensor by its name, role and fan-in`() throws {
    let model = try narrow("vgg11_bn", seed: 9)
    let weight = try #require(model.weights["features.4.weight"])
    #expect(weight.shape == [3, 2, 3, 3])
    let expected = SeededValues.weight(fanIn: 18).tensor(
        named: "features.4.weight", seed: 9, shape: [3, 2, 3, 3])
    #expect(weight.isBitEqual(to: expected))
    let bias = SeededValues.bias(fanIn: 18).tensor(named: "features.4.bias", seed: 9, shape: [3])
    #expect(model.weights["features.4.bias"]?.isBitEqual(to: bias) == true)
    let variance = SeededValues.aroundOne.tensor(
        named: "features.5.running_var", seed: 9, shape: [3])
    #expect(model.weights["features.5.running_var"]?.isBitEqual(to: variance) == true)
    #expect(model.extras["features.5.num_batches_tracked"]?.integers() == [0])
    #expect(throws: TranslationError.self) { try Architecture.seeded("vgg12", seed: 1) }
}
