import FormatInterface
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// One element type in the forms a file may give it.
private struct Case: CustomTestStringConvertible, Sendable {
    var type: ElementType
    var dataType: Int64
    /// The elements' bytes in raw_data, and in memory where they differ.
    var raw: [UInt8]
    var unpackedElements: [UInt8]?
    var field: Int
    /// The elements as the wire has them in `field`, one by one.
    var numbers: [[UInt8]]
    var wireType: UInt64 = 0

    var testDescription: String { type.rawValue }
    var elements: [UInt8] { unpackedElements ?? raw }
    var packed: [UInt8] { packedField(field, numbers) }
    var unpacked: [UInt8] { numbers.flatMap { tag(field, wireType) + $0 } }
}

extension Case {
    /// A float of 8 bits, whose codes the wire has as numbers.
    fileprivate init(eightBits type: ElementType, _ dataType: Int64) {
        let codes: [UInt8] = [0, 0x80, 0x7F, 0x7C, 1, 0xFF]
        self.init(
            type: type, dataType: dataType, raw: codes, field: 5,
            numbers: signed(codes.map { Int64($0) }))
    }

    /// Several elements in a byte; the wire has the bytes as numbers.
    fileprivate init(
        packed type: ElementType, _ dataType: Int64, _ raw: [UInt8], _ elements: [UInt8]
    ) {
        self.init(
            type: type, dataType: dataType, raw: raw, unpackedElements: elements, field: 5,
            numbers: signed(raw.map { Int64($0) }))
    }
}

private func packedField(_ field: Int, _ numbers: [[UInt8]]) -> [UInt8] {
    bytes(field, numbers.flatMap { $0 })
}

private func signed(_ values: [Int64]) -> [[UInt8]] {
    values.map { varint(UInt64(bitPattern: $0)) }
}

private let float32s: [Float] = [0, -0.0, .infinity, -.nan, .leastNonzeroMagnitude, 1.5]
private let float64s: [Double] = [0, -0.0, -.infinity, .nan, .leastNonzeroMagnitude, 1.5]
private let bits16: [UInt16] = [0, 0x8000, 0x7C00, 0x7E01, 1, 0x3C00]

private let cases = [
    Case(
        type: .float32, dataType: 1, raw: float32s.flatMap { little($0.bitPattern) }, field: 4,
        numbers: float32s.map { little($0.bitPattern) }, wireType: 5),
    Case(
        type: .float64, dataType: 11, raw: float64s.flatMap { little($0.bitPattern) }, field: 10,
        numbers: float64s.map { little($0.bitPattern) }, wireType: 1),
    Case(
        type: .float16, dataType: 10, raw: bits16.flatMap { little($0) }, field: 5,
        numbers: signed(bits16.map { Int64($0) })),
    Case(
        type: .bfloat16, dataType: 16, raw: bits16.flatMap { little($0) }, field: 5,
        numbers: signed(bits16.map { Int64($0) })),
    Case(
        type: .int8, dataType: 3, raw: [0, 1, 127, 128, 255, 7], field: 5,
        numbers: signed([0, 1, 127, -128, -1, 7])),
    Case(
        type: .uint8, dataType: 2, raw: [0, 1, 127, 128, 255, 7], field: 5,
        numbers: signed([0, 1, 127, 128, 255, 7])),
    Case(
        type: .int16, dataType: 5,
        raw: [0, 1, .max, .min, -1, 7].flatMap { (value: Int16) in little(value) }, field: 5,
        numbers: signed([0, 1, 32767, -32768, -1, 7])),
    Case(
        type: .uint16, dataType: 4, raw: bits16.flatMap { little($0) }, field: 5,
        numbers: signed(bits16.map { Int64($0) })),
    Case(
        type: .int32, dataType: 6,
        raw: [0, 1, .max, .min, -1, 7].flatMap { (value: Int32) in little(value) }, field: 5,
        numbers: signed([0, 1, Int64(Int32.max), Int64(Int32.min), -1, 7])),
    Case(
        type: .uint32, dataType: 12,
        raw: [0, 1, .max, 1 << 31, 300, 7].flatMap { (value: UInt32) in little(value) }, field: 11,
        numbers: [0, 1, UInt64(UInt32.max), 1 << 31, 300, 7].map { varint($0) }),
    Case(
        type: .int64, dataType: 7,
        raw: [0, 1, .max, .min, -1, 7].flatMap { (value: Int64) in little(value) }, field: 7,
        numbers: signed([0, 1, .max, .min, -1, 7])),
    Case(
        type: .uint64, dataType: 13,
        raw: [0, 1, .max, 1 << 63, 300, 7].flatMap { (value: UInt64) in little(value) }, field: 11,
        numbers: [0, 1, .max, 1 << 63, 300, 7].map { (value: UInt64) in varint(value) }),
    Case(
        type: .bool, dataType: 9, raw: [0, 1, 1, 0, 0, 1], field: 5,
        numbers: signed([0, 1, 1, 0, 0, 1])),
    Case(eightBits: .float8e4m3fn, 17), Case(eightBits: .float8e4m3fnuz, 18),
    Case(eightBits: .float8e5m2, 19), Case(eightBits: .float8e5m2fnuz, 20),
    Case(eightBits: .float8e8m0, 24),
    Case(packed: .uint4, 21, [0x21, 0xF0, 0x87], [1, 2, 0, 15, 7, 8]),
    Case(packed: .int4, 22, [0x21, 0xF0, 0x87], [1, 2, 0, 0xFF, 7, 0xF8]),
    Case(packed: .float4e2m1, 23, [0x21, 0xF0, 0x87], [1, 2, 0, 15, 7, 8]),
    Case(packed: .uint2, 25, [0xE4, 0x06], [0, 1, 2, 3, 2, 1]),
    Case(packed: .int2, 26, [0xE4, 0x06], [0, 1, 0xFE, 0xFF, 0xFE, 1]),
]

private func bytesOf(_ tensor: Tensor) -> [UInt8] {
    unsafe tensor.withUnsafeBytes { unsafe Array($0) }
}

@Test func `every element type has a case`() {
    #expect(Set(cases.map(\.type)) == Set(ElementType.allCases))
}

@Test(arguments: cases)
private func `elements are read bit for bit from every field they may be in`(_ item: Case) throws {
    let half = item.numbers.count / 2
    let forms = [
        bytes(9, item.raw), item.packed, item.unpacked,
        packedField(item.field, Array(item.numbers[..<half]))
            + packedField(item.field, Array(item.numbers[half...])),
        packedField(item.field, Array(item.numbers[..<half]))
            + item.numbers[half...].flatMap { tag(item.field, item.wireType) + $0 },
        item.numbers.flatMap { tag(item.field, item.wireType) + $0 + integer(900, 1) },
    ]
    for form in forms {
        let checkpoint = try read(model(with: tensor("t", item.dataType, [2, 3], form)))
        let found = try #require(checkpoint.tensors.last)
        #expect(found.name == "t")
        #expect(found.tensor.elementType == item.type)
        #expect(found.tensor.shape == [2, 3])
        #expect(bytesOf(found.tensor) == item.elements)
    }
}

@Test(arguments: cases)
private func `a tensor file is written and read bit for bit`(_ item: Case) throws {
    let folder = try TemporaryFolder()
    let original = Tensor(
        elementType: item.type, shape: [3, 1, 2], storage: ByteStorage(item.elements))
    try OutputFile.write(to: folder.path("input_0.pb"), replacing: false) { file in
        try ONNXFormat.writeTensor(original, name: "x", to: file)
    }
    let found = try ONNXFormat.readTensor(InputFile(path: folder.path("input_0.pb")))
    #expect(found.isBitEqual(to: original))
}

@Test(arguments: cases)
private func `one element too few or too many is refused`(_ item: Case) throws {
    for count in [item.numbers.count - 1, item.numbers.count + 1] {
        let numbers = (0..<count).map { item.numbers[$0 % item.numbers.count] }
        let raw = item.raw + item.raw
        for form in [
            bytes(9, Array(raw[..<(count * item.raw.count / item.numbers.count)])),
            packedField(item.field, numbers),
            numbers.flatMap { tag(item.field, item.wireType) + $0 },
        ] {
            let found = try refusal(of: model(with: tensor("t", item.dataType, [2, 3], form)))
            #expect(try #require(found).hasPrefix("onnx: tensor 't': expected"))
        }
    }
}

@Test func `weights are not copied`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file(model())
    let checkpoint = try ONNXFormat.read(file)
    for tensor in checkpoint.tensors { #expect(tensor.tensor.storage === file.storage) }
    let typed = tensor("t", 1, [2], bytes(4, little(UInt32(1)) + little(UInt32(2))))
    let packed = try folder.file(model(with: typed), as: "packed.onnx")
    #expect(try ONNXFormat.read(packed).tensors.last?.tensor.storage === packed.storage)
}

@Test func `scalars and tensors without elements are read`() throws {
    let scalar = try read(model(with: tensor("t", 1, [], bytes(9, [0, 0, 0, 0]))))
    #expect(scalar.tensors.last?.tensor.shape == [])
    for data in [[], bytes(9, []), bytes(4, [])] {
        let empty = try read(model(with: tensor("t", 1, [2, 0, 3], data)))
        #expect(empty.tensors.last?.tensor.shape == [2, 0, 3])
    }
}
