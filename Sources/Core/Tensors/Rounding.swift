/// Elements of another tensor, rounded to another floating-point type when they are read.
final class Rounding: Sendable {
    let source: Tensor
    let target: ElementType

    init(of source: Tensor, to target: ElementType) {
        self.source = source
        self.target = target
    }
}

extension Tensor {
    /// The elements rounded to another floating-point type: to nearest, ties to even, beyond the
    /// type's range to infinity; NaN stays NaN.
    ///
    /// No element is rounded before it is read; `eachPiece` never holds more than a part of them.
    ///
    /// - Precondition: both types are floating-point types, the new one of at least 16 bits.
    package func rounded(to elementType: ElementType) -> Tensor {
        if elementType == self.elementType { return self }
        precondition(
            elementType.isFloatingPoint && elementType.smallFloat == nil
                && self.elementType.isFloatingPoint,
            "\(self.elementType) cannot be rounded to \(elementType)")
        let rounding = Rounding(of: self, to: elementType)
        let storage = unsafe ByteStorage(
            count: elementCount * elementType.size,
            whenReadFilledBy: { buffer in
                // Pieces do not overlap.
                nonisolated(unsafe) let buffer = unsafe buffer
                unsafe rounding.eachPiece { offset, bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset...])
                        .copyMemory(from: bytes)
                }
            })
        return Tensor(rounding, shape: shape, storage: storage)
    }

    /// Whether the elements lie in the storage as they are, neither reordered nor rounded when read.
    package var isStored: Bool { reordering == nil && rounding == nil }

    /// The storage that the elements come from in the end.
    package var sourceStorage: ByteStorage {
        rounding?.source.sourceStorage ?? reordering?.storage ?? storage
    }
}

extension Rounding {
    /// Elements rounded at a time, in a buffer that stays in the cache.
    private static let pieceElements = 1 << 17

    func eachPiece<Failure: Error>(
        _ body: @Sendable (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe source.eachPiece { offset, bytes throws(Failure) in
            let buffer = unsafe makeBuffer()
            defer { unsafe buffer.deallocate() }
            let first = offset / source.elementType.size
            try unsafe round(bytes, in: buffer) { position, rounded throws(Failure) in
                try unsafe body((first + position) * target.size, rounded)
            }
        }
    }

    func eachPieceInOrder<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let buffer = unsafe makeBuffer()
        defer { unsafe buffer.deallocate() }
        try unsafe source.eachPieceInOrder { bytes throws(Failure) in
            try unsafe round(bytes, in: buffer) { _, rounded throws(Failure) in
                try unsafe body(rounded)
            }
        }
    }

    private func makeBuffer() -> UnsafeMutableRawBufferPointer {
        let count = min(max(source.elementCount, 1), Self.pieceElements)
        return .allocate(byteCount: count * target.size, alignment: 64)
    }

    /// Rounds a run of elements, part by part, each with its place in the run.
    private func round<Failure: Error>(
        _ bytes: UnsafeRawBufferPointer, in buffer: UnsafeMutableRawBufferPointer,
        _ body: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let size = source.elementType.size
        let count = bytes.count / size
        for first in stride(from: 0, to: count, by: Self.pieceElements) {
            let end = min(first + Self.pieceElements, count)
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[first * size..<end * size])
            unsafe source.elementType.round(part, to: target, in: buffer)
            let rounded = unsafe UnsafeRawBufferPointer(buffer)[..<((end - first) * target.size)]
            try unsafe body(first, UnsafeRawBufferPointer(rebasing: rounded))
        }
    }
}

extension ElementType {
    /// Rounds elements of this type to `target`, both floating-point types.
    fileprivate func round(
        _ source: UnsafeRawBufferPointer, to target: ElementType,
        in out: UnsafeMutableRawBufferPointer
    ) {
        if let values = smallFloat?.values {
            return unsafe convert(source, to: target, in: out) { (code: UInt8) in
                values[Int(code)]
            }
        }
        switch self {
        case .float32:
            unsafe convert(source, to: target, in: out) { (word: Float) in word }
        case .float64:
            unsafe convert(source, to: target, in: out) { (word: Double) in word }
        case .float16:
            unsafe convert(source, to: target, in: out) { Half.float($0) }
        default:
            unsafe convert(source, to: target, in: out) { BrainFloat.value($0) }
        }
    }

    /// Calls `body` with the index and the value of each element, and with what rounding makes of it.
    fileprivate func eachPair(
        _ source: UnsafeRawBufferPointer, to target: ElementType,
        _ body: (Int, Double, Double) -> Void
    ) {
        if let values = smallFloat?.values {
            return unsafe pairs(source, to: target, { (code: UInt8) in values[Int(code)] }, body)
        }
        switch self {
        case .float32:
            unsafe pairs(source, to: target, { (word: Float) in word }, body)
        case .float64:
            unsafe pairs(source, to: target, { (word: Double) in word }, body)
        case .float16:
            unsafe pairs(source, to: target, { Half.float($0) }, body)
        default:
            unsafe pairs(source, to: target, { BrainFloat.value($0) }, body)
        }
    }
}

extension Rounding {
    /// Calls `body` with every element's index, value and rounded value.
    func eachPair(_ body: (Int, Double, Double) -> Void) {
        var first = 0
        unsafe source.eachPieceInOrder { bytes in
            unsafe source.elementType.eachPair(bytes, to: target) { index, value, rounded in
                body(first + index, value, rounded)
            }
            first += bytes.count / source.elementType.size
        }
    }
}

@inline(__always)
private func eachWord<Word: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ body: (Int, Word) -> Void
) {
    let size = MemoryLayout<Word>.size
    for index in 0..<source.count / size {
        let word = unsafe source.loadUnaligned(fromByteOffset: index * size, as: Word.self)
        body(index, word)
    }
}

@inline(__always)
private func pairs<Word: BitwiseCopyable, Value: RoundableNumber>(
    _ source: UnsafeRawBufferPointer, to target: ElementType, _ value: (Word) -> Value,
    _ body: (Int, Double, Double) -> Void
) {
    @inline(__always) func each(_ rounded: (Value) -> Double) {
        unsafe eachWord(source) { index, word in
            let number = value(word)
            body(index, number.double, rounded(number))
        }
    }
    switch target {
    case .float32: each { Double($0.float) }
    case .float64: each { $0.double }
    case .float16: each { Double(Half.float($0.half)) }
    default: each { Double(BrainFloat.value($0.brainFloat)) }
    }
}

/// Rounds every element of `source`, whose words `value` reads.
@inline(__always)
private func convert<Word: BitwiseCopyable, Value: RoundableNumber>(
    _ source: UnsafeRawBufferPointer, to target: ElementType,
    in out: UnsafeMutableRawBufferPointer, _ value: (Word) -> Value
) {
    @inline(__always) func each<Result: BitwiseCopyable>(_ result: (Value) -> Result) {
        unsafe eachWord(source) { index, word in
            unsafe out.storeBytes(
                of: result(value(word)), toByteOffset: index * MemoryLayout<Result>.size,
                as: Result.self)
        }
    }
    switch target {
    case .float32: each { $0.float }
    case .float64: each { $0.double }
    case .float16: each { $0.half }
    default: each { $0.brainFloat }
    }
}

/// A number that becomes every floating-point type with one rounding.
private protocol RoundableNumber {
    var float: Float { get }
    var double: Double { get }
    /// Bits of binary16.
    var half: UInt16 { get }
    /// Bits of bfloat16.
    var brainFloat: UInt16 { get }
}

extension Float: RoundableNumber {
    fileprivate var float: Float { self }
    fileprivate var double: Double { Double(self) }
    fileprivate var half: UInt16 { Half.bits(rounding: self) }
    fileprivate var brainFloat: UInt16 { BrainFloat.bits(rounding: self) }
}

extension Double: RoundableNumber {
    fileprivate var float: Float { Float(self) }
    fileprivate var double: Double { self }
    fileprivate var half: UInt16 { Half.bits(rounding: self) }
    fileprivate var brainFloat: UInt16 { BrainFloat.bits(rounding: self) }
}
