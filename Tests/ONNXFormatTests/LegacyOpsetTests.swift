import FormatInterface
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

// Operators whose old meaning takes several nodes of the written operator set.

/// A model of one node on x [2, 3, 4, 5], with a second input where `constants` has one.
private func old(
    _ type: String, opset version: Int64, _ attributes: [[UInt8]], _ constants: [[UInt8]] = []
) -> [UInt8] {
    let inputs = constants.isEmpty ? ["x"] : ["x", "k"]
    return model(
        graph(
            nodes: [node(type, inputs, ["y"], attributes, name: "n")], initializers: constants,
            inputs: [value("x", [2, 3, 4, 5])], outputs: [value("y", [2, 3, 4, 5])]),
        ir: integer(1, 3), opsets: opset(version))
}

private func int(_ name: String, _ value: Int64) -> [UInt8] {
    text(1, name) + integer(3, value) + integer(20, 2)
}

private struct OldModel: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    var written: [String]
}

private let oldModels = [
    OldModel(
        testDescription: "Softmax 11 from axis 1", bytes: old("Softmax", opset: 11, []),
        written: ["Shape", "Flatten", "Softmax", "Reshape"]),
    OldModel(
        testDescription: "LogSoftmax 1 from axis 2",
        bytes: old("LogSoftmax", opset: 1, [int("axis", 2)]),
        written: ["Shape", "Flatten", "LogSoftmax", "Reshape"]),
    OldModel(
        testDescription: "Softmax 11 on the last axis",
        bytes: old("Softmax", opset: 11, [int("axis", 3)]), written: ["Softmax"]),
    OldModel(
        testDescription: "Add 6 on the channels",
        bytes: old("Add", opset: 6, [int("broadcast", 1), int("axis", 1)], [floats("k", [3])]),
        written: ["Add"]),
    OldModel(
        testDescription: "Mul 6 on the last axes",
        bytes: old("Mul", opset: 6, [int("broadcast", 1), int("axis", 2)], [floats("k", [4, 5])]),
        written: ["Mul"]),
    OldModel(
        testDescription: "PRelu 6 on the channels",
        bytes: old("PRelu", opset: 6, [], [floats("k", [3])]), written: ["PRelu"]),
]

@Test(arguments: oldModels)
private func `an old meaning is written in the current operator set`(_ item: OldModel) throws {
    let before = try read(item.bytes)
    let after = try read(try written(before))
    #expect(after.graph?.nodes.map(\.op.type) == item.written)
    var generator = SeededGenerator(seed: 9)
    let x = Tensor(generator.floats(120), shape: [2, 3, 4, 5])
    let results = try [before, after].map { checkpoint in
        let constants = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
        return try #require(
            try checkpoint.graph?.evaluate(["x": x], constants: constants)["y"])
    }
    #expect(results[1].isBitEqual(to: results[0]))
}
