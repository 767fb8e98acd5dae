import Tensors
import Testing

@Suite struct SmallFloats {
    static let types = ElementType.allCases.filter { $0.smallFloat != nil }

    private static func codes(_ type: ElementType) -> Range<Int> { 0..<1 << type.bitWidth }

    @Test(arguments: types)
    func `every code's value has that code again`(_ type: ElementType) throws {
        let format = try #require(type.smallFloat)
        for code in Self.codes(type) {
            let value = format.value(code)
            for rounding in [nil, .towardZero, .up, .toNearestOrAwayFromZero]
                as [FloatingPointRoundingRule?]
            {
                let found = format.code(rounding: value, saturates: false, by: rounding)
                if value.isNaN {
                    #expect(format.value(found).isNaN, "\(code)")
                } else {
                    #expect(found == code, "\(code)")
                }
            }
        }
    }

    @Test(arguments: types.filter { $0 != .float8e8m0 })
    func `numbers between two of the format go to the nearest, ties to even`(
        _ type: ElementType
    ) throws {
        let format = try #require(type.smallFloat)
        for code in Self.codes(type).dropLast() {
            let (low, high) = (format.value(code), format.value(code + 1))
            guard low.isFinite, high.isFinite, low.sign == high.sign else {
                continue
            }
            let middle = (low + high) / 2
            let isLow = middle.sign == .minus ? middle.nextDown : middle.nextUp
            #expect(format.code(rounding: middle) == (code % 2 == 0 ? code : code + 1), "\(code)")
            #expect(format.code(rounding: isLow) == code + 1, "\(code)")
        }
    }

    /// Largest number, smallest positive one, whether there is an infinity, and how many NaNs.
    static let facts: [(ElementType, Double, Double, Bool, Int)] = [
        (.float8e4m3fn, 448, 0x1p-9, false, 2), (.float8e4m3fnuz, 240, 0x1p-10, false, 1),
        (.float8e5m2, 57344, 0x1p-16, true, 6), (.float8e5m2fnuz, 57344, 0x1p-17, false, 1),
        (.float8e8m0, 0x1p127, 0x1p-127, false, 1), (.float4e2m1, 6, 0.5, false, 0),
    ]

    @Test(arguments: facts)
    func `range and special codes are the specification's`(
        _ type: ElementType, _ largest: Double, _ smallest: Double, _ hasInfinity: Bool, _ nans: Int
    ) throws {
        let format = try #require(type.smallFloat)
        let values = Self.codes(type).map { format.value($0) }
        #expect(values.filter(\.isFinite).max() == largest)
        #expect(values.filter { $0 > 0 }.min() == smallest)
        #expect(values.contains(.infinity) == hasInfinity)
        #expect(values.filter(\.isNaN).count == nans)
    }

    /// ONNX's tables of Cast: x, then the results that saturate and those that do not.
    static let table: [(Double, [String: (Double, Double)])] = [
        (
            .infinity,
            [
                "float8e4m3fn": (448, .nan), "float8e4m3fnuz": (240, .nan),
                "float8e5m2": (57344, .infinity), "float8e5m2fnuz": (57344, .nan),
                "float8e8m0": (0x1p127, .nan), "float4e2m1": (6, 6),
            ]
        ),
        (
            -1e9,
            [
                "float8e4m3fn": (-448, .nan), "float8e4m3fnuz": (-240, .nan),
                "float8e5m2": (-57344, -.infinity), "float8e5m2fnuz": (-57344, .nan),
                "float4e2m1": (-6, -6),
            ]
        ),
        (
            .nan,
            [
                "float8e4m3fn": (.nan, .nan), "float8e4m3fnuz": (.nan, .nan),
                "float8e5m2": (.nan, .nan), "float8e5m2fnuz": (.nan, .nan),
                "float8e8m0": (.nan, .nan), "float4e2m1": (6, 6),
            ]
        ),
        (0, ["float8e8m0": (0x1p-127, .nan), "float8e4m3fn": (0, 0)]),
        (0x1p-130, ["float8e8m0": (0x1p-127, .nan)]),
    ]

    @Test(arguments: table)
    func `what is out of range follows ONNX's tables`(
        _ x: Double, _ expected: [String: (Double, Double)]
    ) throws {
        for (name, results) in expected {
            let type = try #require(ElementType(rawValue: name))
            for (saturates, result) in [(true, results.0), (false, results.1)] {
                let found = Tensor([x]).converted(to: type, saturates: saturates).doubles()[0]
                #expect(found == result || (found.isNaN && result.isNaN), "\(type) \(saturates)")
            }
        }
    }

    @Test func `minus zero keeps its sign where the format has one`() throws {
        for type in Self.types where type != .float8e8m0 {
            let format = try #require(type.smallFloat)
            let found = format.value(format.code(rounding: -0.0))
            let lacks = type == .float8e4m3fnuz || type == .float8e5m2fnuz
            #expect(found == 0 && (found.sign == .plus) == lacks, "\(type)")
        }
    }

    @Test(arguments: [(1.5, 2.0, 1.0, 2.0), (1.25, 2, 1, 1), (2, 2, 2, 2)])
    func `powers of two round up, down or to the nearest`(
        _ x: Double, _ up: Double, _ down: Double, _ nearest: Double
    ) {
        let rules: [(FloatingPointRoundingRule?, Double)] = [
            (nil, up), (.up, up), (.towardZero, down), (.toNearestOrAwayFromZero, nearest),
        ]
        for (rule, expected) in rules {
            let found = Tensor([x]).converted(to: .float8e8m0, rounding: rule)
            #expect(found.doubles() == [expected])
        }
    }

    @Test func `the same description of binary16 agrees with Half in every bit`() {
        for bits in UInt16.min...UInt16.max {
            let (mine, theirs) = (SmallFloat.e5m10.value(Int(bits)), Half.value(bits))
            #expect(mine == theirs || (mine.isNaN && theirs.isNaN))
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let x = Double(bitPattern: random.next() & ~(1 << 62) | (random.next() & 1) << 62)
            let scaled = x.magnitude > 1e9 ? Double(Int32(truncatingIfNeeded: random.next())) : x
            let found = SmallFloat.e5m10.code(rounding: scaled, saturates: false)
            #expect(UInt16(found) == Half.bits(rounding: scaled), "\(scaled)")
        }
    }
}

@Suite struct Packing {
    @Test(arguments: ElementType.allCases.filter(\.isPacked), [0, 1, 2, 3, 4, 5, 9])
    func `elements are packed from the lowest bits on, and come back`(
        _ type: ElementType, _ count: Int
    ) {
        let codes = (0..<count).map { UInt8($0 * 7 % (1 << type.bitWidth)) }
        let elements = codes.map { type.element(in: $0) }
        let tensor = Tensor(elementType: type, shape: [count], storage: ByteStorage(elements))
        let packed = tensor.packed()
        #expect(packed.byteCount == tensor.packedByteCount)
        #expect(packed.byteCount == (count * type.bitWidth + 7) / 8)
        let perByte = 8 / type.bitWidth
        for (index, code) in codes.enumerated() {
            let byte = bytes(of: packed)[index / perByte]
            #expect(
                byte >> UInt8(index % perByte * type.bitWidth) & UInt8(1 << type.bitWidth - 1)
                    == code)
        }
        let shifted = ByteStorage([0xFF] + bytes(of: packed))
        let back = Tensor(unpacking: type, shape: [count], storage: shifted, byteOffset: 1)
        #expect(back.isBitEqual(to: tensor))
    }

    @Test(arguments: [
        (ElementType.int16, ElementType.int8, [200, -129] as [Int64], [-56, 127] as [Int64]),
        (.int64, .int4, [7, 8, -9, 255], [7, -8, 7, -1]), (.uint8, .uint2, [3, 4, 7], [3, 0, 3]),
        (.int8, .uint64, [-1], [-1]), (.int64, .bool, [0, 256, -1], [0, 1, 1]),
        (.int2, .int64, [1, -2], [1, -2]),
    ])
    func `between integers the lowest bits are kept`(
        _ from: ElementType, _ to: ElementType, _ values: [Int64], _ expected: [Int64]
    ) {
        let source = Tensor(truncating: values, to: from, shape: [values.count])
        let found = source.converted(to: to)
        #expect(found.elementType == to)
        #expect(found.isBitEqual(to: Tensor(truncating: expected, to: to, shape: [expected.count])))
    }

    @Test func `integers beyond 2⁵³ become floats by one rounding`() {
        // Halfway between two float32s but for the last bit, which float64 would round away.
        let value = Int64(1) << 62 + 1 << 38 + 1
        #expect(
            Tensor([value, -value]).converted(to: .float32).floats() == [
                0x1.000002p62, -0x1.000002p62,
            ])
        let unsigned = Tensor(truncating: [.min + 1 << 39 + 1], to: .uint64, shape: [1])
        #expect(unsigned.converted(to: .float32).floats() == [0x1.000002p63])
        #expect(Tensor([value]).converted(to: .float64).doubles() == [Double(value)])
    }
}
