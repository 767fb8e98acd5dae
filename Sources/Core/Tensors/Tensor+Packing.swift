/// Elements of fewer than 8 bits as files keep them: several in a byte, the first in its lowest bits.
extension Tensor {
    /// Bytes that the elements of `shape` take in a file; nil when the shape is not valid.
    package static func packedByteCount(of shape: [Int], _ elementType: ElementType) -> Int? {
        guard elementType.isPacked else { return byteCount(of: shape, elementType) }
        let perByte = 8 / elementType.bitWidth
        return elementCount(of: shape).map { $0 / perByte + ($0 % perByte == 0 ? 0 : 1) }
    }

    /// Bytes that the elements take in a file.
    package var packedByteCount: Int { Tensor.packedByteCount(of: shape, elementType) ?? 0 }

    /// Elements that are packed at `byteOffset`, unpacked when they are first read.
    ///
    /// - Precondition: all of them lie inside the storage.
    package init(
        unpacking elementType: ElementType, shape: [Int], storage: ByteStorage, byteOffset: Int
    ) {
        guard elementType.isPacked else {
            self.init(
                elementType: elementType, shape: shape, storage: storage, byteOffset: byteOffset)
            return
        }
        let count = Tensor.elementCount(of: shape) ?? 0
        let size = Tensor.packedByteCount(of: shape, elementType) ?? 0
        precondition(byteOffset >= 0 && size <= storage.count - byteOffset)
        let width = elementType.bitWidth
        let elements = unsafe ByteStorage(
            count: count,
            whenReadFilledBy: { out in
                unsafe storage.withUnsafeBytes { source in
                    for index in 0..<count {
                        let bit = index * width
                        let byte = unsafe source[byteOffset + bit / 8]
                        unsafe out[index] = elementType.element(in: byte >> UInt8(bit % 8))
                    }
                }
            })
        self.init(elementType: elementType, shape: shape, storage: elements)
    }

    /// The elements' bytes as files keep them: a uint8 tensor of one axis for packed types, this
    /// tensor for others.
    package func packed() -> Tensor {
        guard elementType.isPacked else { return self }
        let width = elementType.bitWidth
        let mask = UInt8(1 << width - 1)
        return unsafe Tensor(.uint8, shape: [packedByteCount]) {
            (out: UnsafeMutableBufferPointer<UInt8>) in
            unsafe out.initialize(repeating: 0)
            unsafe withUnsafeBytes { source in
                for index in 0..<elementCount {
                    let bit = index * width
                    unsafe out[bit / 8] |= (source[index] & mask) << UInt8(bit % 8)
                }
            }
        }
    }
}

extension ElementType {
    /// The element in the lowest bits of a byte, as memory keeps it.
    package func element(in byte: UInt8) -> UInt8 {
        let unused = UInt8(8 - bitWidth)
        switch self {
        case .int2, .int4:
            return UInt8(bitPattern: Int8(bitPattern: byte << unused) >> Int8(unused))
        default: return byte & UInt8(1 << bitWidth - 1)
        }
    }
}
