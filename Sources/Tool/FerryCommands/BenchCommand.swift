import Architectures
import FormatInterface
import Foundation
import KernelInterface
import Parity
import Runtime
import Tensors

/// Times a network.
struct BenchCommand: Command {
    static let name = "bench"
    static let abstract = "Time a network, step by step if wanted"
    static let usage = ["MODEL [--batch N] [--runs N] [--layers]"]
    static let options: [CommandOption] = [
        .value("batch", "N", help: "pictures in one run (default: 1)"),
        .value("runs", "N", help: "timed runs, after one that is not (default: 10)"),
        .flag("layers", help: "show each step's share"),
        .weights,
    ]
    static let discussion = """
        The machine's ceilings (multiply-adds of one core, memory read) are measured in
        the same run, and every figure is set beside them.
        """
    static let example = """
        ferry bench vgg16.onnx --layers --threads 1
        """

    private let model: String
    private let batch: Int
    private let runs: Int
    private let layers: Bool
    private let weights: DenseWeights
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        model = try arguments.exactly("MODEL")[0]
        batch = try arguments.integer("batch", in: 1...65536) ?? 1
        runs = try arguments.integer("runs", in: 1...100_000) ?? 10
        layers = arguments.has("layers")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let engine = try Engine(global, weights: weights)
        var ceilings = [Ceilings(engine, reads: true)]
        let file = try ModelFile(path: model, global)
        let inputs = try file.seededInputs(batch: batch)
        let clock = ContinuousClock()
        let start = clock.now
        let plan = try engine.plan(file, inputShapes: inputs.mapValues(\.shape))
        let planning = (clock.now - start) / .milliseconds(1)
        let progress = console.progress("runs")
        let rounds: Rounds
        do {
            rounds = try Rounds([(plan, inputs)], engine, count: runs) {
                progress.update($0, of: runs)
            }
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
        progress.finish()
        ceilings.append(Ceilings(engine, reads: false))
        let report = Timing(
            file: file.path, batch: batch, threads: global.threads, kernels: engine.kernels.name,
            planning: planning, whole: rounds.whole[0], steps: rounds.steps[0], plan: plan,
            ceilings: Ceilings.best(of: ceilings))
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(layers: layers, coloured: console.colours))
        }
        return .done
    }
}
