import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport

/// A file of `size` bytes that takes no space.
func sparseFile(of size: UInt64) throws -> InputFile {
    let folder = try TemporaryFolder()
    try folder.write([8, 8], as: "large.onnx")
    let handle = try FileHandle(
        forWritingTo: URL(fileURLWithPath: folder.path("large.onnx")))
    try handle.truncate(atOffset: size)
    try handle.close()
    return try InputFile(path: folder.path("large.onnx"))
}

/// Two convolutions and ReLUs with seeded weights; `channels` sets how large they are.
func sample(channels: Int = 4, metadata: [String: String] = [:]) -> Checkpoint {
    var generator = SeededGenerator(seed: 7)
    func weights(_ name: String, _ shape: [Int]) -> NamedTensor {
        NamedTensor(
            name: name, tensor: Tensor(generator.floats(shape.reduce(1, *)), shape: shape))
    }
    let window = SpatialWindow(strides: [2, 1], pads: [1, 0, 2, 3])
    let nodes = [
        Node(name: "conv1", op: Conv(window: window), inputs: ["x", "w1", "b1"], outputs: ["c1"]),
        Node(name: "", op: Relu(), inputs: ["c1"], outputs: ["r1"]),
        Node(
            name: "conv1", op: Conv(window: SpatialWindow(), group: 2), inputs: ["r1", "w2"],
            outputs: ["c2"]),
        Node(name: "relu", op: Relu(), inputs: ["c2"], outputs: ["y"]),
    ]
    let graph = Graph(
        name: "",
        inputs: [
            ValueDeclaration(
                name: "x", elementType: .float32,
                shape: [.symbolic("N"), .fixed(3), .fixed(9), .fixed(7)])
        ], outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)],
        nodes: nodes)
    return Checkpoint(
        convention: .onnx,
        tensors: [
            weights("w1", [channels, 3, 3, 3]), weights("b1", [channels]),
            weights("w2", [6, channels / 2, 2, 2]),
        ], graph: graph, metadata: metadata)
}

/// The bytes of the file written for a checkpoint.
func written(_ checkpoint: Checkpoint) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try OutputFile.write(to: folder.path("out.onnx"), replacing: false) { file in
        try ONNXFormat.write(checkpoint, to: file)
    }
    return try InputFile(path: folder.path("out.onnx")).allBytes
}
