import Tensors

/// Differences in few elements, and zeros.
enum FewElements {
    /// Elements that are listed one by one.
    private static let limit = 16

    /// One element or a few of many.
    static func cause(
        _ a: Tensor, _ b: Tensor, _ differences: ElementDifferences
    ) -> TensorCause? {
        let count = differences.differingCount
        guard count == 1 || (count <= limit && count * 8 <= a.elementCount) else { return nil }
        let place = coordinates(of: differences.first, in: a.shape)
        let values =
            "\(a.text(ofElement: differences.first)), reference \(b.text(ofElement: differences.first))"
        if count == 1, differences.firstBitCount == 1 {
            let bits = a.bits(ofElement: differences.first) ^ b.bits(ofElement: differences.first)
            let bit = bits.trailingZeroBitCount
            return TensorCause(
                .bitFlipped,
                "bit \(bit)\(part(bit, of: a.elementType)) of element \(place) is flipped: \(values)"
            )
        }
        if count == 1 {
            return TensorCause(.elementChanged, "element \(place) alone differs: \(values)")
        }
        return TensorCause(
            .elementsChanged,
            "\(count) elements of \(a.elementCount) differ, the first at \(place): \(values)")
    }

    private static func part(_ bit: Int, of type: ElementType) -> String {
        let fraction: Int
        switch type {
        case .float32: fraction = 23
        case .float64: fraction = 52
        case .float16: fraction = 10
        case .bfloat16: fraction = 7
        default: return ""
        }
        return bit == type.bitWidth - 1
            ? " (the sign)" : bit < fraction ? " (of the fraction)" : " (of the exponent)"
    }

    /// One number everywhere, where the reference has several.
    static func constant(_ a: Tensor, _ b: Tensor) -> TensorCause? {
        func first(_ tensor: Tensor) -> Double { tensor.slice(0..<1).doubles()[0] }
        func isConstant(_ tensor: Tensor) -> Bool {
            let number = first(tensor)
            return tensor.allPairs(tensor) { value, _ in value == number }
        }
        guard a.elementCount > 1, isConstant(a), !isConstant(b) else { return nil }
        return TensorCause(.constant, "every element is \(a.text(ofElement: 0))")
    }

    /// Zeros where the reference has other numbers: everywhere, or to the end.
    static func zeros(_ a: Tensor, _ b: Tensor, _ context: TensorContext) -> TensorCause? {
        let known = a.elementCount - a.trailingZeroCount
        if known == 0 {
            return context.role == .bias
                ? TensorCause(.biasMissing, "every element of the bias is zero")
                : TensorCause(.zeroed, "every element is zero")
        }
        let tail = a.trailingZeroCount
        guard tail > 1, b.trailingZeroCount < tail,
            a.slice(0..<known).hasBytes(of: b.slice(0..<known))
        else { return nil }
        return TensorCause(
            .tailZeroed,
            "the last \(tail) of \(a.elementCount) elements are zero, from element "
                + "\(coordinates(of: known, in: a.shape)) on: data cut off")
    }
}

extension Tensor {
    /// How many zeros the elements end in.
    fileprivate var trailingZeroCount: Int {
        var count = 0
        for block in Array(blocks).reversed() {
            let values = block.doubles()
            let zeros = values.reversed().prefix { $0 == 0 }.count
            count += zeros
            if zeros < values.count { break }
        }
        return count
    }

    /// An element in the fewest digits that tell it from others of its type.
    package func text(ofElement index: Int) -> String {
        let code = bits(ofElement: index)
        let element = Tensor(
            elementType: elementType, shape: [1],
            storage: ByteStorage((0..<8).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) }))
        let value = element.doubles()[0]
        return elementType == .float64 ? "\(value)" : "\(Float(value))"
    }
}
