import FormatInterface
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// One node on x [2, 3, 4], with constants beside it.
private struct Case: CustomTestStringConvertible, Sendable {
    var op: any Operator
    var constants: [(String, Tensor)] = []
    var outputs = ["y"]
    /// The version of the operators to write.
    var opset: Int
    var testDescription: String { "\(op.type) in opset \(opset)" }

    var checkpoint: Checkpoint {
        let shape: [Dimension] = [.fixed(2), .fixed(3), .fixed(4)]
        let graph = Graph(
            name: "g", inputs: [ValueDeclaration(name: "x", elementType: .float32, shape: shape)],
            outputs: outputs.map { ValueDeclaration(name: $0, elementType: .float32, shape: nil) },
            nodes: [
                Node(name: "n", op: op, inputs: ["x"] + constants.map(\.0), outputs: outputs)
            ])
        let tensors = constants.filter { !$0.0.isEmpty }
            .map { NamedTensor(name: $0.0, tensor: $0.1) }
        return Checkpoint(convention: .onnx, tensors: tensors, graph: graph)
    }
}

private func list(_ values: Int64...) -> Tensor { Tensor(values) }
private func scalar(_ value: Float) -> Tensor { Tensor([value], shape: []) }
private let none = ("", scalar(0))

private func written(_ checkpoint: Checkpoint, opset: Int) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    var options = ONNXFormat.WritingOptions()
    options.opset = opset
    try OutputFile.write(to: folder.path("out.onnx"), replacing: false) { file in
        try ONNXFormat.write(checkpoint, to: file, options: options)
    }
    return try InputFile(path: folder.path("out.onnx")).allBytes
}

private func results(_ checkpoint: Checkpoint) throws -> [Tensor] {
    let constants = Dictionary(
        uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
    var generator = SeededGenerator(seed: 5)
    let x = Tensor(generator.floats(24), shape: [2, 3, 4])
    let graph = try #require(checkpoint.graph)
    let values = try graph.evaluate(["x": x], constants: constants)
    return graph.outputs.compactMap { values[$0.name] }
}

private let axes = Reduction(axes: [0, -1])
private let cases: [Case] = [9, 10, 11, 12, 13, 15, 18, 22, 28].flatMap { opset in
    [
        Case(op: ReduceMean(axes), opset: opset),
        Case(op: ReduceMax(axes), opset: opset),
        Case(op: ReduceSum(), constants: [("axes", list(1, 2))], opset: opset),
        Case(op: Unsqueeze(), constants: [("axes", list(0, -1))], opset: opset),
        Case(
            op: Split(axis: 1, outputCount: 2), constants: [("sizes", list(1, 2))],
            outputs: ["y", "z"], opset: opset),
        Case(op: Split(axis: 2, outputCount: 2), outputs: ["y", "z"], opset: opset),
        Case(op: Clip(), constants: [("low", scalar(-0.5)), ("high", scalar(0.5))], opset: opset),
        Case(op: Clip(), constants: [none, ("high", scalar(0.5))], opset: opset),
        Case(
            op: Pad(), constants: [("pads", list(0, 1, 0, 2, 0, 1)), ("value", scalar(3))],
            opset: opset),
        Case(
            op: Slice(),
            constants: [("starts", list(1)), ("ends", list(-1)), ("axes", list(-1))], opset: opset),
        Case(op: Dropout(), constants: [("ratio", scalar(0.25))], opset: opset),
        Case(op: Softmax(axis: -1), opset: opset),
        Case(op: LogSoftmax(axis: 2), opset: opset),
        Case(op: Softmax(axis: 1, flattensTrailingAxes: true), opset: opset),
        Case(op: Flatten(axis: -1), opset: opset),
        Case(op: MaxPool(window: SpatialWindow(kernel: [2], dilations: [1])), opset: opset),
    ]
}

@Suite struct WrittenOpsets {
    @Test(arguments: cases)
    fileprivate func `a node means the same in every version that has it`(_ item: Case) throws {
        let before = item.checkpoint
        let bytes = try written(before, opset: item.opset)
        let after = try read(bytes)
        for (mine, theirs) in zip(try results(before), try results(after)) {
            #expect(mine.isBitEqual(to: theirs))
        }
        #expect(try written(before, opset: item.opset) == bytes)
    }

    private static let misfits: [(Case, String)] = [
        (Case(op: HardSwish(), opset: 13), "HardSwish, which came with 14"),
        (Case(op: Shape(start: 1), opset: 14), "start, which came with 15"),
        (
            Case(op: Pad(mode: .wrap), constants: [("pads", list(0, 1, 0, 0, 1, 0))], opset: 17),
            "mode, which came with 19"
        ),
        (Case(op: Softmax(axis: 1), opset: 12), "axis 1 of 3"),
        (
            Case(
                op: Slice(),
                constants: [
                    ("starts", list(0)), ("ends", list(4)), ("axes", list(2)), ("steps", list(2)),
                ], opset: 9), "steps"
        ),
        (
            Case(op: Resize(), constants: [none, ("s", Tensor([1, 1, 2] as [Float]))], opset: 10),
            "Resize, which came with 11"
        ),
        (Case(op: ArgMax(axis: 1, selectsLast: true), opset: 11), "select_last_index"),
        (
            Case(op: AveragePool(window: SpatialWindow(kernel: [2], dilations: [2])), opset: 18),
            "dilations, which came with 19"
        ),
        (
            Case(op: MaxPool(window: SpatialWindow(kernel: [2], ceilMode: true)), opset: 9),
            "ceil_mode, which came with 10"
        ),
        (
            Case(op: Cast(to: .float8e4m3fn), opset: 18),
            "float8e4m3fn, which came with 19; give --opset 19 or --dtype f32"
        ),
        (Case(op: Cast(to: .int4), opset: 20), "int4, which came with 21"),
        (Case(op: Cast(to: .int2), opset: 24), "int2, which came with 25"),
        (
            Case(op: Equal(), constants: [("k", scalar(1))], opset: 10),
            "float32, which came with 11"
        ),
        (
            Case(op: Mul(), constants: [("k", Tensor([2] as [Double]))], opset: 17),
            "float32 and float64 together"
        ),
    ]

    @Test(arguments: misfits.indices)
    func `what a version lacks is refused by name`(_ index: Int) throws {
        let (item, words) = Self.misfits[index]
        #expect {
            _ = try written(item.checkpoint, opset: item.opset)
        } throws: {
            let problem = ($0 as? OutputError)?.problem ?? ""
            return problem.contains("node 'n' (\(item.op.type)): expected what opset \(item.opset)")
                && problem.contains(words)
        }
    }
}
