import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport

/// The path of a recorded model, such as `lenet5.onnx`.
func model(_ name: String) -> String {
    let folder = name.split(separator: ".")[0]
    return Fixtures.url("models/\(folder)/\(name)").path
}

/// A picture of a digit, by the number in its name.
func digit(_ name: String) -> String { Fixtures.url("images/digits/\(name).png").path }

/// Writes a recorded model after a change to its tensors, in its own format.
@discardableResult
func altered(
    _ source: String, as name: String, in folder: TemporaryFolder,
    _ change: (inout [NamedTensor]) -> Void
) throws -> String {
    let file = try InputFile(path: source)
    let format = try FormatRegistry.format(of: file)
    var checkpoint = try format.read(file)
    change(&checkpoint.tensors)
    try OutputFile.write(to: folder.path(name), replacing: true) { output in
        try format.write(checkpoint, to: output)
    }
    return folder.path(name)
}

/// The values of a tensor with the first replaced.
func replacingFirst(_ tensor: Tensor, by value: Float) -> Tensor {
    var values = tensor.floats()
    values[0] = value
    return Tensor(values, shape: tensor.shape)
}

// MARK: ONNX by hand

private func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
}

private func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(content.count)) + content
}

private func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
    varint(number << 3) + varint(value)
}

/// Bytes of an ONNX file with one node from `x` to `y`, both float32 of these sizes.
func oneNodeONNX(
    _ type: String, sizes: [UInt64] = [1, 2], name: String = "strange"
) -> [UInt8] {
    func value(_ name: String) -> [UInt8] {
        let shape = sizes.flatMap { field(1, field(1, $0)) }
        return field(1, Array(name.utf8)) + field(2, field(1, field(1, 1) + field(2, shape)))
    }
    let node =
        field(1, Array("x".utf8)) + field(2, Array("y".utf8)) + field(3, Array(name.utf8))
        + field(4, Array(type.utf8))
    let graph =
        field(1, node) + field(2, Array("g".utf8)) + field(11, value("x")) + field(12, value("y"))
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))
}
