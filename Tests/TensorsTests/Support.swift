import Tensors
import TestSupport

/// A tensor of seeded random bytes, `offset` bytes into its storage.
func randomTensor(_ type: ElementType, _ shape: [Int], offset: Int = 0) -> Tensor {
    var generator = SeededGenerator(seed: UInt64(shape.count * 8 + type.size))
    let size = Tensor.byteCount(of: shape, type) ?? 0
    let bytes = (0..<offset + size + 5).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    return Tensor(
        elementType: type, shape: shape, storage: ByteStorage(bytes), byteOffset: offset)
}

/// A tensor of these bytes along one axis, `offset` bytes into its storage.
func tensor(_ type: ElementType, of bytes: [UInt8], offset: Int = 0) -> Tensor {
    Tensor(
        elementType: type, shape: [bytes.count / type.size],
        storage: ByteStorage([UInt8](repeating: 0xA5, count: offset) + bytes), byteOffset: offset)
}

/// The elements' bytes, copied.
func bytes(of tensor: Tensor) -> [UInt8] {
    unsafe tensor.withUnsafeBytes { unsafe Array($0) }
}

/// `value`'s bytes, the lowest first.
func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
}
