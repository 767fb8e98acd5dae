import FerryCommands
import Foundation
import IR
import Parity
import Tensors
import TestSupport
import Testing

/// How a file may have the normalisation of the small network.
private enum Spelling: CaseIterable {
    /// By four tensors.
    case whole
    /// Its variance in its scale, as Keras' exporter on PyTorch writes it.
    case scaled
    /// Its variance in its scale, its mean in its shift.
    case scaledAndShifted
    /// A product and a sum.
    case arithmetic
    /// A difference, a quotient, a product and a sum.
    case fourSteps
    /// In the convolution before it.
    case folded
}

/// The small network with `norm1` as `spelling` says, of which `change` has changed the four tensors.
private func network(
    _ spelling: Spelling, epsilon: Double = 1e-3,
    _ change: (inout SmallNetwork) -> Void = { _ in }
) -> SmallNetwork {
    var network = SmallNetwork()
    change(&network)
    func numbers(_ name: String) -> [Double] { network.weights["norm1.\(name)"]?.doubles() ?? [] }
    let factors = zip(numbers("scale"), numbers("variance")).map { scale, variance in
        scale / (variance + epsilon).squareRoot()
    }
    let sums = factors.indices.map { numbers("shift")[$0] - numbers("mean")[$0] * factors[$0] }
    func tensor(_ numbers: [Double], _ shape: [Int] = [6]) -> Tensor {
        Tensor(rounding: numbers, to: .float32, shape: shape)
    }
    let place = network.place("norm1")
    switch spelling {
    case .whole: break
    case .scaled, .scaledAndShifted:
        network.graph.nodes[place].op = BatchNormalization(epsilon: 1e-5)
        network.weights["norm1.scale"] = tensor(factors)
        network.weights["norm1.variance"] = tensor(factors.map { _ in 1 - 1e-5 })
        if spelling == .scaled { break }
        network.weights["norm1.shift"] = tensor(sums)
        network.weights["norm1.mean"] = tensor(sums.map { _ in 0 })
    case .arithmetic:
        network.weights["factors"] = tensor(factors, [6, 1, 1])
        network.graph.nodes[place].op = Mul()
        network.graph.nodes[place].inputs = ["factors", "conv1.y"]
        network.insert("sum", Add(), after: "norm1", constants: [tensor(sums, [1, 6, 1, 1])])
    case .fourSteps:
        let deviations = numbers("variance").map { ($0 + epsilon).squareRoot() }
        let constants = [deviations, numbers("scale"), numbers("shift")].map {
            tensor($0, [6, 1, 1])
        }
        network.change("norm1.mean") { $0.reshaped([6, 1, 1]) }
        network.graph.nodes[place].op = Sub()
        network.graph.nodes[place].inputs = ["conv1.y", "norm1.mean"]
        network.insert("sum", Add(), after: "norm1", constants: [constants[2]])
        network.insert("product", Mul(), after: "norm1", constants: [constants[1]])
        network.insert("quotient", Div(), after: "norm1", constants: [constants[0]])
    case .folded:
        let kernel = network.weights["conv1.w"]?.doubles() ?? []
        let biases = network.weights["conv1.b"]?.doubles() ?? []
        network.weights["conv1.w"] = tensor(
            kernel.enumerated().map { $1 * factors[$0 / 45] }, [6, 3, 3, 5])
        network.weights["conv1.b"] = tensor(
            biases.enumerated().map { $1 * factors[$0] + sums[$0] })
        network.remove("norm1")
    }
    return network
}

private let absorbed: [Spelling] = [.scaled, .scaledAndShifted, .arithmetic, .fourSteps]

@Test(arguments: Spelling.allCases, Spelling.allCases)
private func `a normalisation is the same however it is spelled`(
    value: Spelling, reference: Spelling
) {
    // These two have roundings of their own, and no statistics to make them of.
    if Set([value, reference]).isSubset(of: [.fourSteps, .scaledAndShifted, .arithmetic]),
        value != reference, [value, reference].contains(.fourSteps)
    {
        return
    }
    #expect(findings(network(value).model, network(reference).model) == [])
}

@Test(arguments: absorbed, ["scale", "shift", "mean", "variance"])
private func `a statistic changed by a thousandth is told with its tensor`(
    spelling: Spelling, tensor: String
) {
    let changed = network(spelling) {
        $0.change("norm1.\(tensor)") {
            var values = $0.doubles()
            values[3] *= 1.001
            return Tensor(rounding: values, to: .float32, shape: $0.shape)
        }
    }
    for found in [
        findings(changed.model, SmallNetwork().model),
        findings(SmallNetwork().model, changed.model),
    ] {
        #expect(!found.isEmpty && found.allSatisfy { $0.layer == "norm1" }, "\(found)")
        #expect(found.allSatisfy { $0.tensor != nil && $0.cause == .elementChanged }, "\(found)")
        if spelling == .scaled, ["shift", "mean"].contains(tensor) {
            #expect(found.map(\.tensor) == ["norm1.\(tensor)"])
        }
    }
}

@Test(arguments: absorbed)
private func `another epsilon is told where variances are small, and named`(_ spelling: Spelling) {
    func shrink(_ network: inout SmallNetwork) {
        network.change("norm1.variance") {
            Tensor(rounding: $0.doubles().map { $0 / 100 }, to: .float32, shape: $0.shape)
        }
    }
    let reference = network(.whole, shrink).model
    #expect(findings(network(spelling, shrink).model, reference) == [])
    let found = findings(network(spelling, epsilon: 1e-5, shrink).model, reference)
    #expect(found.first?.cause == .normalizationFolding)
    #expect(found.first?.explanation == "the normalisation's scale is made with ε 1e-05")
}

@Test func `a shift made without the mean is named`() {
    let changed = network(.scaledAndShifted) {
        $0.change("norm1.mean") { Tensor([Float](repeating: 0, count: $0.elementCount)) }
    }
    let found = findings(changed.model, SmallNetwork().model)
    #expect(found.map(\.cause) == [.normalizationFolding])
    #expect(found.first?.explanation == "the normalisation's shift is made without its mean")
}

@Test(arguments: absorbed, [-1, .nan, .infinity, 0])
private func `a variance without a root is a difference`(spelling: Spelling, number: Float) {
    var whole = SmallNetwork()
    whole.change("norm1.variance") { replacingFirst($0, by: number) }
    whole.change("norm1.scale") { replacingFirst($0, by: number == 0 ? .infinity : 1) }
    #expect(!findings(network(spelling).model, whole.model).isEmpty)
    #expect(!findings(whole.model, network(spelling).model).isEmpty)
}

@Test(arguments: [Spelling.whole, .scaled, .scaledAndShifted])
private func `what both files have is compared bit by bit`(_ spelling: Spelling) {
    var changed = network(spelling)
    changed.change("norm1.scale") { replacingFirst($0, by: $0.floats()[0].nextUp) }
    let found = findings(changed.model, network(spelling).model)
    #expect(found.map(\.tensor) == ["norm1.scale"])
}

// MARK: What Keras exports

private let exported = Fixtures.url("onnx/keras/vgg11_bn.onnx").path
private let state = Fixtures.url("onnx/keras/vgg11_bn.npz").path

@Test func `normalisations as Keras exports them are equal up to rounding, and said to be`() throws
{
    let ferry = Ferry(in: try TemporaryFolder())
    for sides in [[exported, state], [state, exported]] {
        let options = ["--bn-epsilon", "1e-3"]
        let verified = try ferry.run(["verify"] + sides + options + ["--weights-only"])
        let compared = try ferry.run(["diff"] + sides + options)
        for outcome in [verified, compared] {
            expectSuccess(
                outcome,
                "equal as the normalisation's scale, γ/√(variance + ε), largest difference ",
                "worked into the scale", "38 of 54 ")
        }
        #expect(verified.output.contains("verdict: the same within the tolerance\n"))
        #expect(compared.output.contains("verdict: the same network, for the reasons above\n"))
    }
}

@Test(arguments: ["running_var", "running_mean", "weight", "bias"])
func `a statistic that Keras' export does not have is told with its layer`(name: String) throws {
    let folder = try TemporaryFolder()
    try altered(state, as: "x.npz", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.name == "features.9.\(name)" }) else {
            return
        }
        let tensor = tensors[place].tensor
        tensors[place].tensor = replacingFirst(tensor, by: tensor.floats()[0] * 1.001)
    }
    let row = ["running_var": "weight", "running_mean": "running_mean"][name] ?? name
    for command in [["verify", "--weights-only"], ["diff"]] {
        let outcome = try Ferry(in: folder).run(
            command + [exported, "x.npz", "--bn-epsilon", "1e-3"])
        #expect(outcome.status == 1)
        let lines = outcome.output.split(separator: "\n").filter { $0.contains(" DIFFERENT  ") }
        #expect(lines.count == 1 && lines[0].hasPrefix("features.9.\(row) "), "\(outcome.output)")
    }
}

@Test func `Keras' epsilon is missed where another is taken`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())("diff", exported, state)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("The normalisation's scale is made with ε 0.001.\n"))
}
