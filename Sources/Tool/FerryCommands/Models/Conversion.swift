import Architectures
import FormatInterface
import IR
import Parity
import Tensors

/// What commands that write a model report.
struct Conversion: Encodable {
    let source: String
    let destination: String
    let format: String
    let architecture: String?
    let preprocess: String?
    let tensors: Int
    let bytes: Int
    /// Nil unless another element type was asked for.
    let rounding: RoundingReport?
    /// Tensors that do not fit the network, where a part of one was asked for.
    let problems: [TensorProblem]
    let milliseconds: Double
    let notes: [String]

    /// - Parameters:
    ///   - checkpoint: what was written.
    ///   - start: when the work began.
    init(
        _ source: String, to destination: String, _ format: String, _ model: Model?,
        _ checkpoint: Checkpoint, rounding: RoundingReport? = nil,
        since start: ContinuousClock.Instant, notes: [String]
    ) {
        self.source = source
        self.destination = destination
        self.format = format
        architecture = model?.architecture?.name
        preprocess = model?.preprocess
        tensors = checkpoint.tensors.count
        bytes = checkpoint.tensors.reduce(0) { $0 + $1.tensor.byteCount }
        self.rounding = rounding
        problems = model?.problems.compactMap { TensorProblem($0) } ?? []
        milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        self.notes = notes
    }

    func text(coloured: Bool) -> String {
        let network = architecture.map { ", \($0)" } ?? ""
        let head =
            "\(visible(source)) → \(visible(destination)): \(format)\(network), "
            + "\(counted(tensors, "tensor")), \(Numbers.bytes(bytes)), read back bit-equal, "
            + Numbers.milliseconds(milliseconds)
        return
            ([head] + (rounding.map { [$0.text] } ?? [])
            + (problems.isEmpty ? [] : [TensorProblem.table(problems, coloured: coloured)]))
            .joined(separator: "\n")
    }
}
