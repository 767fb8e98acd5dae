/// Visits a shape's elements in row-major order, following an offset into another array.
struct IndexWalk {
    private let shape: [Int]
    private let strides: [Int]
    private var index: [Int]
    /// Where the current element lies in the other array.
    private(set) var offset = 0

    init(shape: [Int], strides: [Int]) {
        self.shape = shape
        self.strides = strides
        index = [Int](repeating: 0, count: shape.count)
    }

    /// Steps to the next element; after the last one, to the first again.
    mutating func advance() {
        for axis in shape.indices.reversed() {
            index[axis] += 1
            offset += strides[axis]
            if index[axis] < shape[axis] { return }
            offset -= shape[axis] * strides[axis]
            index[axis] = 0
        }
    }
}

/// How far apart neighbours along each axis of a row-major array of `shape` lie.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
        strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
    }
    return strides
}

/// Strides under which an array of `shape` is read as one of `target`, of the same rank.
func broadcastStrides(_ shape: [Int], _ target: [Int]) -> [Int] {
    zip(rowMajorStrides(shape), zip(shape, target)).map { stride, sizes in
        sizes.0 == 1 && sizes.1 != 1 ? 0 : stride
    }
}
