import Architectures
import FormatInterface
import IR
import Parity
import Runtime
import Tensors

/// `verify MODEL --against float64`: a model's own answers beside their truth.
struct TruthComparison {
    let file: ModelFile
    let engine: Engine
    /// By the graph's input names, NCHW.
    let inputs: [String: Tensor]
    let tolerance: Tolerance

    /// Judges the outputs in the engine's arithmetic.
    ///
    /// - Parameter page: gathers what it shows of them.
    func report(_ page: inout PageWriter?) throws -> ParityReport {
        let outputs = file.model.graph.outputs.map(\.name)
        var report = ParityReport(value: file.path, reference: "float64")
        let truth = try engine.truth(of: file, inputs: inputs)
        let values = try engine.run(file, inputs: inputs)
        let type = outputs.first.flatMap { values[$0]?.elementType } ?? .float32
        report.notes = file.model.notes
        report.notes.append("\(file.path) computed in \(type), \(engine.description)")
        for name in outputs {
            guard let value = values[name], let reference = truth[name] else { continue }
            let (declared, truth) = (file.declared(value), file.declared(reference))
            report.outputs.append(
                .output(name, declared, reference: truth, tolerance: tolerance))
            page?.add(
                name, declared, reference: truth, tolerance: tolerance,
                inputs: file.model.graph.inputs.compactMap { inputs[$0.name] })
        }
        return report
    }

    /// The errors of every layer in each arithmetic, one arithmetic after the other.
    func growth() throws -> ErrorGrowth {
        let layers = file.model.graph.layerOutputs
        let names = layers.map(\.output)
        let truth = try engine.activations(
            of: file, inputs: inputs, names: names, in: .float64)
        let shown = layers.filter { truth[$0.output]?.elementType == .float64 }
        var growth = ErrorGrowth(
            arithmetics: arithmetics.map(\.name),
            layers: shown.compactMap { layer in
                truth[layer.output].map {
                    ErrorGrowth.Layer(
                        name: layer.name, operation: layer.operation, truth: $0)
                }
            })
        for (name, arithmetic) in arithmetics {
            let values: [String: Tensor]
            do {
                values = try engine.activations(
                    of: file, inputs: inputs, names: names, in: arithmetic)
            } catch let error as InputError where arithmetic.roundsWeights {
                growth.notes.append("no figures for \(name): \(error)")
                continue
            }
            for (index, layer) in shown.enumerated() {
                guard let value = values[layer.output], let reference = truth[layer.output] else {
                    continue
                }
                growth.layers[index].errors[name] = .init(of: value, from: reference)
            }
        }
        return growth
    }

    private var arithmetics: [(name: String, Arithmetic)] {
        Numerics.allCases.map { ($0.rawValue, .engine($0, .f32)) }
            + [DenseWeights.bf16, .f16].map { ($0.rawValue, .engine(engine.numerics, $0)) }
    }
}

extension Arithmetic {
    fileprivate var roundsWeights: Bool {
        if case .engine(_, let weights) = self { weights != .f32 } else { false }
    }
}

extension Engine {
    /// "fast numerics", for people.
    fileprivate var description: String {
        "\(numerics) numerics"
            + (weights == .f32 ? "" : ", dense weights rounded to \(weights)")
    }
}

/// What is printed as JSON: a report's own keys, and `errorGrowth` where it was asked for.
struct TruthReport: Encodable {
    let report: ParityReport
    let growth: ErrorGrowth?

    private enum CodingKeys: String, CodingKey { case errorGrowth }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(growth, forKey: .errorGrowth)
    }

    func text(coloured: Bool) -> String {
        [growth?.text(coloured: coloured), report.text(coloured: coloured)]
            .compactMap(\.self).joined(separator: "\n\n")
    }
}

extension Graph {
    /// The layers that compute, in graph order: a node with the normalisation and the functions of
    /// single elements that alone read it, and the value that comes of them.
    var layerOutputs: [(name: String, operation: String, output: String)] {
        var readers: [String: [Int]] = [:]
        for (index, node) in nodes.enumerated() {
            for input in Set(node.inputs) { readers[input, default: []].append(index) }
        }
        let given = Set(outputs.map(\.name))
        var taken: Set<Int> = []
        var layers: [(name: String, operation: String, output: String)] = []
        for (index, node) in nodes.enumerated() where !taken.contains(index) {
            guard var output = node.outputs.first, node.op.computes else { continue }
            var operation = node.op.type
            while !given.contains(output), let next = readers[output], next.count == 1,
                nodes[next[0]].op.followsInPlace, nodes[next[0]].inputs.first == output,
                let result = nodes[next[0]].outputs.first
            {
                operation += " + \(nodes[next[0]].op.type)"
                output = result
                taken.insert(next[0])
            }
            layers.append((node.name.isEmpty ? output : node.name, operation, output))
        }
        return layers
    }
}

extension Operator {
    /// Whether numbers change, rather than their places.
    fileprivate var computes: Bool {
        guard let foldable = self as? any Foldable else { return true }
        switch Swift.type(of: foldable).folding {
        case .small: return true
        case .movesBytes, .repeatsElement, .sharesBytes: return false
        }
    }

    fileprivate var followsInPlace: Bool {
        self is BatchNormalization || self is Clip || self is any ElementwiseOperator
    }
}
