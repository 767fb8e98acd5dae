import Synchronization
import Tensors
import TestSupport
import Testing

/// Orders of axes that are only carried out when elements are read.
struct ReorderingTests {
    private static let shapes: [([Int], [Int])] = [
        ([5, 7], [1, 0]), ([3, 4, 5], [2, 0, 1]), ([3, 1, 4, 6], [3, 2, 0, 1]),
        ([64, 3, 5, 5], [2, 3, 1, 0]), ([1, 9], [1, 0]), ([600, 530], [1, 0]),
        ([1100, 1030], [1, 0]), ([1030, 8, 7, 20], [2, 3, 1, 0]),
        ([9, 33, 130], [2, 1, 0]), ([0, 3], [1, 0]), ([40, 30, 6, 250], [0, 2, 3, 1]),
    ]

    private func numbered(_ shape: [Int], _ type: ElementType = .float32) -> Tensor {
        let values = (0..<shape.reduce(1, *)).map { Double($0 % 251) }
        return Tensor(rounding: values, to: type, shape: shape)
    }

    /// The plain meaning, element by element.
    private func expected(_ tensor: Tensor, _ axes: [Int]) -> [Double] {
        let values = tensor.doubles()
        var strides = [Int](repeating: 1, count: tensor.rank)
        for axis in stride(from: tensor.rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * tensor.shape[axis + 1]
        }
        let target = axes.map { tensor.shape[$0] }
        return (0..<values.count).map { index in
            var rest = index
            var from = 0
            for (size, axis) in zip(target, axes).reversed() {
                from += rest % size * strides[axis]
                rest /= size
            }
            return values[from]
        }
    }

    @Test(arguments: shapes)
    func `Pieces together are the permuted elements`(_ shape: [Int], _ axes: [Int]) {
        for type in [ElementType.float32, .float64, .float16, .uint8] {
            let tensor = numbered(shape, type)
            let permuted = tensor.permuted(axes)
            let pieces = Mutex<[Int: [UInt8]]>([:])
            unsafe permuted.eachPiece { start, piece in
                let copy = unsafe Array(piece)
                pieces.withLock { $0[start] = copy }
            }
            var bytes: [UInt8] = []
            for (start, piece) in pieces.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
                #expect(start == bytes.count, "pieces neither overlap nor leave gaps")
                bytes += piece
            }
            #expect(bytes.count == permuted.byteCount)
            let whole = Tensor(
                elementType: type, shape: permuted.shape, storage: ByteStorage(bytes))
            #expect(whole.doubles() == expected(tensor, axes), "\(type)")
            #expect(permuted.isBitEqual(to: whole))
            #expect(whole.isBitEqual(to: permuted))
            #expect(permuted.doubles() == whole.doubles())
        }
    }

    @Test(arguments: shapes)
    func `The inverse order leads back to the same bytes`(_ shape: [Int], _ axes: [Int]) {
        let tensor = numbered(shape)
        let inverse = axes.indices.map { axis in axes.firstIndex(of: axis) ?? 0 }
        let back = tensor.permuted(axes).permuted(inverse)
        #expect(back.isBitEqual(to: tensor))
        if tensor.elementCount > 0 { #expect(back.storage === tensor.storage) }
    }

    @Test
    func `Reshapes between permutations keep their meaning`() {
        let tensor = numbered([6, 4 * 9])
        let turned = tensor.reshaped([6, 4, 9]).permuted([2, 1, 0]).reshaped([36, 6])
        let back = turned.reshaped([9, 4, 6]).permuted([2, 1, 0]).reshaped([6, 36])
        #expect(back.isBitEqual(to: tensor))
        #expect(back.storage === tensor.storage)
        // A shape that cuts across the reordered axes.
        let cut = turned.reshaped([8, 27]).permuted([1, 0])
        #expect(cut.doubles() == expected(numbered([8, 27]).withValues(of: turned), [1, 0]))
    }

    @Test
    func `A changed element is found in any order`() {
        let shape = [37, 41]
        var values = (0..<37 * 41).map { Double($0) }
        let tensor = Tensor(rounding: values, to: .float32, shape: shape)
        values[1000] += 1
        let other = Tensor(rounding: values, to: .float32, shape: shape)
        #expect(!tensor.permuted([1, 0]).isBitEqual(to: other.permuted([1, 0])))
        let copy = Tensor(
            rounding: tensor.permuted([1, 0]).doubles(), to: .float32, shape: [41, 37])
        #expect(tensor.permuted([1, 0]).isBitEqual(to: copy))
        #expect(!other.permuted([1, 0]).isBitEqual(to: copy))
    }
}

extension Tensor {
    fileprivate func withValues(of other: Tensor) -> Tensor {
        Tensor(rounding: other.doubles(), to: elementType, shape: shape)
    }
}
