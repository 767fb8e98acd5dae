import Architectures
import FormatInterface
import IR
import Parity

/// Compares two files' weights and operators, and names what explains a difference.
struct DiffCommand: Command {
    static let name = "diff"
    static let abstract = "Compare two models' weights and operators, and name what differs"
    static let usage = ["A B [--all]"]
    static let options: [CommandOption] =
        [.flag("all", help: "list bit-equal tensors too")] + TensorNaming.options
    static let discussion = """
        Tensors are matched by the part they play in their layer, whatever the formats,
        names and axis orders; by their names where they make no network Ferry knows. B
        is the reference. Neither network is run. Where undoing a known mistake of
        converters would make the tensors equal, it is named: transposed or flipped
        kernels, flatten order, swapped statistics, a flipped bit and many more. What one
        file folds into a layer or keeps as a scale and a shift, the other's normalisation
        is made into, in float64; such tensors agree up to rounding, and by how much is
        shown. Coordinates are [out, in, height, width]; where A's file has another order,
        those in the file follow. The exit status is 0 when nothing differs but for such a
        reason, 1 when something does. --rename and --mapping change A's names.
        """
    static let example = """
        ferry diff converted.onnx original.pth
        ferry diff model.h5 model.onnx --all
        ferry diff mine.safetensors theirs.safetensors --json
        """

    private let paths: [String]
    private let listsAll: Bool
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        paths = try arguments.exactly("A", "B")
        listsAll = arguments.has("all")
        naming = try TensorNaming(arguments)
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let activity = console.activity("reading")
        defer { activity.finish() }
        var other = TensorNaming()
        other.isPartial = naming.isPartial
        var value = try Side(paths[0], global, naming)
        var reference = try Side(paths[1], global, other)
        value.choose(as: reference, global)
        reference.choose(as: value, global)
        activity.enter("comparing")
        let report = try compare(value, reference)
        activity.finish()
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(listsAll: listsAll, coloured: console.colours))
        }
        return report.passes ? .done : .different
    }

    /// A file, and its network where there is one.
    private struct Side {
        let path: String
        let checkpoint: Checkpoint
        private let format: any ModelFormat.Type
        private(set) var network: Result<ModelFile, ModelError>
        private(set) var notes: [String] = []

        init(_ path: String, _ global: GlobalOptions, _ naming: TensorNaming) throws {
            self.path = path
            let (format, checkpoint) = try ModelFile.read(path, global, naming)
            (self.format, self.checkpoint) = (format, checkpoint)
            do throws(ModelError) {
                network = .success(
                    try ModelFile(
                        path: path, format: format, checkpoint, global,
                        isPartial: naming.isPartial))
            } catch {
                network = .failure(error)
            }
        }

        /// Of several networks that the tensors fit, takes the other file's.
        mutating func choose(as other: Side, _ global: GlobalOptions) {
            guard case .failure(let error) = network, case .ambiguous(let names) = error.error,
                let name = other.model?.architecture?.name, names.contains(name)
            else { return }
            var global = global
            global.architecture = name
            guard let file = try? ModelFile(path: path, format: format, checkpoint, global)
            else { return }
            network = .success(file)
            notes.append(
                "\(path) fits \(names.joined(separator: " and ")): taken for \(name), as the other "
                    + "file is")
        }

        var model: Model? { try? network.get().model }

        /// Whether the file says how its network ends; weights alone do not.
        var statesEnd: Bool {
            checkpoint.graph != nil || checkpoint.metadata[MetadataKey.softmax] != nil
        }
    }

    private func compare(_ value: Side, _ reference: Side) throws -> DiffReport {
        var notes: [String] = []
        let examination: Examination
        var findings: [Finding] = []
        var sources: [String: String] = [:]
        let isNamed = value.model == nil || reference.model == nil
        if let mine = value.model, let theirs = reference.model {
            examination = Examination(mine, theirs)
            sources = mine.sourceNames
            for note in value.notes + reference.notes + mine.notes + theirs.notes
            where !notes.contains(note) {
                notes.append(note)
            }
        } else {
            guard
                let named = NamedComparison(
                    value.checkpoint, reference.checkpoint, reference.model)
            else {
                _ = try (value.network.get(), reference.network.get())
                return DiffReport(
                    value: value.path, reference: reference.path, matchedBy: "name", [], [],
                    notes: [])
            }
            examination = Examination(named.pairs)
            for side in [value, reference] {
                if case .failure(let error) = side.network { notes += error.lines }
            }
        }
        for finding in examination.findings {
            let isEnd = [.softmaxMissing, .softmaxExtra].contains(finding.cause)
            if isEnd, !(value.statesEnd && reference.statesEnd) {
                notes.append("only one network ends in Softmax; weights alone do not say")
            } else {
                findings.append(finding)
            }
        }
        let files = Dictionary(
            value.checkpoint.tensors.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = examination.results.map { result in
            DiffReport.Row(
                result, source: files[sources[result.pair.name] ?? result.pair.name])
        }
        return DiffReport(
            value: value.path, reference: reference.path, matchedBy: isNamed ? "name" : "role",
            rows, findings, notes: notes)
    }
}
