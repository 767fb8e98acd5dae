import FerryCommands
import IR
import Parity
import Tensors
import Testing

/// The small network with `norm1` worked into `conv1` as `factor` and `bias` say.
private func folded(
    keepsNormalization: Bool = false,
    factor: (Double, Double) -> Double = { $0 / ($1 + 1e-3).squareRoot() },
    bias: (Double, Double, Double, Double) -> Double = { ($0 - $2) * $1 + $3 }
) -> SmallNetwork {
    var network = SmallNetwork()
    func numbers(_ name: String) -> [Double] { network.weights[name]?.doubles() ?? [] }
    let factors = zip(numbers("norm1.scale"), numbers("norm1.variance")).map(factor)
    let (means, shifts) = (numbers("norm1.mean"), numbers("norm1.shift"))
    let weights = numbers("conv1.w").enumerated().map { index, weight in
        Float(weight * factors[index / 45])
    }
    let biases = numbers("conv1.b").enumerated().map { index, value in
        Float(bias(value, factors[index], means[index], shifts[index]))
    }
    network.weights["conv1.w"] = Tensor(weights, shape: [6, 3, 3, 5])
    network.weights["conv1.b"] = Tensor(biases)
    if !keepsNormalization { network.remove("norm1") }
    return network
}

private func found(_ value: SmallNetwork, _ reference: SmallNetwork) -> [Cause] {
    findings(value.model, reference.model).map(\.cause)
}

@Test func `a normalisation folded by the rules is no difference, on either side`() {
    #expect(found(folded(), SmallNetwork()) == [])
    #expect(found(SmallNetwork(), folded()) == [])
}

@Test func `a normalisation that is neither there nor folded is named`() {
    var without = SmallNetwork()
    without.remove("norm1")
    let missing = findings(without.model, SmallNetwork().model)
    #expect(missing.map(\.cause) == [.normalizationMissing])
    #expect(missing.first?.layer == "norm1")
    #expect(found(SmallNetwork(), without) == [.normalizationExtra])
}

@Test func `a normalisation that is folded and applied again is named`() {
    let causes = found(folded(keepsNormalization: true), SmallNetwork())
    #expect(causes == [.normalizationTwice, .normalizationTwice])
}

@Test func `a normalisation folded with other numbers is named`() {
    let plain = folded(factor: { $0 / ($1 + 1e-5).squareRoot() })
    #expect(found(plain, SmallNetwork()) == [.normalizationFolding, .normalizationFolding])
    let outside = folded(factor: { $0 / ($1.squareRoot() + 1e-3) })
    #expect(found(outside, SmallNetwork()) == [.normalizationFolding, .normalizationFolding])
    let unscaled = folded(bias: { $0 - $2 * $1 + $3 })
    let findings = findings(unscaled.model, SmallNetwork().model)
    #expect(findings.map(\.cause) == [.normalizationFolding])
    #expect(findings.first?.explanation == "the normalisation is folded with the bias not scaled")
    #expect(findings.first?.isExact == true)
}

@Test func `weights that no way of folding explains are different`() {
    var wrong = folded()
    wrong.change("conv1.b") { Tensor($0.floats().map { $0 * 1.5 + 0.1 }) }
    #expect(found(wrong, SmallNetwork()) == [.unknown])
}

@Test func `behind a folded normalisation other spellings are known too`() {
    func network(_ base: SmallNetwork, spelledOut: Bool) -> SmallNetwork {
        var network = base
        guard spelledOut else {
            network.set("relu1", HardSwish())
            return network
        }
        network.set("relu1", HardSigmoid(alpha: 1 / 6, beta: 0.5))
        let input = network.graph.nodes[network.place("relu1")].inputs[0]
        network.insert("product", Mul(), after: "relu1")
        network.graph.nodes[network.place("product")].inputs.append(input)
        return network
    }
    let whole = network(SmallNetwork(), spelledOut: false)
    #expect(found(network(folded(), spelledOut: true), whole) == [])
    #expect(found(whole, network(folded(), spelledOut: true)) == [])
}
