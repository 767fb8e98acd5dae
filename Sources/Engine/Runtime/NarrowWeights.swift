import Foundation
import Synchronization
import Tensors

extension Tensor {
    /// The elements of a float32 matrix rounded to nearest, ties to even, to 16 bits each.
    ///
    /// - Returns: the tensor, and the first finite element that became infinite, if any.
    func narrowed(
        to type: DenseWeights, on pool: WorkPool
    ) -> (tensor: Tensor, overflow: (element: Int, value: Float)?) {
        let first = Atomic<Int>(.max)
        let count = elementCount
        let pieces = max(1, min(pool.threadCount * 8, count >> 12))
        let isHalf = type == .f16
        let tensor = unsafe Tensor(isHalf ? .float16 : .bfloat16, shape: shape) {
            (target: UnsafeMutableBufferPointer<UInt16>) in
            unsafe preferLargePages(UnsafeMutableRawBufferPointer(target))
            unsafe withUnsafeBytes { source in
                pool.run(count: pieces) { piece, _ in
                    let range = count * piece / pieces..<count * (piece + 1) / pieces
                    let found =
                        isHalf
                        ? unsafe narrow(source, range, to: target, halfBits)
                        : unsafe narrow(source, range, to: target, brainBits)
                    if let found { first.min(found, ordering: .relaxed) }
                }
            }
        }
        let element = first.load(ordering: .relaxed)
        guard element < count else { return (tensor, nil) }
        let value = unsafe withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: element * 4, as: Float.self)
        }
        return (tensor, (element, value))
    }
}

/// Rounds the elements `range`; returns the first finite one that became infinite.
@inline(__always)
private func narrow(
    _ source: UnsafeRawBufferPointer, _ range: Range<Int>,
    to target: UnsafeMutableBufferPointer<UInt16>,
    _ round: (Float) -> (bits: UInt16, isInfinite: Bool)
) -> Int? {
    var overflow: Int?
    for index in range {
        let value = unsafe source.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
        let (bits, isInfinite) = round(value)
        unsafe target[index] = bits
        if isInfinite, value.isFinite, overflow == nil { overflow = index }
    }
    return overflow
}

private func halfBits(_ value: Float) -> (bits: UInt16, isInfinite: Bool) {
    let half = Float16(value)
    return (half.bitPattern, half.isInfinite)
}

private func brainBits(_ value: Float) -> (bits: UInt16, isInfinite: Bool) {
    if value.isNaN { return (0x7FC0, false) }
    let bits = value.bitPattern
    let upper = UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    return (upper, upper & 0x7FFF == 0x7F80)
}
