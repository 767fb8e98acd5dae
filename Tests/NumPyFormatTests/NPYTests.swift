import FormatInterface
import Foundation
import IR
import NumPyFormat
import Tensors
import TestSupport
import Testing

/// An array file of any header and data.
private func file(
    _ header: String, data: [UInt8], version: UInt8 = 1, length: Int? = nil
) -> [UInt8] {
    let text = Array(header.utf8)
    let count = length ?? text.count
    let width = version == 1 ? 2 : 4
    let lengthBytes = (0..<width).map { UInt8(count >> (8 * $0) & 0xFF) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + text + data
}

private func read(_ bytes: [UInt8]) throws -> Tensor {
    try withTemporaryFolder { folder in
        let path = folder + "/x.npy"
        try Data(bytes).write(to: URL(filePath: path))
        return try NPY.read(path)
    }
}

private func refusal(_ bytes: [UInt8]) throws -> String {
    do {
        let tensor = try read(bytes)
        return "read \(tensor.elementType) \(tensor.shape)"
    } catch let error as InputError {
        #expect(error.format == "npy")
        return [error.place, error.problem].joined(separator: ": ")
    }
}

private func header(
    _ type: String, _ shape: String, fortran: String = "False"
) -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
}

@Test(
    arguments: ElementType.allCases.filter {
        $0 != .bfloat16 && $0.smallFloat == nil && !$0.isPacked
    })
func `every element type comes back from a written file`(type: ElementType) throws {
    let values: [Double] = type == .bool ? [0, 1, 1, 0, 1, 0] : [0, 1, 2, 3, 100, 127]
    for shape in [[6], [2, 3], [1, 6, 1], [3, 2]] {
        let tensor = Tensor(rounding: values, to: type, shape: shape)
        try withTemporaryFolder { folder in
            let path = folder + "/x.npy"
            try OutputFile.write(to: path, replacing: false) { try NPY.write(tensor, to: $0) }
            let back = try NPY.read(path)
            #expect(back.isBitEqual(to: tensor))
            #expect(back.byteOffset.isMultiple(of: 64))
        }
    }
}

@Test func `a scalar and an empty array come back`() throws {
    for tensor in [
        Tensor([7] as [Float], shape: []), Tensor([] as [Float], shape: [0, 3]),
        Tensor([] as [Double], shape: [0]),
    ] {
        try withTemporaryFolder { folder in
            let path = folder + "/x.npy"
            try OutputFile.write(to: path, replacing: false) { try NPY.write(tensor, to: $0) }
            let back = try NPY.read(path)
            #expect(back.isBitEqual(to: tensor))
        }
    }
}

@Test func `bfloat16, which NumPy lacks, is not written`() throws {
    let tensor = Tensor([1] as [Float]).converted(to: .bfloat16)
    try withTemporaryFolder { folder in
        #expect(throws: OutputError.self) {
            try OutputFile.write(to: folder + "/x.npy", replacing: false) {
                try NPY.write(tensor, to: $0)
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.isEmpty)
    }
}

@Test(arguments: [UInt8(1), 2, 3])
func `versions 1 to 3 are read`(version: UInt8) throws {
    let tensor = try read(file(header("<i2", "(2,)"), data: [1, 0, 2, 1], version: version))
    #expect(tensor.integers() == [1, 258])
    #expect(tensor.elementType == .int16)
}

@Test func `big-endian elements are swapped`() throws {
    let halves = try read(file(header(">f2", "(1,)"), data: [0x3C, 0x00]))
    #expect(halves.doubles() == [1])
    let floats = try read(file(header(">f4", "(1,)"), data: [0x3F, 0x80, 0, 0]))
    #expect(floats.doubles() == [1])
    let longs = try read(file(header(">i8", "()"), data: [0, 0, 0, 0, 0, 0, 1, 2]))
    #expect(longs.integers() == [258])
}

@Test func `Fortran order is transposed`() throws {
    let tensor = try read(
        file(header("|u1", "(2, 3)", fortran: "True"), data: [1, 4, 2, 5, 3, 6]))
    #expect(tensor.shape == [2, 3])
    #expect(tensor.integers() == [1, 2, 3, 4, 5, 6])
    let both = try read(
        file(header(">i2", "(2, 1, 2)", fortran: "True"), data: [0, 1, 0, 3, 0, 2, 0, 4]))
    #expect(both.integers() == [1, 2, 3, 4])
}

@Test(arguments: [
    #"{"shape": (2L,), "descr": "|u1", "fortran_order": False}"#,
    "{ 'descr':'|u1','fortran_order':False,'shape':( 2 , ) }   \n",
    "{'descr': 'u1', 'fortran_order': True, 'shape': (1, 2)}",
    "{'descr': '=u1', 'fortran_order': False, 'shape': (2, 1,), }",
])
func `other spellings of a header are read`(header: String) throws {
    #expect(try read(file(header, data: [5, 6])).integers() == [5, 6])
}

@Test(arguments: [
    (header("|O", "(1,)"), "found Python objects"),
    (header("<U3", "(1,)"), "found '<U3'"),
    (header("<c8", "(1,)"), "found '<c8'"),
    (header("<f16", "(1,)"), "found '<f16'"),
    (header("|f4", "(1,)"), "found '|f4'"),
    (header("", "(1,)"), "found ''"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "structured elements"),
    (header("|u1", "(1)"), "',' after the only axis"),
    (header("|u1", "(-1,)"), "an axis' size"),
    (header("|u1", "[1]"), "expected '('"),
    (header("|u1", "(1,,)"), "an axis' size"),
    (header("|u1", "(99999999999999999999,)"), "below 2⁶³"),
    (header("<f8", "(4611686018427387904, 4)"), "bytes can be counted"),
    (header("|u1", "(" + String(repeating: "1, ", count: 65) + ")"), "at most 64 axes"),
    (header("|u1", "(1,)", fortran: "1"), "True or False"),
    (header("|u1", "(1,)") + "x", "the end of the header"),
    ("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", "found 'descr'"),
    ("{'descr': '|u1', 'shape': (1,)}", "fewer of them"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'x': 1}", "found 'x'"),
    ("{'descr': '\\x7cu1', 'fortran_order': False, 'shape': (1,)}", "plain ASCII"),
    ("dict(descr='|u1')", "expected '{'"),
    ("__import__('os').system('true')", "expected '{'"),
    ("", "the end of the header"),
    ("{'descr': '|u1", "ends in a quote"),
])
func `a header that is no plain array's is refused`(header: String, problem: String) throws {
    let found = try refusal(file(header, data: [0]))
    #expect(found.contains(problem))
}

@Test func `wrong lengths are refused`() throws {
    let good = file(header("<f4", "(2,)"), data: [1, 2, 3, 4, 5, 6, 7, 8])
    _ = try read(good)
    for count in 0..<good.count {
        #expect(!(try refusal(Array(good.prefix(count)))).hasPrefix("read"), "cut at \(count)")
    }
    #expect(try refusal(good + [0]).contains("expected 8 bytes"))
}

@Test func `foreign versions, magics and huge headers are refused`() throws {
    let text = header("|u1", "(1,)")
    for version in [UInt8(0), 4, 9, 255] {
        #expect(try refusal(file(text, data: [0], version: version)).contains("version 1.0"))
    }
    #expect(
        try refusal(file(text, data: [0], version: 2, length: 1 << 31)).contains("at most 65535"))
    #expect(try refusal(Array("PK\u{3}\u{4}0000000000".utf8)).contains("magic"))
    #expect(try refusal([]).contains("an empty file"))
}

@Test func `flipped bytes of a header never crash the reader`() throws {
    let good = file(header("<f4", "(2, 1)"), data: [1, 2, 3, 4, 5, 6, 7, 8])
    try withTemporaryFolder { folder in
        let path = folder + "/x.npy"
        for index in 0..<good.count - 8 {
            for flip in [UInt8(1), 0x80, 0xFF] {
                var bytes = good
                bytes[index] ^= flip
                try Data(bytes).write(to: URL(filePath: path))
                // Some flips still make a legal file; what matters is an answer.
                if let tensor = try? NPY.read(path) { #expect(tensor.byteCount == 8) }
            }
        }
    }
}

@Test func `a missing file and a folder are refused`() throws {
    try withTemporaryFolder { folder in
        #expect(throws: InputError.self) { try NPY.read(folder + "/none.npy") }
        #expect(throws: InputError.self) { try NPY.read(folder) }
    }
}
