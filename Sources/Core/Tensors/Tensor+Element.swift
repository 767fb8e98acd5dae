/// Single elements, without moving the others.
extension Tensor {
    /// Where the element at `index`, counted in row-major order, lies in the storage that it comes
    /// from; nil for elements that are rounded when they are read.
    ///
    /// - Precondition: there is such an element.
    package func place(ofElement index: Int) -> (storage: ByteStorage, byteOffset: Int)? {
        precondition(index >= 0 && index < elementCount, "element \(index) of \(shape)")
        if rounding != nil { return nil }
        guard let reordering else { return (storage, byteOffset + index * elementType.size) }
        var rest = index
        var offset = 0
        for (extent, stride) in zip(reordering.extents, reordering.strides).reversed() {
            offset += rest % extent * stride
            rest /= extent
        }
        return (reordering.storage, reordering.byteOffset + offset * elementType.size)
    }

    /// The bits of the element at `index`, in the lowest bits of a word.
    ///
    /// - Precondition: there is such an element.
    package func bits(ofElement index: Int) -> UInt64 {
        if let rounding {
            let source = rounding.source
            let code = source.bits(ofElement: index)
            let element = Tensor(
                elementType: source.elementType, shape: [1],
                storage: ByteStorage((0..<8).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) }))
            return element.rounded(to: elementType).bits(ofStored: 0)
        }
        guard let place = place(ofElement: index) else { return 0 }
        return elementType.bits(in: place.storage, at: place.byteOffset)
    }

    private func bits(ofStored index: Int) -> UInt64 {
        elementType.bits(in: storage, at: byteOffset + index * elementType.size)
    }
}

extension ElementType {
    fileprivate func bits(in storage: ByteStorage, at offset: Int) -> UInt64 {
        unsafe storage.withUnsafeBytes { bytes in
            (0..<size).reduce(0) { word, byte in
                unsafe word | UInt64(bytes[offset + byte]) << (8 * UInt64(byte))
            }
        }
    }
}
