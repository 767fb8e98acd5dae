import IR
import Parity
import Tensors
import Testing

extension Tolerance {
    /// What the fixtures demand of operators that round more than once.
    static let rounded = Tolerance(
        relative: 1e-5, absoluteOfMaximum: 1e-6,
        reason:
            "ONNX Runtime and the kernels sum up to 1,600 products in float32, each in an order "
            + "of its own, and approximate functions within a few units in the last place; a wrong "
            + "tap, pad or coefficient moves a result by a part in a hundred")

    /// For operators whose results float32 arithmetic determines.
    static let determined = Tolerance(
        relative: 0, absoluteOfMaximum: 0,
        reason: "elements are moved, chosen or rounded once by IEEE 754: one right answer")

    /// How closely both the plain meaning and the engine must agree with a recorded answer.
    static func forOperators(_ types: Set<String>) -> Tolerance {
        types.isSubset(of: determinedOperators) ? .determined : .rounded
    }

    private static let determinedOperators: Set = [
        "Abs", "Add", "Cast", "Clip", "Concat", "Constant", "Div", "Dropout", "Flatten", "Gather",
        "GlobalMaxPool", "Identity", "Max", "MaxPool", "Min", "Mul", "Neg", "Pad", "Relu",
        "Reshape", "Shape", "Slice", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
    ]
}

/// Checks type, shape and elements; integers and booleans exactly, whatever the tolerance.
func expect(
    _ found: [Tensor], toMatch expected: [Tensor], within tolerance: Tolerance,
    _ context: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, "\(context)", sourceLocation: sourceLocation)
    for (result, reference) in zip(found, expected) {
        #expect(
            result.elementType == reference.elementType, "\(context)",
            sourceLocation: sourceLocation)
        #expect(result.shape == reference.shape, "\(context)", sourceLocation: sourceLocation)
        guard result.shape == reference.shape else { continue }
        if !reference.elementType.isFloatingPoint || tolerance == .determined {
            #expect(
                result.hasEqualBytes(to: reference),
                "\(context): expected \(reference.doubles()), found \(result.doubles())",
                sourceLocation: sourceLocation)
            continue
        }
        let references = reference.doubles()
        let maximum = references.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
        for (index, (a, b)) in zip(result.doubles(), references).enumerated() {
            #expect(
                tolerance.admits(a, reference: b, maximum: maximum),
                "\(context): element \(index)", sourceLocation: sourceLocation)
        }
    }
}
