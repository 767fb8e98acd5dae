import FormatInterface
import IR
import Parity
import Tensors

/// What rounding to another element type did to a checkpoint's tensors.
struct RoundingReport: Encodable, Equatable {
    /// A tensor's element.
    struct Place: Encodable, Equatable {
        let tensor: String
        let index: [Int]

        var text: String { "'\(tensor)' \(index)" }
    }

    let elementType: String
    /// Tensors of another type before.
    private(set) var tensors = 0
    /// Finite elements that became infinite.
    private(set) var overflows = 0
    private(set) var firstOverflow: Place?
    private(set) var overflowingValue: Double?
    /// Elements other than 0 that became 0.
    private(set) var zeroed = 0
    private(set) var largestError = 0.0
    private(set) var worst: Place?

    init(of checkpoint: Checkpoint, rounded elementType: ElementType) {
        self.elementType = elementType.rawValue
        for tensor in checkpoint.tensors {
            guard let summary = tensor.tensor.roundingSummary() else { continue }
            func place(_ offset: Int) -> Place {
                Place(tensor: tensor.path, index: position(of: offset, in: tensor.tensor.shape))
            }
            tensors += 1
            overflows += summary.overflowCount
            zeroed += summary.vanishedCount
            if firstOverflow == nil, let first = summary.firstOverflow {
                firstOverflow = place(first)
                overflowingValue = summary.overflowingValue
            }
            if summary.largestError > largestError, let offset = summary.worst {
                largestError = summary.largestError
                worst = place(offset)
            }
        }
    }

    var text: String {
        var parts = ["\(tensors) tensors rounded to \(elementType)"]
        if let worst {
            parts.append("largest error \(Float(largestError)) in \(visible(worst.text))")
        } else if overflows == 0 {
            parts.append("no value changed")
        }
        if overflows > 0 { parts.append("\(Numbers.grouped(overflows)) became infinite") }
        if zeroed > 0 { parts.append("\(Numbers.grouped(zeroed)) became 0") }
        return parts.joined(separator: ", ")
    }

    /// Refuses values that became infinite.
    ///
    /// - Throws: `InputError` naming the first.
    func refuseOverflow(of source: String, format: String) throws(InputError) {
        guard overflows > 0, let firstOverflow, let overflowingValue else { return }
        throw InputError(
            file: source, format: format, place: "tensor \(firstOverflow.text)",
            expected: "values that \(elementType) can hold",
            found: "\(overflowingValue); with it \(Numbers.grouped(overflows)) would become "
                + "infinite, which --allow-overflow allows")
    }
}

/// The indices along each axis of the element at `offset`.
private func position(of offset: Int, in shape: [Int]) -> [Int] {
    var rest = offset
    var indices: [Int] = []
    for size in shape.reversed() {
        indices.append(rest % size)
        rest /= size
    }
    return indices.reversed()
}
