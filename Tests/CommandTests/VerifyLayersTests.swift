import FormatInterface
import Formats
import Foundation
import IR
import Parity
import Tensors
import TestSupport
import Testing

/// The report of `ferry verify … --json`.
private func report(_ outcome: ProcessOutcome) throws -> ParityReport {
    try #require(!outcome.output.isEmpty, "\(outcome.status): \(outcome.errors)")
    return try JSONDecoder().decode(ParityReport.self, from: Data(outcome.output.utf8))
}

/// Writes a recorded ONNX model after a change to its graph.
private func rewired(
    _ source: String, as name: String, in folder: TemporaryFolder, _ change: (inout Graph) -> Void
) throws {
    let file = try InputFile(path: source)
    let format = try FormatRegistry.format(of: file)
    var checkpoint = try format.read(file)
    if var graph = checkpoint.graph {
        change(&graph)
        checkpoint.graph = graph
    }
    try OutputFile.write(to: folder.path(name), replacing: true) {
        try format.write(checkpoint, to: $0)
    }
}

extension Graph {
    /// Takes out a node that hands its first input on.
    fileprivate mutating func bypass(_ index: Int) {
        let node = nodes.remove(at: index)
        for place in nodes.indices {
            nodes[place].inputs = nodes[place].inputs.map {
                $0 == node.outputs[0] ? node.inputs[0] : $0
            }
        }
    }

    fileprivate func place(of type: String, _ number: Int = 0) -> Int {
        nodes.indices.filter { nodes[$0].op.type == type }[number]
    }
}

// MARK: Models

@Test(arguments: [
    ("alexnet_narrow.onnx", "alexnet_narrow.keras.h5"),
    ("vgg11_narrow.keras.h5", "vgg11_narrow.dynamo.onnx"),
])
func `layers of two dialects are listed and equal`(a: String, b: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let found = try report(try ferry("verify", model(a), model(b), "--layers", "--json"))
    #expect(found.layers.count > 18)
    // Keras' networks end in a softmax of their own.
    let rows = found.layers.filter { $0.operation != "Softmax" }
    #expect(rows.allSatisfy { $0.parity.status == .bitEqual }, "\(rows)")
    #expect(rows.contains { $0.name == "features.0" && $0.operation == "Conv" })
    #expect(found.passes)
    #expect(found.bisection == nil)
}

@Test(arguments: [true, false])
func `a folded normalisation is one layer with its convolution`(isFolded: Bool) throws {
    let pair = ["vgg16_bn_narrow.folded.onnx", "vgg16_bn_narrow.onnx"].map(model)
    let ferry = Ferry(in: try TemporaryFolder())
    let sides = isFolded ? pair : pair.reversed()
    let found = try report(try ferry.run(["verify"] + sides + ["--layers", "--json"]))
    #expect(found.passes)
    let joined = found.layers.filter {
        ($0.referenceOperation ?? $0.operation) == "Conv + BatchNormalization"
            || $0.operation == "Conv + BatchNormalization"
    }
    #expect(joined.count == 13, "\(found.layers)")
    #expect(found.layers.allSatisfy { $0.parity.status == .close || $0.parity.status == .bitEqual })
}

@Test(arguments: ["features.0.weight", "features.6.weight", "classifier.4.bias"])
func `an error is found in the layer where it is born`(tensor: String) throws {
    let folder = try TemporaryFolder()
    let original = model("alexnet_narrow.state.h5")
    try altered(original, as: "x.h5", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.name == tensor }) else { return }
        tensors[place].tensor = replacingFirst(tensors[place].tensor, by: 3)
    }
    let outcome = try Ferry(in: folder)("verify", "x.h5", original, "--bisect", "--json")
    #expect(outcome.status == 1)
    let found = try #require(try report(outcome).bisection)
    #expect(found.layer == tensor.split(separator: ".").dropLast().joined(separator: "."))
    #expect(found.isBornHere == true)
    #expect(found.onReferenceInput?.outsideCount ?? 0 > 0)
    let text = try Ferry(in: folder)("verify", "x.h5", original, "--bisect").output
    #expect(text.contains("first layer outside the tolerance: \(found.layer)"))
    #expect(text.contains("born here"))
}

@Test func `an error that adds up is told from one that is born`() throws {
    let folder = try TemporaryFolder()
    let original = model("alexnet_narrow.state.h5")
    try altered(original, as: "x.h5", in: folder) { tensors in
        for place in tensors.indices where tensors[place].name.hasPrefix("features.") {
            let values = tensors[place].tensor.floats().map { $0 * 1.0007 }
            tensors[place].tensor = Tensor(values, shape: tensors[place].tensor.shape)
        }
    }
    let outcome = try Ferry(in: folder)(
        "verify", "x.h5", original, "--bisect", "--json", "--rtol", "0", "--atol", "1e-3")
    let found = try #require(try report(outcome).bisection)
    #expect(found.layer == "features.3")
    #expect(found.isBornHere == false)
    #expect(found.explanation.contains("inherited"))
}

@Test func `another operator is named beside the reference's`() throws {
    let folder = try TemporaryFolder()
    let original = model("lenet5.onnx")
    try rewired(original, as: "x.onnx", in: folder) { graph in
        graph.nodes[graph.place(of: "Relu", 1)].op = Tanh()
    }
    let outcome = try Ferry(in: folder)("verify", "x.onnx", original, "--bisect", "--json")
    #expect(outcome.status == 1)
    let found = try #require(try report(outcome).bisection)
    #expect(found.operation == "Tanh")
    #expect(found.referenceOperation == "Relu")
    #expect(found.isBornHere == true)
}

@Test func `a missing operator is named by what the reference computes there`() throws {
    let folder = try TemporaryFolder()
    let original = model("lenet5.onnx")
    try rewired(original, as: "x.onnx", in: folder) { $0.bypass($0.place(of: "Relu", 0)) }
    let found = try report(
        try Ferry(in: folder)("verify", "x.onnx", original, "--bisect", "--json"))
    let bisection = try #require(found.bisection)
    #expect(bisection.operation == "MaxPool")
    #expect(bisection.referenceOperation == "Relu + MaxPool")
    #expect(bisection.isBornHere == true)
    // The layers before are compared all the same.
    #expect(found.layers.first?.parity.status == .bitEqual)
}

// MARK: Records

/// What an ONNX file's own plain evaluation gives: inputs, outputs and values by name.
private func values(
    of path: String, batch: Int = 2
) throws -> (input: Tensor, output: Tensor, activations: [(String, Tensor)]) {
    let checkpoint = try FormatRegistry.format(of: InputFile(path: path))
        .read(InputFile(path: path))
    let graph = try #require(checkpoint.graph)
    let shape = try #require(graph.defaultInputShapes(batch: batch)[graph.inputs[0].name])
    var generator = SeededGenerator(seed: 3)
    let numbers = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) }
    let input = Tensor(numbers, shape: shape)
    let weights = Dictionary(
        checkpoint.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    let all = try graph.evaluate([graph.inputs[0].name: input], constants: weights)
    let names = graph.nodes.flatMap(\.outputs)
    let output = try #require(all[graph.outputs[0].name])
    return (input, output, names.dropLast().compactMap { name in all[name].map { (name, $0) } })
}

private func write(_ tensors: [(String, Tensor)], to path: String) throws {
    let format = try FormatRegistry.format(forWriting: path, named: nil)
    let checkpoint = Checkpoint(
        convention: .pytorch,
        tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) },
        metadata: ["ferry.recording": "a test"])
    try OutputFile.write(to: path, replacing: true) { try format.write(checkpoint, to: $0) }
}

@Test(arguments: ["alexnet_narrow.onnx", "lenet5.onnx"])
func `recorded activations find their layers by name`(name: String) throws {
    let folder = try TemporaryFolder()
    let (input, output, activations) = try values(of: model(name))
    try write(
        [("input_0", input), ("output_0", output)] + activations, to: folder.path("r.safetensors"))
    let ferry = Ferry(in: folder)
    for sides in [[model(name), "r.safetensors"], ["r.safetensors", model(name)]] {
        let found = try report(try ferry.run(["verify"] + sides + ["--json"]))
        #expect(found.passes)
        #expect(found.outputs.count == 1)
        let compared = found.layers.filter { $0.parity.status != .notCompared }
        #expect(compared.count >= activations.count - 1, "\(found.layers)")
        #expect(compared.allSatisfy { $0.parity.passes })
    }
}

@Test func `a layer that was not recorded is listed so`() throws {
    let folder = try TemporaryFolder()
    let name = model("alexnet_narrow.onnx")
    let (input, _, activations) = try values(of: name)
    let some = activations.filter { $0.0.contains("Conv") || $0.0.contains("Gemm") }
    try write([("input_0", input)] + some, to: folder.path("r.safetensors"))
    let found = try report(try Ferry(in: folder)("verify", name, "r.safetensors", "--json"))
    #expect(found.passes)
    let pools = found.layers.filter { $0.operation == "MaxPool" }
    #expect(pools.count == 3)
    #expect(pools.allSatisfy { $0.parity.status == .notCompared })
    #expect(pools.allSatisfy { $0.parity.explanation == "not recorded" })
}

@Test func `names that tell nothing are replaced by order, shape and values`() throws {
    let folder = try TemporaryFolder()
    let name = model("lenet5.onnx")
    let (input, _, activations) = try values(of: name)
    let numbered = activations.enumerated().map { ("act\($0)", $1.1) }
    try write([("input_0", input)] + Array(numbered.reversed()), to: folder.path("r.npz"))
    let found = try report(try Ferry(in: folder)("verify", name, "r.npz", "--json"))
    #expect(found.passes, "\(found.layers)")
    #expect(found.layers.count { $0.parity.status != .notCompared } >= activations.count - 1)
    #expect(found.notes.contains { $0.contains("matched by order, shape and values") })
}

/// As Keras flattens pictures, and as it does behind a Permute.
@Test(arguments: [true, false])
func `activations with their channels last are turned`(flattensSo: Bool) throws {
    let folder = try TemporaryFolder()
    let name = model("alexnet_narrow.onnx")
    let (input, output, activations) = try values(of: name)
    let picture = try #require(activations.last { $0.1.rank == 4 }).1.shape
    let flat = [picture[0], picture.dropFirst().reduce(1, *)]
    let turned = activations.map { item in
        let isFlattened = flattensSo && item.1.shape == flat
        let tensor = isFlattened ? item.1.reshaped(picture) : item.1
        let last = tensor.rank == 4 ? tensor.permuted([0, 2, 3, 1]) : tensor
        return (item.0, isFlattened ? last.reshaped(item.1.shape) : last)
    }
    try write(
        [("input_0", input.permuted([0, 2, 3, 1])), ("output_0", output)] + turned,
        to: folder.path("r.safetensors"))
    let found = try report(try Ferry(in: folder)("verify", name, "r.safetensors", "--json"))
    #expect(found.passes, "\(found.layers)")
    #expect(found.layers.count { $0.parity.status != .notCompared } >= turned.count - 1)
}

@Test func `a recorded layer that differs is found, and whether it is born there`() throws {
    let folder = try TemporaryFolder()
    let name = model("alexnet_narrow.onnx")
    let (input, _, activations) = try values(of: name)
    let wrong = activations.map { item in
        item.0.contains("features.6") ? (item.0, replacingFirst(item.1, by: 50)) : item
    }
    try write([("input_0", input)] + wrong, to: folder.path("r.safetensors"))
    let ferry = Ferry(in: folder)
    let outcome = try ferry("verify", name, "r.safetensors", "--bisect", "--json")
    #expect(outcome.status == 1)
    let found = try #require(try report(outcome).bisection)
    #expect(found.layer == "features.6")
    #expect(found.isBornHere == true)
    // Without its input there is nothing to run it on.
    try write(
        [("input_0", input)] + wrong.filter { !$0.0.contains("features.5") && !$0.0.contains("4") },
        to: folder.path("r.safetensors"))
    let blind = try #require(
        try report(try ferry("verify", name, "r.safetensors", "--bisect", "--json")).bisection)
    #expect(blind.layer == "features.6")
    #expect(blind.isBornHere == nil)
    #expect(blind.explanation.contains("its input was not recorded"))
}

@Test func `two records are compared by name`() throws {
    let folder = try TemporaryFolder()
    let (input, output, activations) = try values(of: model("lenet5.onnx"))
    let all = [("input_0", input), ("output_0", output)] + activations
    try write(all, to: folder.path("a.safetensors"))
    try write(Array(all.dropLast()), to: folder.path("b.safetensors"))
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("verify", "a.safetensors", "a.safetensors"), "verdict: equal to the last bit")
    let outcome = try ferry("verify", "a.safetensors", "b.safetensors")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("MISSING"))
    expectRefusal(
        try ferry("verify", "a.safetensors", "a.safetensors", "--weights-only"), 2, "found records")
}
