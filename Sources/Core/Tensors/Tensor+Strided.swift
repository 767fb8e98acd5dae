/// Elements that lie otherwise than a tensor's own: far apart, or with their bytes reversed.
extension Tensor {
    /// A row-major copy of the elements at `byteOffset` + Σ index · stride.
    ///
    /// - Parameter strides: in elements, one for each axis, none negative; 0 repeats elements.
    /// - Precondition: all of them lie inside the storage.
    package init(
        copying elementType: ElementType, shape: [Int], strides: [Int], from storage: ByteStorage,
        byteOffset: Int
    ) {
        precondition(shape.count == strides.count && !shape.isEmpty)
        switch elementType.size {
        case 1: self.init(copying: elementType, shape, strides, storage, byteOffset, UInt8.self)
        case 2: self.init(copying: elementType, shape, strides, storage, byteOffset, UInt16.self)
        case 4: self.init(copying: elementType, shape, strides, storage, byteOffset, UInt32.self)
        default: self.init(copying: elementType, shape, strides, storage, byteOffset, UInt64.self)
        }
    }

    private init<Word: FixedWidthInteger & SIMDScalar & BitwiseCopyable>(
        copying elementType: ElementType, _ shape: [Int], _ strides: [Int],
        _ storage: ByteStorage, _ byteOffset: Int, _: Word.Type
    ) {
        unsafe self.init(elementType, shape: shape) { (out: UnsafeMutableBufferPointer<Word>) in
            unsafe storage.withUnsafeBytes { source in
                unsafe copyPermuted(
                    UnsafeRawBufferPointer(rebasing: source[byteOffset...]), to: out,
                    shape: shape, strides: strides)
            }
        }
    }

    /// The same elements with the bytes of each in reverse order.
    package func byteSwapped() -> Tensor {
        switch elementType.size {
        case 2: swapped(UInt16.self)
        case 4: swapped(UInt32.self)
        case 8: swapped(UInt64.self)
        default: self
        }
    }

    private func swapped<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> Tensor {
        unsafe Tensor(elementType, shape: shape) { (out: UnsafeMutableBufferPointer<Word>) in
            unsafe withUnsafeBytes { source in
                for index in out.indices {
                    let word = unsafe source.loadUnaligned(
                        fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                    unsafe out[index] = word.byteSwapped
                }
            }
        }
    }
}
