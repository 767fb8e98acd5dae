import Synchronization
import Tensors
import TestSupport
import Testing

private let floatingTypes: [ElementType] = [.float32, .float64, .float16, .bfloat16]

/// Bit patterns of float32 around every place where rounding to 16 bits changes its rule.
private func telling(seed: UInt64) -> [UInt32] {
    let places: [UInt32] = [
        0, 0x3300_0000, 0x3380_0000, 0x3880_0000, 0x477F_E000, 0x477F_F000, 0x4780_0000,
        0x7F7F_0000, 0x7F7F_8000, 0x7F80_0000, 0x7FC0_0000,
    ]
    var generator = SeededGenerator(seed: seed)
    var patterns = places.flatMap { place in (0..<64).map { place &+ $0 &- 32 } }
    // Ties of both types, and their neighbours.
    for _ in 0..<20_000 {
        let random = UInt32(truncatingIfNeeded: generator.next())
        patterns += [random, random & 0xFFFF_E000 | 0x1000, random & 0xFFFF_0000 | 0x8000]
    }
    return patterns + patterns.map { $0 ^ 0x8000_0000 }
}

struct RoundingTests {
    @Test func `binary16 widens by integers as by arithmetic, all 65,536 of them`() {
        for bits in UInt16.min...UInt16.max {
            let (fast, exact) = (Half.float(bits), Float(Half.value(bits)))
            #expect(
                fast.bitPattern == exact.bitPattern || fast.isNaN && exact.isNaN, "\(bits)")
        }
    }

    @Test func `float32 narrows by integers as by way of float64`() {
        for pattern in telling(seed: 1) {
            let value = Float(bitPattern: pattern)
            #expect(Half.bits(rounding: value) == Half.bits(rounding: Double(value)), "\(pattern)")
            #expect(
                BrainFloat.bits(rounding: value) == BrainFloat.bits(rounding: Double(value)),
                "\(pattern)")
        }
    }

    @Test func `binary16 and back gives the same bits`() {
        for bits in UInt16.min...UInt16.max where bits & 0x7FFF <= 0x7C00 {
            #expect(Half.bits(rounding: Half.float(bits)) == bits)
        }
    }

    @Test(arguments: ElementType.allCases.filter(\.isFloatingPoint), floatingTypes)
    func `A tensor rounded when read is the one converted at once`(
        _ type: ElementType, _ target: ElementType
    ) {
        // Random bytes: NaN, infinities, subnormals and values out of range are among them.
        for (shape, offset) in [([3, 1000], 1), ([0, 4], 0), ([], 3), ([70_000, 3], 0)] {
            let source = randomTensor(type, shape, offset: offset)
            let rounded = source.rounded(to: target)
            #expect(rounded.elementType == target && rounded.shape == shape)
            let expected = bytes(of: source.converted(to: target))
            let collected = Mutex([UInt8](repeating: 0, count: expected.count))
            unsafe rounded.eachPiece { start, piece in
                let bytes = unsafe Array(piece)
                collected.withLock { $0.replaceSubrange(start..<start + bytes.count, with: bytes) }
            }
            let pieces = collected.withLock { $0 }
            var inOrder: [UInt8] = []
            unsafe rounded.eachPieceInOrder { unsafe inOrder += $0 }
            if type != target {
                #expect(sameButNaN(pieces, expected, target))
                #expect(inOrder == pieces)
            } else {
                #expect(pieces == expected && inOrder == expected)
            }
            #expect(bytes(of: rounded) == pieces)
        }
    }

    private func sameButNaN(_ a: [UInt8], _ b: [UInt8], _ type: ElementType) -> Bool {
        let values = [a, b].map { tensor(type, of: $0).doubles() }
        return values[0].count == values[1].count
            && zip(values[0], values[1]).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
    }

    @Test func `rounding and moving exchange, and moving back compares by the source alone`() {
        let source = randomTensor(.float32, [3, 5, 7, 2])
        let rounded = source.rounded(to: .bfloat16)
        let axes = [2, 3, 1, 0]
        let moved = rounded.permuted(axes)
        #expect(moved.shape == [7, 2, 5, 3])
        #expect(bytes(of: moved) == bytes(of: source.permuted(axes).rounded(to: .bfloat16)))
        let back = moved.permuted([3, 2, 0, 1])
        #expect(back.isBitEqual(to: rounded))
        #expect(
            rounded.reshaped([15, 14]).isBitEqual(
                to: source.reshaped([15, 14]).rounded(to: .bfloat16)))
        #expect(!back.isBitEqual(to: randomTensor(.float32, [3, 5, 7, 3]).rounded(to: .bfloat16)))
        #expect(moved.sourceStorage === source.storage)
    }

    @Test(arguments: [
        ([5, 7], [1, 0]), ([3, 1, 4, 6], [3, 2, 0, 1]), ([64, 3, 5, 5], [2, 3, 1, 0]),
        ([2100, 2100], [1, 0]), ([3, 1500, 1000], [1, 2, 0]), ([2, 3_000_000], [1, 0]),
        ([0, 3], [1, 0]),
    ])
    func `Pieces in order are the permuted elements from first to last`(
        _ shape: [Int], _ axes: [Int]
    ) {
        let moved = randomTensor(.float32, shape).permuted(axes)
        var inOrder: [UInt8] = []
        unsafe moved.eachPieceInOrder { unsafe inOrder += $0 }
        #expect(inOrder == bytes(of: moved))
    }

    @Test func `a summary counts what overflows, vanishes and changes most`() {
        let values: [Float] = [
            1, 0, 65519, -1e-9, 70000, .nan, .infinity, -1e30, 1 + 0x1p-12, 0x1p-25, 1000.3,
        ]
        let summary = Tensor(values).rounded(to: .float16).roundingSummary()
        #expect(summary?.overflowCount == 2)
        #expect(summary?.firstOverflow == 4)
        #expect(summary?.overflowingValue == 70000)
        #expect(summary?.vanishedCount == 2)
        #expect(summary?.largestError == 15)
        #expect(summary?.worst == 2)
        #expect(Tensor(values).roundingSummary() == nil)
        let exact = Tensor(values).rounded(to: .float64).roundingSummary()
        #expect(exact?.worst == nil && exact?.overflowCount == 0 && exact?.vanishedCount == 0)
    }

    @Test func `the first overflow of moved elements is the first of the new order`() {
        let tensor = Tensor([1, 1e9, 1, 1e10, 1, 1] as [Float], shape: [2, 3])
        let summary = tensor.permuted([1, 0]).rounded(to: .float16).roundingSummary()
        // Columns: 1, 1e10, 1e9, 1, 1, 1.
        #expect(summary?.firstOverflow == 1)
        #expect(summary?.overflowingValue == 1e10)
    }

    @Test func `zeros stand for a tensor without taking its memory`() {
        let zeros = Tensor(zerosOf: .float32, shape: [1 << 20, 1 << 20])
        #expect(zeros.byteCount == 1 << 42)
        #expect(Tensor(zerosOf: .float64, shape: [3]).doubles() == [0, 0, 0])
    }
}
