import FormatInterface
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Test(arguments: [4, 64])
func `what is written reads back bit for bit`(_ channels: Int) throws {
    let original = sample(channels: channels, metadata: ["ferry.architecture": "none", "a": "ä"])
    let found = try read(try written(original))
    #expect(found.metadata == original.metadata)
    #expect(found.producer == "ferry")
    #expect(found.tensors.map(\.name) == ["w1", "b1", "w2"])
    for (before, after) in zip(original.tensors, found.tensors) {
        #expect(after.tensor.isBitEqual(to: before.tensor))
    }
    let graph = try #require(found.graph)
    #expect(graph.name == "graph")
    #expect(graph.inputs == original.graph?.inputs)
    #expect(graph.outputs[0].shape == [.unknown, .unknown, .unknown, .unknown])
    #expect(graph.nodes.map(\.name) == ["conv1", "r1", "conv1_2", "relu"])
    #expect(graph.nodes.map(\.inputs) == original.graph?.nodes.map(\.inputs))
    let first = try #require(graph.nodes[0].op as? Conv)
    #expect(first.window == SpatialWindow(strides: [2, 1], pads: [1, 0, 2, 3]))
    #expect((graph.nodes[2].op as? Conv)?.group == 2)
}

@Test func `a network computes the same before and after`() throws {
    let original = sample()
    let found = try read(try written(original))
    var generator = SeededGenerator(seed: 3)
    let x = Tensor(generator.floats(2 * 3 * 9 * 7), shape: [2, 3, 9, 7])
    let results = try [original, found].map { checkpoint in
        let constants = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map {
                ($0.name, $0.tensor)
            })
        return try checkpoint.graph?.evaluate(["x": x], constants: constants)["y"]
    }
    let before = try #require(results[0])
    #expect(try #require(results[1]).isBitEqual(to: before))
}

@Test func `the same checkpoint gives the same bytes`() throws {
    let metadata = Dictionary(uniqueKeysWithValues: (0..<40).map { ("key\($0)", "\($0)") })
    let first = try written(sample(metadata: metadata))
    #expect(try written(sample(metadata: metadata)) == first)
    #expect(try written(read(first)) == first)
}

@Test func `every element type survives`() throws {
    var checkpoint = sample()
    for type in ElementType.allCases {
        let values: [Double] = type == .bool ? [0, 1, 1] : [2, 1, 100]
        checkpoint.tensors.append(
            NamedTensor(
                name: "extra.\(type)", tensor: Tensor(rounding: values, to: type, shape: [3, 1])))
    }
    checkpoint.tensors.append(
        NamedTensor(name: "empty", tensor: Tensor(rounding: [], to: .int64, shape: [0, 2])))
    checkpoint.tensors.append(NamedTensor(name: "scalar", tensor: Tensor([Float(2)], shape: [])))
    let found = try read(try written(checkpoint))
    for (before, after) in zip(checkpoint.tensors, found.tensors) {
        #expect(after.name == before.name)
        #expect(after.tensor.isBitEqual(to: before.tensor), "\(before.name)")
    }
}

private func outputProblem(_ checkpoint: Checkpoint) throws -> String? {
    do {
        _ = try written(checkpoint)
        return nil
    } catch let error as OutputError {
        return error.problem
    }
}

@Test func `what ONNX cannot hold is refused`() throws {
    var bag = sample()
    bag.graph = nil
    #expect(try outputProblem(bag)?.contains("a graph") == true)
    var twice = sample()
    twice.tensors.append(twice.tensors[0])
    #expect(try outputProblem(twice)?.contains("'w1', found several") == true)
    var nameless = sample()
    nameless.tensors[0].name = ""
    #expect(try outputProblem(nameless)?.contains("without") == true)
    #expect(try outputProblem(sample(metadata: ["a": "b\0c"]))?.contains("NUL") == true)
}
