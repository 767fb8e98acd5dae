import Parity

/// What `convert` reports.
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

    func text(coloured: Bool) -> String {
        let network = architecture.map { ", \($0)" } ?? ""
        let head =
            "\(visible(source)) → \(visible(destination)): \(format)\(network), "
            + "\(tensors) tensors, \(Numbers.bytes(bytes)), read back bit-equal, "
            + Numbers.milliseconds(milliseconds)
        return
            ([head] + (rounding.map { [$0.text] } ?? [])
            + (problems.isEmpty ? [] : [TensorProblem.table(problems, coloured: coloured)]))
            .joined(separator: "\n")
    }
}
