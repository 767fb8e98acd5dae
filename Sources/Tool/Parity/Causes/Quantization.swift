import Tensors

/// Elements that were rounded to the steps of an 8-bit integer and widened again.
enum Quantization {
    static func cause(_ a: Tensor, _ b: Tensor) -> TensorCause? {
        guard a.elementCount >= 64 else { return nil }
        if isQuantized(a, b) {
            return TensorCause(
                .quantized, "the elements are rounded to the steps of an 8-bit integer")
        }
        guard a.rank > 1, let channels = a.shape.first, channels > 0 else { return nil }
        let size = a.elementCount / channels
        let holds =
            size >= 8
            && (0..<channels).allSatisfy { channel in
                let range = channel * size..<(channel + 1) * size
                return isQuantized(a.slice(range), b.slice(range))
            }
        return holds
            ? TensorCause(
                .quantized,
                "each output channel is rounded to the steps of an 8-bit integer of its own")
            : nil
    }

    /// Whether `a` is `b` on a grid of 127 steps to its largest magnitude, or 255 over its range.
    private static func isQuantized(_ a: Tensor, _ b: Tensor) -> Bool {
        var (low, high) = (Double.infinity, -Double.infinity)
        for block in a.blocks {
            for value in block.doubles() {
                guard value.isFinite else { return false }
                (low, high) = (min(low, value), max(high, value))
            }
        }
        let most = max(low.magnitude, high.magnitude)
        guard most > 0 else { return false }
        return [most / 127, most / 128, (max(high, 0) - min(low, 0)) / 255].contains { step in
            a.allPairs(b) { value, reference in
                let steps = value / step
                return (steps - steps.rounded()).magnitude < 1e-3
                    && (value - reference).magnitude <= step * 0.501
            }
        }
    }
}
