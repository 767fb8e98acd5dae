import FormatInterface
import Foundation
import IR
import ONNXFormat
import TestSupport
import Testing

// Protobuf wire bytes put together by hand, so that they can be wrong in every way.

func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
    }
    return bytes + [UInt8(rest)]
}

func tag(_ field: Int, _ wireType: UInt64) -> [UInt8] {
    varint(UInt64(field) << 3 | wireType)
}

func integer(_ field: Int, _ value: Int64) -> [UInt8] {
    tag(field, 0) + varint(UInt64(bitPattern: value))
}

func bytes(_ field: Int, _ content: [UInt8]) -> [UInt8] {
    tag(field, 2) + varint(UInt64(content.count)) + content
}

func text(_ field: Int, _ content: String) -> [UInt8] {
    bytes(field, Array(content.utf8))
}

func little<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// A TensorProto: dims, data_type, name, then `data`.
func tensor(_ name: String, _ type: Int64, _ dims: [Int64], _ data: [UInt8]) -> [UInt8] {
    dims.flatMap { integer(1, $0) } + integer(2, type) + text(8, name) + data
}

func floats(_ name: String, _ dims: [Int64]) -> [UInt8] {
    let count = dims.reduce(1, *)
    let data = (0..<count).flatMap { little((Float($0) / 8 - 1).bitPattern) }
    return tensor(name, 1, dims, bytes(9, data))
}

/// A ValueInfoProto of a float tensor.
func value(_ name: String, _ dims: [Int64]) -> [UInt8] {
    let shape = dims.flatMap { bytes(1, integer(1, $0)) }
    return text(1, name) + bytes(2, bytes(1, integer(1, 1) + bytes(2, shape)))
}

/// A NodeProto.
func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [[UInt8]] = [],
    name: String? = nil
) -> [UInt8] {
    inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) }
        + (name.map { text(3, $0) } ?? []) + text(4, type) + attributes.flatMap { bytes(5, $0) }
}

func attribute(_ name: String, ints: [Int64]) -> [UInt8] {
    text(1, name) + ints.flatMap { integer(8, $0) } + integer(20, 7)
}

let convNode = node("Conv", ["x", "w", "b"], ["c"], [attribute("pads", ints: [1, 1, 1, 1])])
let reluNode = node("Relu", ["c"], ["y"])

/// Fields of a GraphProto: Conv and Relu on [1, 2, 4, 5], or parts given in their place.
func graph(
    nodes: [[UInt8]] = [convNode, reluNode],
    initializers: [[UInt8]] = [floats("w", [3, 2, 3, 3]), floats("b", [3])],
    inputs: [[UInt8]] = [value("x", [1, 2, 4, 5])],
    outputs: [[UInt8]] = [value("y", [1, 3, 4, 5])]
) -> [UInt8] {
    nodes.flatMap { bytes(1, $0) } + text(2, "g") + initializers.flatMap { bytes(5, $0) }
        + inputs.flatMap { bytes(11, $0) } + outputs.flatMap { bytes(12, $0) }
}

func opset(_ version: Int64, domain: String = "") -> [UInt8] {
    bytes(8, text(1, domain) + integer(2, version))
}

/// A ModelProto around a graph.
func model(
    _ graph: [UInt8] = graph(), ir: [UInt8] = integer(1, 8), opsets: [UInt8] = opset(17)
) -> [UInt8] {
    ir + text(2, "hand") + bytes(7, graph) + opsets
}

/// A model whose last initializer is `tensor`, which nothing reads.
func model(with tensor: [UInt8]) -> [UInt8] {
    model(graph(initializers: [floats("w", [3, 2, 3, 3]), floats("b", [3]), tensor]))
}

func read(_ bytes: [UInt8]) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try ONNXFormat.read(folder.file(bytes, as: "model.onnx"))
}

/// What reading `bytes` complains of, without the file's path; nil when it loads.
func refusal(of bytes: [UInt8]) throws -> String? {
    do {
        _ = try read(bytes)
        return nil
    } catch let error as InputError {
        return String(error.description.drop { $0 != ":" }.dropFirst(2))
    }
}

/// Malformed bytes and words that must be in the one line about them.
struct Defect: CustomTestStringConvertible, Sendable {
    var name: String
    var bytes: [UInt8]
    var words: [String]

    init(_ name: String, _ bytes: [UInt8], _ words: String...) {
        self.name = name
        self.bytes = bytes
        self.words = words
    }

    var testDescription: String { name }
}

extension [UInt8] {
    init(repeatingPattern pattern: [UInt8], count: Int) {
        self = []
        reserveCapacity(pattern.count * count)
        for _ in 0..<count { append(contentsOf: pattern) }
    }
}
