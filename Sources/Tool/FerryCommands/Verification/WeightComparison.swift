import Architectures
import Parity
import Tensors

/// Weights of two models, matched by the role each plays in its layer, layers in graph order.
func compareWeights(_ value: Model, _ reference: Model) -> [ParityRow] {
    var comparison = WeightComparison(value: value, reference: reference)
    comparison.compareLayers()
    comparison.compareExtras()
    return comparison.rows
}

private struct WeightComparison {
    let value: Model
    let reference: Model
    var rows: [ParityRow] = []

    /// Exporters fold in float32: each weight is a product of three roundings, and a bias the
    /// difference of two products.
    private static let folding = Tolerance(
        relative: 1e-5, absoluteOfMaximum: 1e-6, reason: "folding rounds in float32")
    private static let foldingReason = "BatchNormalization folded into the convolution"

    mutating func compareLayers() {
        let (mine, theirs) = (value.layers, reference.layers)
        var (i, j) = (0, 0)
        while i < mine.count || j < theirs.count {
            guard i < mine.count, j < theirs.count else {
                let (layer, side) =
                    i < mine.count ? (mine[i], "the reference") : (theirs[j], "the value")
                rows += layer.parameters.map { missing($0.name, on: side) }
                (i, j) = (i + 1, j + 1)
                continue
            }
            let foldsMine = isFollowedByNormalization(mine, i)
            let foldsTheirs = isFollowedByNormalization(theirs, j)
            if mine[i].kind == .conv, theirs[j].kind == .conv, foldsMine != foldsTheirs {
                compareFolded(
                    mine[i], foldsMine ? mine[i + 1] : nil, theirs[j],
                    foldsTheirs ? theirs[j + 1] : nil)
                (i, j) = (i + (foldsMine ? 2 : 1), j + (foldsTheirs ? 2 : 1))
                continue
            }
            compare(mine[i], theirs[j])
            (i, j) = (i + 1, j + 1)
        }
    }

    private func isFollowedByNormalization(_ layers: [ParameterLayer], _ index: Int) -> Bool {
        index + 1 < layers.count && layers[index + 1].kind == .batchNorm
    }

    private func missing(_ name: String, on side: String) -> ParityRow {
        ParityRow(name: name, status: .missing, explanation: "no such weight in \(side)")
    }

    private mutating func compare(_ mine: ParameterLayer, _ theirs: ParameterLayer) {
        guard mine.kind == theirs.kind else {
            let name = mine.parameters.first?.name ?? mine.node
            rows.append(
                ParityRow(
                    name: name, status: .different,
                    explanation: "\(mine.kind.rawValue) here, \(theirs.kind.rawValue) there"))
            return
        }
        if let epsilon = mine.epsilon, let other = theirs.epsilon, epsilon != other {
            rows.append(
                ParityRow(
                    name: "\(mine.node) epsilon", status: .different,
                    explanation: "\(epsilon), reference \(other)"))
        }
        for parameter in mine.parameters {
            guard let name = theirs.name(of: parameter.role) else {
                rows.append(absent(parameter.name, value.weights, on: "the reference"))
                continue
            }
            guard let a = value.weights[parameter.name], let b = reference.weights[name] else {
                continue
            }
            let isMissing = value.missing.contains(parameter.name)
            if isMissing || reference.missing.contains(name) {
                if isMissing != reference.missing.contains(name) {
                    rows.append(
                        missing(parameter.name, on: isMissing ? "the value" : "the reference"))
                }
                continue
            }
            // Two exports fold apart from each other; a copy of one keeps its bits.
            let isFolded =
                mine.kind == .conv
                && value.hasFoldedNormalization && reference.hasFoldedNormalization
            rows.append(
                isFolded
                    ? .weight(
                        parameter.name, a, reference: b, tolerance: Self.folding,
                        reason: Self.foldingReason)
                    : .weight(parameter.name, a, reference: b))
        }
        for parameter in theirs.parameters where mine.name(of: parameter.role) == nil {
            rows.append(absent(parameter.name, reference.weights, on: "the value"))
        }
    }

    /// A parameter of one side: no difference when it is a bias of zeros.
    private func absent(
        _ name: String, _ weights: [String: Tensor], on side: String
    ) -> ParityRow {
        guard let tensor = weights[name], tensor.doubles().allSatisfy({ $0 == 0 }) else {
            return missing(name, on: side)
        }
        return ParityRow(name: name, status: .explained, explanation: "zeros, absent in \(side)")
    }

    private mutating func compareFolded(
        _ mine: ParameterLayer, _ myNormalization: ParameterLayer?, _ theirs: ParameterLayer,
        _ theirNormalization: ParameterLayer?
    ) {
        guard let a = FoldedConvolution(mine, myNormalization, value.weights),
            let b = FoldedConvolution(theirs, theirNormalization, reference.weights)
        else {
            rows.append(
                ParityRow(
                    name: mine.node, status: .different,
                    explanation: "a normalisation that cannot be folded"))
            return
        }
        let name = mine.name(of: .weight) ?? mine.node
        rows.append(
            .weight(
                name, a.weight, reference: b.weight, tolerance: Self.folding,
                reason: Self.foldingReason))
        rows.append(
            .weight(
                mine.name(of: .bias) ?? "\(mine.node) bias", a.bias, reference: b.bias,
                tolerance: Self.folding, reason: Self.foldingReason))
    }

    mutating func compareExtras() {
        for (name, tensor) in value.extras.sorted(by: { $0.key < $1.key }) {
            guard let other = reference.extras[name] else { continue }
            rows.append(.weight(name, tensor, reference: other))
        }
    }
}

/// A convolution's weight and bias with the normalisation after it worked in.
private struct FoldedConvolution {
    let weight: Tensor
    let bias: Tensor

    init?(
        _ layer: ParameterLayer, _ normalization: ParameterLayer?, _ weights: [String: Tensor]
    ) {
        guard let weight = layer.name(of: .weight).flatMap({ weights[$0] }),
            let outputs = weight.shape.first, outputs > 0
        else { return nil }
        var biases =
            layer.name(of: .bias).flatMap { weights[$0] }?.doubles()
            ?? [Double](repeating: 0, count: outputs)
        guard let normalization else {
            self.weight = weight
            bias = Tensor(biases.map { Float($0) })
            return
        }
        func parameter(_ role: ParameterRole) -> [Double]? {
            normalization.name(of: role).flatMap { weights[$0] }?.doubles()
        }
        guard let gamma = parameter(.scale), let beta = parameter(.shift),
            let mean = parameter(.mean), let variance = parameter(.variance),
            gamma.count == outputs, beta.count == outputs, mean.count == outputs,
            variance.count == outputs
        else { return nil }
        let epsilon = Double(normalization.epsilon ?? 1e-5)
        var values = weight.doubles()
        let depth = values.count / outputs
        for output in 0..<outputs {
            let factor = gamma[output] / (variance[output] + epsilon).squareRoot()
            for index in output * depth..<(output + 1) * depth { values[index] *= factor }
            biases[output] = (biases[output] - mean[output]) * factor + beta[output]
        }
        self.weight = Tensor(values.map { Float($0) }, shape: weight.shape)
        bias = Tensor(biases.map { Float($0) })
    }
}
