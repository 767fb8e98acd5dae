import Tensors
import TestSupport
import Testing

@Suite struct PermutedAxes {
    /// Ranks 1 to 5; axes above 32 make the copy's blocks end in the middle.
    static let shapes = [
        [37], [33, 35], [3, 34, 5], [2, 3, 33, 2], [2, 3, 2, 35, 2], [32, 64], [3, 0, 2], [1, 1],
    ]
    static let types: [ElementType] = [.uint8, .float16, .float32, .float64]

    @Test(arguments: shapes, types)
    func `axis i of the copy is axis axes[i] of the tensor`(
        _ shape: [Int], _ type: ElementType
    ) throws {
        let tensor = randomTensor(type, shape)
        for axes in permutations(of: Array(shape.indices)) {
            let permuted = tensor.permuted(axes)
            #expect(permuted.elementType == type)
            #expect(permuted.shape == axes.map { shape[$0] })
            #expect(bytes(of: permuted) == permutedBytes(of: tensor, axes), "\(axes)")
        }
    }

    @Test(arguments: 0..<8)
    func `elements may start at any byte`(_ offset: Int) {
        for type in Self.types {
            let tensor = randomTensor(type, [5, 33, 3], offset: offset)
            for axes in permutations(of: [0, 1, 2]) {
                #expect(bytes(of: tensor.permuted(axes)) == permutedBytes(of: tensor, axes))
            }
        }
    }

    @Test func `the same order shares the bytes, and a scalar has only that`() {
        let tensor = randomTensor(.float32, [2, 3])
        #expect(tensor.permuted([0, 1]).storage === tensor.storage)
        #expect(tensor.permuted([1, 0]).storage !== tensor.storage)
        let scalar = randomTensor(.float32, [])
        #expect(scalar.permuted([]).isBitEqual(to: scalar))
    }

    @Test func `an order and its inverse give the tensor back`() {
        let tensor = randomTensor(.int16, [2, 33, 5, 7])
        for axes in permutations(of: [0, 1, 2, 3]) {
            let inverse = axes.indices.map { axis in axes.firstIndex(of: axis) ?? axis }
            #expect(tensor.permuted(axes).permuted(inverse).isBitEqual(to: tensor))
        }
    }
}

/// out[index] = in[index′] with index′[axes[i]] = index[i], one element at a time.
private func permutedBytes(of tensor: Tensor, _ axes: [Int]) -> [UInt8] {
    let source = bytes(of: tensor)
    let size = tensor.elementType.size
    let target = axes.map { tensor.shape[$0] }
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    for position in 0..<tensor.elementCount {
        var rest = position
        var index = [Int](repeating: 0, count: axes.count)
        for axis in axes.indices.reversed() {
            index[axes[axis]] = rest % target[axis]
            rest /= target[axis]
        }
        let element = zip(index, tensor.shape).reduce(0) { $0 * $1.1 + $1.0 }
        result += source[element * size..<(element + 1) * size]
    }
    return result
}

private func permutations(of items: [Int]) -> [[Int]] {
    if items.count < 2 { return [items] }
    return items.indices.flatMap { index in
        var rest = items
        let first = rest.remove(at: index)
        return permutations(of: rest).map { [first] + $0 }
    }
}
