import KernelInterface
import Parity
import Runtime

/// What `inspect --plan` tells: how the network would be computed here, and in how much memory.
struct PlanListing: Encodable {
    struct Step: Encodable {
        let name: String
        let operation: String
        let algorithm: String
        let outputShape: [Int]
        /// Bytes of activations alive during the step.
        let liveBytes: Int
        let weightBytes: Int

        enum CodingKeys: String, CodingKey {
            case name, operation, algorithm
            case outputShape = "output_shape"
            case liveBytes = "live_bytes"
            case weightBytes = "weight_bytes"
        }
    }

    let file: String
    let batch: Int
    let threads: Int
    let kernels: String
    let numerics: String
    let arenaBytes: Int
    let scratchBytesPerThread: Int
    let preparedBytes: Int
    let steps: [Step]

    enum CodingKeys: String, CodingKey {
        case file, batch, threads, kernels, numerics, steps
        case arenaBytes = "arena_bytes"
        case scratchBytesPerThread = "scratch_bytes_per_thread"
        case preparedBytes = "prepared_bytes"
    }

    init(file: String, batch: Int, _ engine: Engine, _ plan: Plan) {
        self.file = file
        self.batch = batch
        threads = engine.pool.threadCount
        kernels = engine.kernels.name
        numerics = engine.numerics.rawValue
        arenaBytes = plan.arenaByteCount
        scratchBytesPerThread = plan.scratchByteCount
        preparedBytes = plan.preparedByteCount
        steps = zip(plan.summary, plan.liveByteCounts).map { summary, live in
            Step(
                name: summary.name, operation: summary.operation, algorithm: summary.algorithm,
                outputShape: summary.outputShape, liveBytes: live,
                weightBytes: summary.weightBytes)
        }
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("STEP"), .init("OPERATION"), .init("ALGORITHM"), .init("OUTPUT", .right),
            .init("ACTIVATIONS", .right), .init("WEIGHTS", .right),
        ])
        for step in steps {
            table.add([
                .init(step.name), .init(step.operation), .init(step.algorithm),
                "\(step.outputShape)", .init(Numbers.bytes(step.liveBytes)),
                .init(step.weightBytes == 0 ? "" : Numbers.bytes(step.weightBytes)),
            ])
        }
        return """
            \(visible(file)): batch \(batch), \(threads) thread\(threads == 1 ? "" : "s"), \
            \(kernels) kernels, \(numerics) numerics
            \(table.render(coloured: coloured))
            peak of activations \(Numbers.bytes(arenaBytes)), \
            \(Numbers.bytes(scratchBytesPerThread)) of scratch a thread, \
            \(Numbers.bytes(preparedBytes)) of weights rearranged
            """
    }
}
