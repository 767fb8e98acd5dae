import FormatInterface
import IR
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

/// A file of a header and data.
func safetensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let count = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + header.utf8
        + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

@Suite struct Reading {
    @Test(arguments: RecordedCheckpoint.files(endingIn: ".safetensors", ".json"))
    func `the library's files hold what it says`(_ name: String) throws {
        let file = try InputFile(path: RecordedCheckpoint.path(name))
        #expect(SafetensorsFormat.recognizes(file))
        let checkpoint = try SafetensorsFormat.read(file)
        #expect(difference(checkpoint.tensors, try RecordedCheckpoint.expected(name)) == nil)
        #expect(checkpoint.notes.isEmpty)
    }

    @Test func `tensors lie in the mapping, and metadata is kept`() throws {
        let file = try InputFile(path: RecordedCheckpoint.path("types.safetensors"))
        let checkpoint = try SafetensorsFormat.read(file)
        #expect(checkpoint.tensors.allSatisfy { $0.tensor.storage === file.storage })
        #expect(checkpoint.metadata == ["note": "größe"])
    }

    @Test(arguments: [
        ("{}", 0), ("{} \n ", 0), (" {}", 0), ("{\"__metadata__\":{}}", 0),
        ("{\"__metadata__\":null}", 0),
        ("{\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1),
        ("{\"a\":{\"shape\":[0,9],\"data_offsets\":[0,0],\"dtype\":\"F64\"}}", 0),
        ("{\"a\":{\"x\":[{}],\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3),
        (
            "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]},"
                + "\"\\u0061\\ud83d\\ude00\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
            3
        ),
    ])
    func `odd but legal headers load`(_ header: String, _ data: Int) throws {
        let folder = try TemporaryFolder()
        let checkpoint = try SafetensorsFormat.read(folder.file(safetensors(header, data: data)))
        #expect(checkpoint.tensors.reduce(0) { $0 + $1.tensor.byteCount } == data)
    }

    static let entry = "\"dtype\":\"U8\",\"shape\":[3]"
    static let defects: [(String, String, [UInt8])] = [
        ("an empty file", "the header's length", []),
        ("seven bytes", "the header's length", [2, 0, 0, 0, 0, 0, 0]),
        ("a header of no bytes", "'{'", safetensors("", length: 0)),
        ("a header longer than the file", "at most 2 bytes", safetensors("{}", length: 3)),
        ("a length of 2⁶⁴−1", "at most 2 bytes", safetensors("{}", length: .max)),
        ("a length of 2⁶³", "at most 2 bytes", safetensors("{}", length: 1 << 63)),
        ("no JSON", "'{'", safetensors("hello")),
        ("an array", "'{'", safetensors("[]")),
        ("a byte order mark", "'{'", safetensors("\u{FEFF}{}")),
        ("two objects", "the end", safetensors("{}{}")),
        ("NUL behind the object", "the end", safetensors("{}\0")),
        ("a name twice", "each key once", safetensors("{\"__metadata__\":{},\"__metadata__\":{}}")),
        ("metadata that is a number", "'\"'", safetensors("{\"__metadata__\":{\"a\":1}}")),
        ("metadata that is an array", "'{'", safetensors("{\"__metadata__\":[]}")),
        (
            "metadata with a key twice", "each key once",
            safetensors("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}")
        ),
        ("a tensor that is a number", "'{'", safetensors("{\"a\":1}")),
        ("a field twice", "each key once", safetensors("{\"a\":{\(entry),\(entry)}}")),
        ("no offsets", "to have dtype, shape", safetensors("{\"a\":{\(entry)}}", data: 3)),
        (
            "three offsets", "data_offsets [begin, end]",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0,1,3]}}", data: 3)
        ),
        (
            "offsets reversed", "data_offsets [begin, end]",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[3,0]}}", data: 3)
        ),
        (
            "a negative offset", "no negative number",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[-3,0]}}", data: 3)
        ),
        (
            "an offset with a fraction", "a whole number",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0.0,3]}}", data: 3)
        ),
        (
            "an offset that is text", "a whole number",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[\"0\",3]}}", data: 3)
        ),
        (
            "an offset beyond 64 bits", "a whole number",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0,99999999999999999999]}}", data: 3)
        ),
        (
            "offsets beyond the end", "inside 2 bytes",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0,3]}}", data: 2)
        ),
        (
            "bytes behind the data", "the end of the data",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0,3]}}", data: 4)
        ),
        (
            "a hole before the first tensor", "data from 0",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[1,4]}}", data: 4)
        ),
        (
            "a hole between tensors", "data from 3",
            safetensors(
                "{\"a\":{\(entry),\"data_offsets\":[0,3]},\"b\":{\(entry),\"data_offsets\":[4,7]}}",
                data: 7)
        ),
        (
            "tensors that overlap", "data from 3",
            safetensors(
                "{\"a\":{\(entry),\"data_offsets\":[0,3]},\"b\":{\(entry),\"data_offsets\":[2,5]}}",
                data: 5)
        ),
        (
            "two tensors on the same bytes", "data from 3",
            safetensors(
                "{\"a\":{\(entry),\"data_offsets\":[0,3]},\"b\":{\(entry),\"data_offsets\":[0,3]}}",
                data: 3)
        ),
        (
            "fewer bytes than the shape has", "to have 3 bytes, found 2",
            safetensors("{\"a\":{\(entry),\"data_offsets\":[0,2]}}", data: 2)
        ),
        (
            "a shape that overflows", "sizes whose bytes can be counted",
            safetensors(
                "{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904,8],\"data_offsets\":[0,0]}}"
            )
        ),
        (
            "sixty-five axes", "to have at most 64 axes, found 65",
            safetensors(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[1\(String(repeating: ",1", count: 64))],"
                    + "\"data_offsets\":[0,1]}}", data: 1)
        ),
        (
            "a negative size", "no negative number",
            safetensors(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}")
        ),
        (
            "a dtype in lower case", "found 'f32'",
            safetensors(
                "{\"a\":{\"dtype\":\"f32\",\"shape\":[0],\"data_offsets\":[0,0]}}")
        ),
        (
            "a dtype of 4 bits", "found 'F4'",
            safetensors(
                "{\"a\":{\"dtype\":\"F4\",\"shape\":[0],\"data_offsets\":[0,0]}}")
        ),
        (
            "a thousand nested arrays", "inside each other",
            safetensors(
                "{\"a\":{\"x\":" + String(repeating: "[", count: 1000))
        ),
        ("a string that does not end", "closing quote", safetensors("{\"a")),
        ("a control character in a name", "control", safetensors("{\"a\n\":{}}")),
        ("half a surrogate pair", "an escape", safetensors("{\"\\ud83d\":{}}")),
        ("an unknown escape", "an escape", safetensors("{\"\\x41\":{}}")),
        (
            "a name that is no UTF-8", "UTF-8",
            safetensors("", length: 6) + [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7D]
        ),
    ]

    @Test(arguments: defects.indices)
    func `a file with a defect is refused`(_ index: Int) throws {
        let (name, words, bytes) = Self.defects[index]
        let folder = try TemporaryFolder()
        let file = try folder.file(bytes)
        let message = refusal { _ = try SafetensorsFormat.read(file) }
        #expect(message?.contains(words) == true, "\(name): \(message ?? "none")")
        #expect(message?.contains("safetensors: ") == true)
    }

    @Test func `a file cut anywhere is refused`() throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path("types.safetensors")).allBytes
        for cut in 0..<bytes.count {
            let file = try folder.file(Array(bytes.prefix(cut)))
            #expect(throws: InputError.self, "cut at \(cut) of \(bytes.count)") {
                try SafetensorsFormat.read(file)
            }
        }
    }

    @Test func `two thousand seeded bit flips are read or refused`() throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path("types.safetensors")).allBytes
        for seed in 0..<2_000 as Range<UInt64> {
            let file = try folder.file(Mutation.flippingOneBit(of: bytes, seed: seed))
            do { _ = try SafetensorsFormat.read(file) } catch is InputError {}
        }
    }
}
