import FormatInterface
import IR
import PyTorchFormat
import Tensors
import TestSupport
import ZIPContainer

/// Bytes of a pickle, instruction by instruction.
struct Pickle {
    var bytes: [UInt8] = [0x80, 2]

    init(_ bytes: [UInt8] = [0x80, 2]) { self.bytes = bytes }

    static func + (left: Pickle, right: [UInt8]) -> Pickle { Pickle(left.bytes + right) }

    static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }

    static func text(_ text: String) -> [UInt8] {
        [0x8C, UInt8(text.utf8.count)] + text.utf8
    }

    /// A number of any size as LONG1.
    static func number(_ value: Int) -> [UInt8] {
        [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.joined() + [0x74] }

    static func numbers(_ values: [Int]) -> [UInt8] { tuple(values.map(number)) }

    static func storage(
        _ key: String = "0", type: [UInt8] = global("torch", "FloatStorage"), count: Int = 6,
        view: [UInt8]? = nil
    ) -> [UInt8] {
        tuple(
            [text("storage"), type, text(key), text("cpu"), number(count)]
                + (view.map { [$0] } ?? []))
            + [0x51]
    }

    static func tensor(
        _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [2, 3],
        strides: [Int] = [3, 1], metadata: [UInt8]? = nil
    ) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple(
                [
                    storage, number(offset), numbers(shape), numbers(strides), [0x89],
                    global("collections", "OrderedDict") + [0x29, 0x52],
                ] + (metadata.map { [$0] } ?? [])) + [0x52]
    }

    /// A state dict with one tensor "w".
    static func stateDict(_ tensor: [UInt8] = tensor()) -> [UInt8] {
        [0x80, 2, 0x7D] + text("w") + tensor + [0x73, 0x2E]
    }
}

/// A zip checkpoint made by hand: a pickle, and storage "0" of six numbers.
struct MadeCheckpoint {
    var pickle = Pickle.stateDict()
    var members: [(name: String, contents: [UInt8])] = [
        ("a/data/0", MadeCheckpoint.numbers), ("a/version", Array("3\n".utf8)),
    ]

    /// 1, 2 … 6 in float32.
    static let numbers: [UInt8] = (1...6).flatMap { value in
        let bits = Float(value).bitPattern
        return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
    }

    func file(in folder: TemporaryFolder) throws -> InputFile {
        let path = folder.path("made.pth")
        try OutputFile.write(to: path, replacing: true) { file in
            var writer = ZIPWriter()
            for member in [("a/data.pkl", pickle)] + members {
                try writer.append(member.0, member.1, to: file)
            }
            try writer.finish(to: file)
        }
        return try InputFile(path: path)
    }

    /// The message of the refusal; nil when the file is read.
    func refusal() throws -> String? {
        let folder = try TemporaryFolder()
        let file = try file(in: folder)
        return TestSupport.refusal { _ = try PyTorchFormat.read(file) }
    }

    func values() throws -> [Float] {
        let folder = try TemporaryFolder()
        return try PyTorchFormat.read(file(in: folder)).tensors[0].tensor.floats()
    }
}

/// A legacy stream made by hand.
struct MadeStream {
    var magic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    var version: [UInt8] = [0x80, 2] + Pickle.number(1001) + [0x2E]
    var system: [UInt8] = [0x80, 2, 0x7D] + Pickle.text("little_endian") + [0x88, 0x73, 0x2E]
    var pickle = Pickle.stateDict()
    var keys: [UInt8] = [0x80, 2, 0x5D] + Pickle.text("0") + [0x61, 0x2E]
    var count: [UInt8] = [6, 0, 0, 0, 0, 0, 0, 0]
    var numbers = MadeCheckpoint.numbers

    var bytes: [UInt8] { magic + version + system + pickle + keys + count + numbers }

    func refusal() throws -> String? {
        let folder = try TemporaryFolder()
        let file = try folder.file(bytes)
        return TestSupport.refusal { _ = try PyTorchFormat.read(file) }
    }

    func values() throws -> [Float] {
        let folder = try TemporaryFolder()
        return try PyTorchFormat.read(folder.file(bytes)).tensors[0].tensor.floats()
    }
}
