import IR
import Tensors
import Testing

/// A pickle, and words of its refusal.
struct PickleDefect: Sendable, CustomTestStringConvertible {
    let name: String
    let words: String
    let pickle: [UInt8]

    init(_ name: String, _ words: String, _ pickle: [UInt8]) {
        (self.name, self.words, self.pickle) = (name, words, pickle)
    }

    var testDescription: String { name }
}

private let mark: UInt8 = 0x28
private let stop: UInt8 = 0x2E

@Suite struct HostilePickles {
    private static func reduce(_ module: String, _ name: String) -> [UInt8] {
        [0x80, 2] + Pickle.global(module, name) + Pickle.tuple([Pickle.text("x")]) + [0x52, stop]
    }

    static let names: [PickleDefect] = [
        ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "getattr"),
        ("builtins", "exec"), ("torch", "load"), ("torch.hub", "load"),
        ("numpy.core.multiarray", "ufunc"), ("functools", "partial"), ("torch", "os.system"),
        ("pathlib", "Path.unlink"), ("datetime", "sys"),
        ("torch._utils", "_import_dotted_name"), ("__builtin__", "apply"), ("collections", "_sys"),
    ].map { PickleDefect("\($0) \($1)", "'\($0) \($1)', which is not run", reduce($0, $1)) }

    static let instructions: [PickleDefect] = [
        ("PERSID", 0x50), ("INST", 0x69), ("OBJ", 0x6F), ("EXT1", 0x82), ("EXT2", 0x83),
        ("EXT4", 0x84), ("NEWOBJ_EX", 0x92), ("NEXT_BUFFER", 0x97), ("STRING", 0x53),
        ("the byte 0xff", 0xFF),
    ].map { PickleDefect($0, "found \($0)", [0x80, 2, $1, stop]) }

    static let stacks: [PickleDefect] = [
        PickleDefect("no STOP", "the end of its bytes", [0x80, 2, 0x7D]),
        PickleDefect("no bytes", "the end of its bytes", []),
        PickleDefect("protocol 9", "pickle protocol 1 to 5", [0x80, 9, 0x7D, stop]),
        PickleDefect("STOP on nothing", "one value", [0x80, 2, stop]),
        PickleDefect("two values at the end", "one value", [0x80, 2, 0x7D, 0x7D, stop]),
        PickleDefect("a mark at the end", "one value", [0x80, 2, 0x7D, mark, stop]),
        PickleDefect("a pop of nothing", "a value on the stack", [0x80, 2, 0x30, stop]),
        PickleDefect("a pop below a mark", "a value on the stack", [0x80, 2, 0x7D, mark, 0x30]),
        PickleDefect("a tuple without a mark", "a mark", [0x80, 2, 0x7D, 0x74, stop]),
        PickleDefect("too few values for a tuple", "3 values", [0x80, 2, 0x4E, 0x87, stop]),
        PickleDefect("a memo's get before its put", "a remembered", [0x80, 2, 0x68, 0, stop]),
        PickleDefect("memo index 2³²−1", "a remembered", [0x80, 2, 0x6A, 255, 255, 255, 255]),
        PickleDefect(
            "text of 2³² bytes", "inside the pickle", [0x80, 2, 0x58, 255, 255, 255, 255]),
        PickleDefect(
            "text of 2⁶³ bytes", "inside the pickle", [0x80, 2, 0x8D, 0, 0, 0, 0, 0, 0, 0, 0x80]),
        PickleDefect(
            "LONG4 of −1 bytes", "inside the pickle", [0x80, 2, 0x8B, 255, 255, 255, 255]),
        PickleDefect("LONG4 of 2 GiB", "inside the pickle", [0x80, 2, 0x8B, 255, 255, 255, 127]),
        PickleDefect("text that is no number", "whole number", [0x80, 1, 0x49, 0x78, 0x0A, stop]),
        PickleDefect(
            "APPEND to a tuple", "a list to append to", [0x80, 2, 0x29, 0x4E, 0x61, stop]),
        PickleDefect("SETITEM on a list", "a dictionary", [0x80, 2, 0x5D, 0x4E, 0x4E, 0x73, stop]),
        PickleDefect(
            "a key without a value", "a value for each", [0x80, 2, 0x7D, mark, 0x4E, 0x75]),
        PickleDefect("BUILD on a list", "attributes", [0x80, 2, 0x5D, 0x7D, 0x62, stop]),
        PickleDefect(
            "REDUCE of text", "a name to call", [0x80, 2] + Pickle.text("x") + [0x29, 0x52]),
        PickleDefect("REDUCE with a list", "a tuple", [0x80, 2, 0x4E, 0x5D, 0x52, stop]),
        PickleDefect(
            "a call of a storage's class", "a name to call",
            [0x80, 2] + Pickle.global("torch", "FloatStorage") + [0x29, 0x52]),
        PickleDefect(
            "NEWOBJ of a tensor's function", "a known class",
            [0x80, 2] + Pickle.global("torch._utils", "_rebuild_tensor_v2") + [0x29, 0x81]),
        PickleDefect("a name of numbers", "a name on the stack", [0x80, 4, 0x4E, 0x4E, 0x93]),
        PickleDefect("a persistent id that is text", "a tuple", [0x80, 2, 0x4E, 0x51, stop]),
        PickleDefect(
            "a persistent id of no storage", "the id of a storage",
            [0x80, 2] + Pickle.tuple([Pickle.text("module"), [0x4E], [0x4E], [0x4E], [0x4E]]) + [
                0x51
            ]),
        PickleDefect(
            "a tensor without a storage", "a tensor's storage",
            [0x80, 2] + Pickle.global("torch._utils", "_rebuild_tensor_v2")
                + Pickle.tuple([[0x4E], [0x4E], [0x4E], [0x4E]]) + [0x52]),
        PickleDefect(
            "functions that name each other", "this one in itself",
            [0x80, 2] + Pickle.global("torch._tensor", "_rebuild_from_type_v2")
                + Pickle.tuple([
                    Pickle.global("torch._tensor", "_rebuild_from_type_v2"), [0x4E], [0x29], [0x4E],
                ]) + [0x52]),
        PickleDefect(
            "a number for a state dict", "a state dict, found a whole", [0x80, 2, 0x4B, 1, stop]),
        PickleDefect(
            "a dictionary that holds itself", "found none",
            [0x80, 2, 0x7D, 0x71, 0] + Pickle.text("x") + [0x68, 0, 0x73, stop]),
        PickleDefect(
            "ten million lists", "at most 4194304 values",
            [0x80, 2] + [UInt8](repeating: 0x5D, count: 10_000_000) + [stop]),
    ]

    @Test(arguments: names + instructions + stacks)
    func `a pickle with a defect is refused`(_ defect: PickleDefect) throws {
        var made = MadeCheckpoint()
        made.pickle = defect.pickle
        let message = try made.refusal()
        #expect(message?.contains(defect.words) == true, "\(message ?? "none")")
        #expect(message?.contains("pth: ") == true)
    }

    @Test func `a million nested tuples end in a refusal`() throws {
        var made = MadeCheckpoint()
        made.pickle = [0x80, 2, 0x4E] + [UInt8](repeating: 0x85, count: 1_000_000) + [stop]
        #expect(try made.refusal()?.contains("found a tuple") == true)
    }

    @Test func `lists that double a hundred times take no memory`() throws {
        var made = MadeCheckpoint()
        // Each list holds the one before twice.
        var pickle: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x30]
        for level in 0..<100 as Range<UInt8> {
            pickle += [0x5D, mark, 0x68, level, 0x68, level, 0x65, 0x71, level + 1, 0x30]
        }
        made.pickle = pickle + [0x68, 100, stop]
        #expect(try made.refusal()?.contains("found a list") == true)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt8])
    func `every binary protocol loads`(_ version: UInt8) throws {
        var made = MadeCheckpoint()
        made.pickle[1] = version
        if version >= 4 {
            made.pickle.insert(contentsOf: [0x95] + [UInt8](repeating: 0, count: 8), at: 2)
        }
        #expect(try made.values() == [1, 2, 3, 4, 5, 6])
    }
}
