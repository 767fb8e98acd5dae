import Architectures
import FormatInterface
import Foundation
import IR
import Parity
import Tensors

/// Says what is in a model file.
struct InspectCommand: Command {
    static let name = "inspect"
    static let abstract = "Show a model's layers, totals, inputs, outputs and recipe"
    static let usage = ["MODEL… [--plan [--batch N]]"]
    static let options: [CommandOption] = [
        .flag("plan", help: "show how it would be computed here, and in how much memory"),
        .value("batch", "N", help: "pictures the plan is for (default: 1)"),
    ]
    static let example = """
        ferry inspect vgg16.onnx
        ferry inspect weights.h5 --arch lenet5 --json
        ferry inspect vgg16.onnx --plan --batch 8
        """

    private let paths: [String]
    private let plans: Bool
    private let batch: Int
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        paths = try arguments.atLeast("MODEL")
        plans = arguments.has("plan")
        let batch = try arguments.integer("batch", in: 1...65536)
        if batch != nil, !plans {
            throw UsageError("--batch: expected together with --plan, found alone")
        }
        self.batch = batch ?? 1
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        var documents: [Document] = []
        let status = console.forEach(paths) { path in
            let (document, complaint) = try examine(path)
            if global.json {
                documents.append(document)
            } else {
                if path != paths.first { try console.print("") }
                try console.print(document.text(coloured: console.colours))
            }
            return complaint.map(console.report) ?? .done
        }
        if global.json, paths.count > 1 {
            try console.printJSON(documents)
        } else if global.json, let document = documents.first {
            try console.printJSON(document)
        }
        return status
    }

    /// What there is to say about a file, and what stands in the way of saying more.
    private func examine(_ path: String) throws -> (Document, (any Error)?) {
        let (format, checkpoint) = try ModelFile.read(path, global)
        do {
            let file = try ModelFile(path: path, format: format, checkpoint, global)
            return (plans ? .plan(try plan(file)) : .network(try Inspection(file)), nil)
        } catch let error as ModelError {
            // Tensors without a meaning can still be listed; whatever else is wrong cannot.
            guard case .unrecognized = error.error, global.architecture == nil else { throw error }
            return (.tensors(TensorListing(path: path, format: format.name, checkpoint)), error)
        }
    }

    private func plan(_ file: ModelFile) throws -> PlanListing {
        let engine = try Engine(global)
        let plan = try engine.plan(file, inputShapes: file.inputShapes(batch: batch))
        return PlanListing(file: file.path, batch: batch, engine, plan)
    }

    private enum Document: Encodable {
        case network(Inspection)
        case plan(PlanListing)
        case tensors(TensorListing)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .network(let inspection): try inspection.encode(to: encoder)
            case .plan(let listing): try listing.encode(to: encoder)
            case .tensors(let listing): try listing.encode(to: encoder)
            }
        }

        func text(coloured: Bool) -> String {
            switch self {
            case .network(let inspection): inspection.text(coloured: coloured)
            case .plan(let listing): listing.text(coloured: coloured)
            case .tensors(let listing): listing.text(coloured: coloured)
            }
        }
    }
}

/// The tensors of a file whose network is unknown.
struct TensorListing: Encodable {
    struct Entry: Encodable {
        let name: String
        let shape: [Int]
        let elementType: String
    }

    let file: String
    let format: String
    let producer: String
    let tensors: [Entry]
    let notes: [String]

    init(path: String, format: String, _ checkpoint: Checkpoint) {
        file = path
        self.format = format
        producer = checkpoint.producer
        notes = checkpoint.notes
        tensors = checkpoint.tensors.map {
            Entry(
                name: $0.name, shape: $0.tensor.shape, elementType: $0.tensor.elementType.rawValue)
        }
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("TENSOR"), .init("SHAPE", .right), .init("TYPE"),
        ])
        for tensor in tensors {
            table.add([.init(tensor.name), "\(tensor.shape)", .init(tensor.elementType)])
        }
        return "\(visible(file)): \(format), \(tensors.count) tensors of an unknown network\n"
            + ([table.render(coloured: coloured)] + notes.map { "note    \(visible($0))" })
            .joined(separator: "\n")
    }
}

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
    let preprocess: String?
    let inputs: [Value]
    let outputs: [Value]
    let layers: [Layer]
    let parameters: Int
    let parameterBytes: Int
    let multiplyAdds: Int
    let notes: [String]

    init(_ file: ModelFile) throws {
        let model = file.model
        let types: [String: ValueInfo]
        do {
            types = try model.graph.inferTypes(
                inputShapes: file.inputShapes(batch: 1), constants: model.weights)
        } catch let error as GraphError {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
        self.file = file.path
        format = file.format
        producer = model.producer
        architecture = model.architecture?.name
        preprocess = file.usualRecipe
        inputs = model.graph.inputs.map { Value($0, file) }
        outputs = model.graph.outputs.map { Value($0, file) }
        layers = model.graph.nodes.map { node in
            let constants = Set(node.inputs).compactMap { model.weights[$0] }
            return Layer(
                name: node.name, op: node.op.type,
                outputShape: file.declaredShape(types[node.outputs[0]]?.shape ?? []),
                parameters: constants.reduce(0) { $0 + $1.elementCount },
                multiplyAdds: node.multiplyAdds(types),
                elementType: (constants.first?.elementType ?? types[node.outputs[0]]?.elementType)?
                    .rawValue ?? "")
        }
        parameters = model.weights.values.reduce(0) { $0 + $1.elementCount }
        parameterBytes = model.weights.values.reduce(0) { $0 + $1.byteCount }
        multiplyAdds = layers.reduce(0) { $0.addingReportingOverflow($1.multiplyAdds).partialValue }
        let greys = ["pictures are made grey and divided by 255"]
        notes =
            model.notes + (model.preprocess == nil && preprocess != nil ? greys : [])
            + Inspection.oddities(model)
    }

    /// Weights that are no numbers.
    private static func oddities(_ model: Model) -> [String] {
        model.weights.sorted { $0.key < $1.key }.compactMap { name, tensor in
            guard tensor.elementType.isFloatingPoint else { return nil }
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
        if !producer.isEmpty { lines.append("written by \(visible(producer))") }
        lines.append(table.render(coloured: coloured))
        lines += inputs.map { "input   \($0.text)" }
        lines += outputs.map { "output  \($0.text)" }
        lines.append("recipe  \(preprocess ?? "none known; give --preprocess to run on pictures")")
        lines += notes.map { "note    \(visible($0))" }
        return lines.joined(separator: "\n")
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
