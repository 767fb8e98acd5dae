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
    static let usage = [
        "MODEL… [--plan|--sizes [--batch N]]", "MODEL… --partial [--rename REGEX=TEXT]",
        "MODEL [--svg FILE] [--dot FILE] [--force]",
    ]
    static let options: [CommandOption] =
        [
            .flag("plan", help: "show how it would be computed here, and in how much memory"),
            .flag("sizes", help: "show output sizes, receptive fields, work and memory by layer"),
            .value("batch", "N", help: "pictures the plan or the sizes are for (default: 1)"),
        ] + GraphFiles.options + TensorNaming.options
    static let discussion = """
        Says also why the tensors, or the graph, are taken for a network; of an unknown
        one, which known network comes nearest and where the two first differ. With
        --partial, tensors that are missing, unexpected or of another shape are listed.
        --svg draws the graph: a box for each layer with its parameters, coloured by what
        it does, an arrow for each value with its shape. That takes Graphviz' program dot.
        """
    static let example = """
        ferry inspect vgg16.onnx
        ferry inspect weights.h5 --arch lenet5 --json
        ferry inspect vgg16.onnx --plan --batch 8
        ferry inspect alexnet.pth --sizes --batch 128
        ferry inspect vgg16.onnx --svg vgg16.svg
        ferry inspect finetuned.pth --partial --arch vgg16
        ferry inspect wrapped.pth --rename '^net\\.=' --mapping names.txt
        """

    private let paths: [String]
    private let plans: Bool
    private let sizes: Bool
    private let batch: Int
    private let drawings: GraphFiles?
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        paths = try arguments.atLeast("MODEL")
        plans = arguments.has("plan")
        sizes = arguments.has("sizes")
        try arguments.refuseTogether("plan", "sizes")
        let batch = try arguments.integer("batch", in: 1...65536)
        if batch != nil, !plans, !sizes {
            throw UsageError("--batch: expected together with --plan or --sizes, found alone")
        }
        self.batch = batch ?? 1
        drawings = try GraphFiles(arguments)
        naming = try TensorNaming(arguments)
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        if let drawings { return try draw(drawings, console) }
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

    private func draw(_ drawings: GraphFiles, _ console: Console) throws -> ExitStatus {
        let program = try drawings.check(source: paths[0])
        let activity = console.activity("drawing \(paths[0])")
        let report = try drawings.write(ModelFile(path: paths[0], global, naming), by: program)
        activity.finish()
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(coloured: console.colours))
        }
        return .done
    }

    /// What there is to say about a file, and what stands in the way of saying more.
    private func examine(_ path: String) throws -> (Document, (any Error)?) {
        let (format, checkpoint) = try ModelFile.read(path, global, naming)
        do {
            let file = try ModelFile(
                path: path, format: format, checkpoint, global, isPartial: naming.isPartial)
            if plans { return (.plan(try plan(file)), nil) }
            if sizes { return (.sizes(try Sizes(file, batch: batch)), nil) }
            return (.network(try Inspection(file)), nil)
        } catch let error as ModelError {
            // Tensors without a meaning can still be listed; whatever else is wrong cannot.
            guard case .unrecognized = error.error, global.architecture == nil else { throw error }
            return (.tensors(TensorListing(path: path, format: format.name, checkpoint)), error)
        }
    }

    private func plan(_ file: ModelFile) throws -> PlanListing {
        let file = try file.complete()
        let engine = try Engine(global)
        let plan = try engine.plan(file, inputShapes: file.inputShapes(batch: batch))
        return PlanListing(file: file.path, batch: batch, engine, plan)
    }

    private enum Document: Encodable {
        case network(Inspection)
        case plan(PlanListing)
        case sizes(Sizes)
        case tensors(TensorListing)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .network(let inspection): try inspection.encode(to: encoder)
            case .plan(let listing): try listing.encode(to: encoder)
            case .sizes(let sizes): try sizes.encode(to: encoder)
            case .tensors(let listing): try listing.encode(to: encoder)
            }
        }

        func text(coloured: Bool) -> String {
            switch self {
            case .network(let inspection): inspection.text(coloured: coloured)
            case .plan(let listing): listing.text(coloured: coloured)
            case .sizes(let sizes): sizes.text(coloured: coloured)
            case .tensors(let listing): listing.text(coloured: coloured)
            }
        }
    }
}
