import Architectures
import FormatInterface
import IR
import Parity
import Tensors

/// What `inspect` tells.
struct Inspection: Encodable {
    struct Layer: Encodable {
        let name: String
        let op: String
        let outputShape: [Int]
        let parameters: Int
        let multiplyAdds: Int
        let elementType: String
    }

    struct Value: Encodable {
        let name: String
        let elementType: String
        let shape: String
        let layout: String
    }

    let file: String
    let format: String
    let producer: String
    let architecture: String?
    /// Why it is that architecture, or what comes nearest.
    let recognition: String
    let preprocess: String?
    let inputs: [Value]
    let outputs: [Value]
    let layers: [Layer]
    /// Numbers that training may change.
    let parameters: Int
    /// Other numbers of the file that the network computes with: statistics, codes, fixed zeros.
    let fixedNumbers: Int
    /// Bytes of both.
    let parameterBytes: Int
    let multiplyAdds: Int
    let problems: [TensorProblem]
    let notes: [String]

    init(_ file: ModelFile) throws {
        let model = file.model
        let types = try file.exampleTypes(batch: 1)
        self.file = file.path
        format = file.format
        producer = model.producer
        architecture = model.architecture?.name
        recognition = model.recognition
        problems = file.problems
        preprocess = file.usualRecipe
        inputs = model.graph.inputs.map { Value($0, file) }
        outputs = model.graph.outputs.map { Value($0, file) }
        let counts = ParameterCounts(model)
        layers = model.nodeGroups.map { Layer($0, file, types, counts) }
        parameters = counts.trainable
        fixedNumbers = counts.all - counts.trainable
        parameterBytes = counts.bytes
        multiplyAdds = layers.reduce(0) { $0.addingReportingOverflow($1.multiplyAdds).partialValue }
        let greys = ["pictures are made grey and divided by 255"]
        notes =
            model.notes + (model.preprocess == nil && preprocess != nil ? greys : [])
            + Inspection.fixedNumbers(model, model.trainableCounts) + Inspection.oddities(model)
    }

    /// What of the file's numbers is no parameter.
    private static func fixedNumbers(_ model: Model, _ trainable: [String: Int]) -> [String] {
        let roles = model.layers.flatMap(\.parameters).filter {
            $0.role == .mean || $0.role == .variance
        }
        let isStatistic = Set(roles.map(\.name))
        var statistics = 0
        var others: [String] = []
        for (name, count) in trainable.sorted(by: { $0.key < $1.key }) {
            guard let tensor = model.weights[name], !model.missing.contains(name) else { continue }
            let fixed = Numbers.grouped(tensor.elementCount - count)
            if isStatistic.contains(name) {
                statistics += tensor.elementCount
            } else if count == 0 {
                others.append("'\(name)' holds \(fixed) fixed numbers, which are no parameters")
            } else {
                others.append(
                    "'\(name)' is zero in \(fixed) of its \(Numbers.grouped(tensor.elementCount)) "
                        + "places, between maps that are not connected: they are no parameters")
            }
        }
        if statistics > 0 {
            others.append(
                "\(Numbers.grouped(statistics)) statistics of normalisations are no parameters")
        }
        return others
    }

    /// Weights that are no numbers.
    private static func oddities(_ model: Model) -> [String] {
        model.weights.sorted { $0.key < $1.key }.compactMap { name, tensor in
            guard tensor.elementType.isFloatingPoint, !model.missing.contains(name) else {
                return nil
            }
            let summary = TensorSummary(of: tensor)
            guard summary.nonFiniteCount > 0 else { return nil }
            return "weight '\(name)' holds \(summary.nanCount) NaN and "
                + "\(summary.infinityCount) infinite values"
        }
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("LAYER"), .init("OPERATOR"), .init("OUTPUT", .right),
            .init("PARAMETERS", .right), .init("MULTIPLY-ADDS", .right), .init("TYPE"),
        ])
        for layer in layers {
            table.add([
                .init(layer.name), .init(layer.op), .init("\(layer.outputShape)"),
                .init(layer.parameters == 0 ? "" : Numbers.grouped(layer.parameters)),
                .init(layer.multiplyAdds == 0 ? "" : Numbers.grouped(layer.multiplyAdds)),
                .init(layer.elementType),
            ])
        }
        table.add([
            .init("total", .strong), "", "", .init(Numbers.grouped(parameters), .strong),
            .init(Numbers.grouped(multiplyAdds), .strong), .init(Numbers.bytes(parameterBytes)),
        ])
        var lines = ["\(visible(file)): \(format), \(architecture ?? "a network of its own")"]
        if !recognition.isEmpty { lines.append("because \(visible(recognition))") }
        if !producer.isEmpty { lines.append("written by \(visible(producer))") }
        lines.append(table.render(coloured: coloured))
        if !problems.isEmpty { lines.append(TensorProblem.table(problems, coloured: coloured)) }
        lines += inputs.map { "input   \($0.text)" }
        lines += outputs.map { "output  \($0.text)" }
        lines.append("recipe  \(preprocess ?? "none known; give --preprocess to run on pictures")")
        lines += notes.map { "note    \(visible($0))" }
        return lines.joined(separator: "\n")
    }
}

extension ModelFile {
    /// Types of all values, to examine the network with.
    func exampleTypes(batch: Int) throws -> [String: ValueInfo] {
        do {
            return try model.graph.inferTypes(
                inputShapes: exampleShapes(batch: batch), constants: model.weights)
        } catch let error as GraphError {
            throw InputError(file: path, format: format, problem: "\(error)")
        }
    }

    /// Shapes to examine the network with: as declared, and pictures of 224 × 224 where a network
    /// takes any size.
    private func exampleShapes(batch: Int) throws -> [String: [Int]] {
        let takesAnySize = model.graph.inputs.allSatisfy { input in
            guard let shape = input.shape, shape.count == 4, case .fixed = shape[1] else {
                return false
            }
            return shape[2...].allSatisfy { if case .fixed = $0 { false } else { true } }
        }
        return takesAnySize && !model.graph.inputs.isEmpty
            ? model.graph.assumedInputShapes(batch: batch) : try inputShapes(batch: batch)
    }
}

extension Inspection.Value {
    fileprivate init(_ value: ValueDeclaration, _ file: ModelFile) {
        name = value.name
        elementType = value.elementType.rawValue
        shape = file.declaredShape(value.shape)
        layout =
            value.shape?.count == 4 ? file.model.inputLayout.rawValue.uppercased() : "row-major"
    }

    fileprivate var text: String { "\(visible(name))  \(elementType) \(shape) \(layout)" }
}

extension Inspection.Layer {
    fileprivate init(
        _ group: Model.NodeGroup, _ file: ModelFile, _ types: [String: ValueInfo],
        _ counts: ParameterCounts
    ) {
        let constant = group.constants(of: file.model).first {
            !file.model.missing.contains($0)
        }
        let output = group.nodes.last.flatMap { types[$0.outputs[0]] }
        name = group.name
        op = group.operation
        outputShape = file.declaredShape(output?.shape ?? [])
        parameters = counts.trainable(group, of: file.model)
        multiplyAdds = group.multiplyAdds(types)
        let tensor = constant.flatMap { file.model.weights[$0] }
        elementType = (tensor?.elementType ?? output?.elementType)?.rawValue ?? ""
    }
}
