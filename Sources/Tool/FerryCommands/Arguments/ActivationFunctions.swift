import Architectures
import Foundation
import IR
import Reports
import Tensors

/// An activation function: a graph of it alone, for any maps.
private struct ActivationFunction {
    var name: String
    var spec: LayerSpec.Activation?

    /// In the order of their papers; no network that Ferry knows has a sigmoid.
    static let all = [
        ActivationFunction(name: "sigmoid", spec: nil),
        ActivationFunction(name: "tanh", spec: .tanh),
        ActivationFunction(name: "1.7159 tanh(2x/3)", spec: .scaledTanh),
        ActivationFunction(name: "ReLU", spec: .relu),
    ]

    func graph(side: Int, channels: Int, _ elementType: ElementType) -> Graph {
        let network = Architecture(
            name: name, side: side, channels: channels,
            layers: [.activation("activation", spec ?? .tanh)])
        let sizes = NetworkSizes(inputChannels: channels, convs: [], dense: [])
        var graph = network.graph(NetworkForm(sizes: sizes, elementType: elementType))
        if spec == nil { graph.nodes[graph.nodes.count - 1].op = Sigmoid() }
        return graph
    }

    /// f of each value, in float64: as many as a square picture has pixels.
    func values(of arguments: [Double], side: Int) throws -> [Double] {
        let graph = graph(side: side, channels: 1, .float64)
        let input = Tensor(arguments, shape: [1, 1, side, side])
        let outputs = try graph.evaluate(["input": input], constants: [:])
        return outputs["output"]?.doubles() ?? []
    }
}

/// The normal distribution N(0, 1) as a midpoint rule of 2¹⁴ cells on −8 … 8.
private enum NormalRule {
    static let side = 128
    static let points = (0..<side * side).map { (Double($0) + 0.5) / 1024 - 8 }
    /// φ(z)·h.
    static let weights = points.map { exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() / 1024 }

    static func mean(_ values: [Double]) -> Double {
        zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

/// Range, moments and time of the activation functions.
func activationFunctions(_ context: ArgumentContext) throws -> Argument {
    let functions = ActivationFunction.all
    let times = try context.measures ? measured(functions, context.engine) : []
    var means: [Double] = []
    var curves: [FigureChart.Curve] = []
    let rows = try functions.enumerated().map { index, function in
        let ends = try function.values(of: [-.infinity, .infinity, 0, 0], side: 2)
        let points = NormalRule.points
        let values = try function.values(of: points, side: NormalRule.side)
        let mean = NormalRule.mean(values)
        let variance = NormalRule.mean(values.map { $0 * $0 }) - mean * mean
        let slope = NormalRule.mean(zip(points, values).map { $0 * $1 })
        means.append(mean)
        curves.append(curve(function.name, zip(points, values)))
        let numbers = [ends[0], ends[1], mean, variance.squareRoot(), slope]
        var figures: [Figure?] = numbers.map { .decimal($0, digits: 4) }
        figures.append(times.isEmpty ? nil : .milliseconds(times[index]))
        return FigureTable.Row(function.name, figures)
    }
    let isCentred = means[1].magnitude < 1e-9 && means[2].magnitude < 1e-9
    let isUnbounded = rows[3].figures[1] == .decimal(.infinity, digits: 4)
    let speed =
        times.isEmpty
        ? ""
        : " ReLU takes \(Figure.decimal(times[1] / times[3], digits: 1).text(separator: ",")) "
            + "times less time than tanh here; behind a convolution Ferry computes it in the "
            + "same loop, for nothing."
    return Argument(
        name: "activations", title: "Activation functions",
        claim: "Symmetric functions keep the mean of their outputs near 0 (1998); a rectifier "
            + "does not saturate, and networks of rectifiers train several times faster (2012).",
        source: "LeCun et al., 1998, appendix A; Krizhevsky et al., 2012, section 3.1",
        formulas: [
            "range: f(−∞) … f(∞), as each function only grows",
            "mean and deviation of f(z) over z ~ N(0, 1), by the midpoint rule on 2¹⁴ points",
            "mean slope: E[f′(z)] = E[z f(z)], by which errors shrink on their way back",
        ]
            + (context.measures
                ? ["time: float32 maps of 64 × 224 × 224, the median of 15 runs"] : []),
        table: FigureTable(
            "function",
            [
                .init("lower", "lowest"), .init("upper", "highest"), .init("mean", "mean"),
                .init("deviation", "deviation"), .init("slope", "mean slope"),
                .init("milliseconds", "time, ms", .measured),
            ], rows),
        chart: .curves(curves),
        verdict: isCentred && isUnbounded ? .holds : .doesNotHold,
        conclusion: "Both forms of tanh have mean 0, a sigmoid ½ and ReLU "
            + "\(Figure.decimal(means[3], digits: 2).text(separator: ",")); the sigmoid hands "
            + "back the least of an error. Only ReLU has no upper end to saturate at."
            + speed)
}

/// The function on −4 … 4, as far as it is at most 2.
private func curve(
    _ name: String, _ points: some Sequence<(Double, Double)>
) -> FigureChart.Curve {
    let near = points.enumerated().filter { place, point in
        place % 64 == 32 && point.0.magnitude <= 4 && point.1 <= 2
    }
    return FigureChart.Curve(
        name: name, points: near.map { (x: $0.element.0, y: $0.element.1) })
}

/// Milliseconds of each on maps of 64 × 224 × 224.
private func measured(_ functions: [ActivationFunction], _ engine: Engine) throws -> [Double] {
    let shape = [1, 64, 224, 224]
    let inputs = ["input": SeededValues.input(shape: shape, seed: 1)]
    let plans = try functions.map { function in
        let graph = function.graph(side: 224, channels: 64, .float32)
        let file = ModelFile(
            Model(graph: graph, weights: [:], architecture: nil, origin: .pytorch))
        return (
            plan: try engine.plan(file, inputShapes: ["input": shape]), inputs: inputs
        )
    }
    return try Rounds(plans, engine, count: 15).whole.map(median)
}
