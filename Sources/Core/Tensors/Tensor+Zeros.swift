import Foundation

extension Tensor {
    /// A tensor of zeros that takes no memory until it is read.
    ///
    /// - Precondition: the shape's bytes can be counted.
    package init(zerosOf elementType: ElementType, shape: [Int]) {
        guard let size = Tensor.byteCount(of: shape, elementType) else {
            preconditionFailure("tensor shape \(shape) is negative or overflows")
        }
        let storage = unsafe ByteStorage(
            count: size,
            whenReadFilledBy: { buffer in
                if let base = buffer.baseAddress { unsafe memset(base, 0, buffer.count) }
            })
        self.init(elementType: elementType, shape: shape, storage: storage)
    }
}
