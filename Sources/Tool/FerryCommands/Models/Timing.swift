import Foundation
import KernelInterface
import Parity
import Runtime

/// What the machine can do at most, measured.
struct Ceilings: Encodable {
    /// Floating-point operations a second of one core, in units of 10⁹; a multiply-add is two.
    let peakGFLOPSPerCore: Double
    /// Bytes a second read from memory by all threads, in units of 10⁹.
    let readGBPerSecond: Double

    enum CodingKeys: String, CodingKey {
        case peakGFLOPSPerCore = "peak_gflops_per_core"
        case readGBPerSecond = "read_gb_per_s"
    }

    private init(peakGFLOPSPerCore: Double, readGBPerSecond: Double) {
        self.peakGFLOPSPerCore = peakGFLOPSPerCore
        self.readGBPerSecond = readGBPerSecond
    }

    /// The higher of several measurements, each of which other programs may have disturbed.
    static func best(of all: [Ceilings]) -> Ceilings {
        Ceilings(
            peakGFLOPSPerCore: all.map(\.peakGFLOPSPerCore).max() ?? 0,
            readGBPerSecond: all.map(\.readGBPerSecond).max() ?? 0)
    }

    /// - Parameter reads: whether memory is measured too, which takes a buffer of its own: not
    ///   while a model's weights fill memory.
    init(_ engine: Engine, reads: Bool) {
        peakGFLOPSPerCore = Ceilings.arithmetic(engine.kernels)
        readGBPerSecond = reads ? Ceilings.memory(engine) : 0
    }

    private static func arithmetic(_ kernels: KernelSet) -> Double {
        let clock = ContinuousClock()
        var iterations = 1 << 10
        var best = 0.0
        // The first rounds find a length of about 5 ms; kernels differ by a factor of 100.
        for _ in 0..<12 {
            let start = clock.now
            _ = kernels.probeFMA(iterations)
            let seconds = (clock.now - start) / .seconds(1)
            best = max(best, Double(iterations * kernels.probeFMAs * 32) / seconds / 1e9)
            if seconds < 5e-3 { iterations *= 4 }
        }
        return best
    }

    private static func memory(_ engine: Engine) -> Double {
        // Far larger than any cache.
        let size = 128 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { unsafe buffer.deallocate() }
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 1)
        let pieces = engine.pool.threadCount
        let clock = ContinuousClock()
        var best = 0.0
        for _ in 0..<4 {
            let start = clock.now
            engine.pool.run(count: pieces) { piece, _ in
                let bounds = size * piece / pieces & ~255..<size * (piece + 1) / pieces & ~255
                unsafe _ = engine.kernels.probeRead(
                    UnsafeRawBufferPointer(rebasing: buffer[bounds]))
            }
            best = max(best, Double(size) / ((clock.now - start) / .seconds(1)) / 1e9)
        }
        return best
    }
}

/// What `bench` reports.
struct Timing: Encodable {
    struct Step: Encodable {
        let name: String
        let operation: String
        let algorithm: String
        let outputShape: [Int]
        let medianMilliseconds: Double
        let gflops: Double
        let weightGBPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case name, operation, algorithm, gflops
            case outputShape = "output_shape"
            case medianMilliseconds = "median_ms"
            case weightGBPerSecond = "weight_gb_per_s"
        }
    }

    let file: String
    let batch: Int
    let threads: Int
    let kernels: String
    let planMilliseconds: Double
    let medianMilliseconds: Double
    let minimumMilliseconds: Double
    /// 10⁹ operations a second over all convolutions together.
    let convolutionGFLOPS: Double
    let arenaBytes: Int
    let preparedBytes: Int
    let ceilings: Ceilings
    let steps: [Step]

    enum CodingKeys: String, CodingKey {
        case file, batch, threads, kernels, ceilings, steps
        case planMilliseconds = "plan_ms"
        case medianMilliseconds = "median_ms"
        case minimumMilliseconds = "min_ms"
        case convolutionGFLOPS = "convolution_gflops"
        case arenaBytes = "arena_bytes"
        case preparedBytes = "prepared_bytes"
    }

    init(
        file: String, batch: Int, threads: Int, kernels: String, planning: Double,
        whole: [Double], steps: [[Double]], plan: Plan, ceilings: Ceilings
    ) {
        self.file = file
        self.batch = batch
        self.threads = threads
        self.kernels = kernels
        planMilliseconds = planning
        medianMilliseconds = median(whole)
        minimumMilliseconds = whole.min() ?? 0
        self.ceilings = ceilings
        arenaBytes = plan.arenaByteCount
        preparedBytes = plan.preparedByteCount
        let medians = steps.map { median($0) }
        var convolution = (operations: 0.0, milliseconds: 0.0)
        for (summary, time) in zip(plan.summary, medians) where summary.isConvolution {
            convolution.operations += 2 * Double(summary.multiplyAdds)
            convolution.milliseconds += time
        }
        convolutionGFLOPS =
            convolution.milliseconds > 0
            ? convolution.operations / convolution.milliseconds / 1e6 : 0
        self.steps = zip(plan.summary, medians).map { summary, time in
            Step(
                name: summary.name, operation: summary.operation, algorithm: summary.algorithm,
                outputShape: summary.outputShape, medianMilliseconds: time,
                gflops: time > 0 ? 2 * Double(summary.multiplyAdds) / time / 1e6 : 0,
                weightGBPerSecond: time > 0 ? Double(summary.weightBytes) / time / 1e6 : 0)
        }
    }

    func text(layers: Bool, coloured: Bool) -> String {
        let peak = ceilings.peakGFLOPSPerCore * Double(threads)
        var lines = [
            "\(visible(file)): batch \(batch), \(threads) thread\(threads == 1 ? "" : "s"), "
                + "\(kernels) kernels",
            "median \(Numbers.milliseconds(medianMilliseconds)), "
                + "minimum \(Numbers.milliseconds(minimumMilliseconds)), "
                + "plan \(Numbers.milliseconds(planMilliseconds)), "
                + "activations \(Numbers.bytes(arenaBytes)), "
                + "prepared weights \(Numbers.bytes(preparedBytes))",
            String(
                format: "machine: %.0f GFLOP/s a core, %.1f GB/s read",
                ceilings.peakGFLOPSPerCore, ceilings.readGBPerSecond),
        ]
        if convolutionGFLOPS > 0 {
            lines.append(
                String(
                    format: "convolutions: %.0f GFLOP/s, %.0f %% of the peak of %d thread%@",
                    convolutionGFLOPS, 100 * convolutionGFLOPS / peak, threads,
                    threads == 1 ? "" : "s"))
        }
        if layers { lines.append(table(peak: peak).render(coloured: coloured)) }
        return lines.joined(separator: "\n")
    }

    private func table(peak: Double) -> TextTable {
        var table = TextTable(columns: [
            .init("STEP"), .init("OPERATION"), .init("ALGORITHM"), .init("OUTPUT", .right),
            .init("MEDIAN", .right), .init("GFLOP/s", .right), .init("OF PEAK", .right),
            .init("GB/s", .right), .init("OF READ", .right),
        ])
        for step in steps {
            let works = step.gflops > 0
            table.add([
                .init(step.name), .init(step.operation), .init(step.algorithm),
                "\(step.outputShape)", .init(Numbers.milliseconds(step.medianMilliseconds)),
                .init(works ? String(format: "%.0f", step.gflops) : ""),
                .init(works ? String(format: "%.0f %%", 100 * step.gflops / peak) : ""),
                .init(works ? String(format: "%.1f", step.weightGBPerSecond) : ""),
                .init(
                    works
                        ? String(
                            format: "%.0f %%",
                            100 * step.weightGBPerSecond / ceilings.readGBPerSecond) : ""),
            ])
        }
        return table
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
