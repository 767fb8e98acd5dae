import Tensors
import Testing

@Suite struct Conversions {
    /// Two exact numbers of each type, as bytes and as values.
    static let samples: [(ElementType, [UInt8], [Double])] = [
        (
            .float32, littleEndian(Float(1.5).bitPattern) + littleEndian(Float(-3).bitPattern),
            [1.5, -3]
        ),
        (.float64, littleEndian(0.1.bitPattern) + littleEndian((-2.5).bitPattern), [0.1, -2.5]),
        (.float16, [0x00, 0x3E, 0x00, 0xC2], [1.5, -3]),
        (.bfloat16, [0xC0, 0x3F, 0x40, 0xC0], [1.5, -3]),
        (.int8, [0x80, 0x7F], [-128, 127]),
        (.int16, [0x00, 0x80, 0xFF, 0x7F], [-32768, 32767]),
        (.int32, littleEndian(Int32.min) + littleEndian(Int32.max), [-2147483648, 2147483647]),
        (.int64, littleEndian(Int64(-5)) + littleEndian(Int64(1) << 53), [-5, 0x1p53]),
        (.uint8, [0, 255], [0, 255]),
        (.uint16, [0, 0, 255, 255], [0, 65535]),
        (.uint32, littleEndian(UInt32(7)) + littleEndian(UInt32.max), [7, 4294967295]),
        (.uint64, littleEndian(UInt64(7)) + littleEndian(UInt64(1) << 53), [7, 0x1p53]),
        (.bool, [0, 1], [0, 1]), (.int4, [0xF8, 0x07], [-8, 7]), (.uint4, [0, 15], [0, 15]),
        (.int2, [0xFE, 1], [-2, 1]), (.uint2, [0, 3], [0, 3]),
        (.float8e4m3fn, [0x3C, 0xC4], [1.5, -3]), (.float8e4m3fnuz, [0x44, 0xCC], [1.5, -3]),
        (.float8e5m2, [0x3E, 0xC2], [1.5, -3]), (.float8e5m2fnuz, [0x42, 0xC6], [1.5, -3]),
        (.float8e8m0, [0x80, 0x7E], [2, 0.5]), (.float4e2m1, [3, 13], [1.5, -3]),
    ]

    @Test func `the samples cover every element type`() {
        #expect(Set(Self.samples.map(\.0)) == Set(ElementType.allCases))
    }

    @Test(arguments: samples)
    func `elements are read from any byte offset`(
        _ type: ElementType, _ content: [UInt8], _ values: [Double]
    ) {
        for offset in 0..<9 {
            let sample = tensor(type, of: content, offset: offset)
            #expect(sample.doubles() == values)
            #expect(sample.floats() == values.map { Float($0) })
            #expect(sample.integers() == (type.isFloatingPoint ? nil : values.map { Int64($0) }))
            #expect(bytes(of: sample) == content)
        }
    }

    @Test(arguments: samples)
    func `values that fit come back bit for bit through rounding`(
        _ type: ElementType, _ content: [UInt8], _ values: [Double]
    ) {
        let made = Tensor(rounding: values, to: type, shape: [2])
        #expect(made.isBitEqual(to: tensor(type, of: content)))
        #expect(made.converted(to: .float64).doubles() == values)
        #expect(made.converted(to: .float64).converted(to: type).isBitEqual(to: made))
    }

    @Test(arguments: ElementType.allCases)
    func `converting to its own type is the tensor itself`(_ type: ElementType) {
        let sample = randomTensor(type, [3])
        #expect(sample.converted(to: type).storage === sample.storage)
    }

    /// What each integer type makes of numbers beyond it.
    static let extremes: [(ElementType, lowest: Int64?, highest: Int64?)] = [
        (.int8, -128, 127), (.int16, -32768, 32767), (.int32, -2_147_483_648, 2_147_483_647),
        (.int64, .min, .max), (.uint8, 0, 255), (.uint16, 0, 65535), (.uint32, 0, 4_294_967_295),
        // Its highest does not fit an int64.
        (.uint64, 0, nil),
    ]

    @Test(arguments: extremes)
    func `numbers beyond an integer type become its nearest end, NaN zero`(
        _ type: ElementType, _ lowest: Int64?, _ highest: Int64?
    ) {
        for low in [-Double.infinity, -1e300, -0x1p64] {
            #expect(Tensor(rounding: [low], to: type, shape: [1]).integers()?.first == lowest)
        }
        for high in [Double.infinity, 1e300, 0x1p64] {
            #expect(Tensor(rounding: [high], to: type, shape: [1]).integers()?.first == highest)
        }
        let rest = Tensor(rounding: [.nan, 1.99, 0.5, 2.5], to: type, shape: [4])
        #expect(rest.integers() == [0, 1, 0, 2])
    }

    @Test func `negative fractions truncate towards zero`() {
        #expect(Tensor(rounding: [-1.99, -0.5], to: .int8, shape: [2]).integers() == [-1, 0])
        #expect(Tensor(rounding: [-0.99], to: .uint8, shape: [1]).integers() == [0])
    }

    @Test func `the largest unsigned integers saturate`() {
        let tensor = Tensor(rounding: [0x1p64, 1e300], to: .uint64, shape: [2])
        #expect(bytes(of: tensor) == [UInt8](repeating: 0xFF, count: 16))
    }

    @Test func `booleans are whether a number is not zero`() {
        let tensor = Tensor(
            rounding: [0, -0.0, 0.25, -3, .infinity, .nan], to: .bool, shape: [6])
        #expect(bytes(of: tensor) == [0, 0, 1, 1, 1, 1])
    }

    @Test func `unsigned numbers beyond int64 are no integers here`() {
        let beyond = tensor(.uint64, of: littleEndian(UInt64(1) << 63))
        #expect(beyond.integers() == nil)
        #expect(tensor(.uint64, of: littleEndian(UInt64(Int64.max))).integers() == [.max])
    }

    @Test func `integers widen to int64 exactly, beyond what a double holds`() {
        let large = Int64(1) << 53 + 1
        let unsigned = tensor(.uint64, of: littleEndian(UInt64(large)))
        #expect(unsigned.converted(to: .int64).integers() == [large])
        #expect(Tensor([large]).doubles() == [0x1p53])
    }

    @Test func `float64 rounds to float32 once, ties to even`() {
        let tie = 1 + 0x1p-24
        let tensor = Tensor([tie, tie.nextUp, 1 + 3 * 0x1p-24, 1e300, -1e-60])
        let rounded = tensor.floats()
        #expect(rounded == [1, 1 + 0x1p-23, 1 + 0x1p-22, .infinity, 0])
        #expect(rounded[4].sign == .minus)
        #expect(tensor.converted(to: .float32).floats() == rounded)
    }
}
