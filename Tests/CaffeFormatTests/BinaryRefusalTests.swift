import CaffeFormat
import FormatInterface
import IR
import Tensors
import TestSupport
import Testing

/// Binary files that are damaged, or hold what Ferry does not support.
@Suite struct CaffeBinaryRefusals {
    private static let wide = Wire.varint(0xFFFF_FFFF_FFFF_FFFF)
    private static let matrix = Wire.blob([2, 192], Wire.matrix)
    private static let bias = Wire.blob([2], [0.5, -0.5])

    private static func convolution(_ settings: [UInt8], _ kernel: [UInt64]) -> [UInt8] {
        let count = Int(kernel.reduce(1, *))
        let blobs = [
            Wire.blob(kernel, [Float](repeating: 1, count: count)),
            Wire.blob([kernel[0]], [Float](repeating: 1, count: Int(kernel[0]))),
        ]
        return Wire.input
            + Wire.layer("c", "Convolution", blobs: blobs, settings: Wire.field(106, settings))
    }

    private static func pooling(_ settings: [UInt8]) -> [UInt8] {
        Wire.input + Wire.layer("p", "Pooling", settings: Wire.field(121, settings))
    }

    private static let damaged: [(defect: String, bytes: [UInt8], message: String)] = [
        ("an empty file", [], "expected a network, found an empty file"),
        ("a tensor cut short", Array(Wire.sound.dropLast(9)), "bytes left, found"),
        ("a field longer than the file", Wire.varint(100 << 3 | 2) + [0x7F], "found 127 bytes"),
        ("a length beyond 64 bits", [0x0A] + [UInt8](repeating: 0xFF, count: 12), "64 bits"),
        ("a group", Wire.sound + [0x0B], "wire type 0, 1, 2 or 5"),
        ("a field number of 0", Wire.sound + [0x02, 0x00], "field number from 1"),
        ("a tag cut short", Wire.sound + [0x80], "byte 1"),
        ("a name that is no UTF-8", Wire.field(1, [0xC3, 0x28]) + Wire.sound, "UTF-8"),
        ("a name with a NUL", Wire.field(1, [0x41, 0]) + Wire.sound, "without NUL"),
        ("a name that is a number", Wire.field(1, UInt64(7)) + Wire.sound, "wire type 2"),
        (
            "settings that come twice",
            Wire.input + Wire.dense(blobs: [matrix, bias], settings: [])
                + Wire.layer(
                    "x", "Pooling",
                    settings: Wire.field(121, Wire.field(2, UInt64(2)))
                        + Wire.field(121, Wire.field(2, UInt64(2)))),
            "pooling_param once"
        ),
        (
            "packed numbers cut inside one",
            Wire.input + Wire.dense(blobs: [Wire.field(5, [1, 2, 3, 4, 5]), bias]),
            "packed numbers of 4 bytes each, found 5"
        ),
        (
            "a tensor of integers",
            Wire.input + Wire.dense(blobs: [Wire.field(5, UInt64(3)), bias]),
            "numbers of 4 bytes"
        ),
        (
            "fewer numbers than the shape says",
            Wire.input + Wire.dense(blobs: [Wire.blob([2, 192], [1, 2, 3]), bias]),
            "layer 'fc', blob 0: expected 384 numbers for shape [2, 192], found 3"
        ),
        (
            "a shape without numbers",
            Wire.input + Wire.dense(blobs: [Wire.field(7, Wire.field(1, [2, 3])), bias]),
            "expected 6 numbers, found none"
        ),
        (
            "a shape that overflows",
            Wire.input
                + Wire.dense(blobs: [
                    Wire.field(7, Wire.field(1, Wire.varint(1 << 40) + Wire.varint(1 << 40)))
                        + Wire.field(5, Wire.bytes([1])), bias,
                ]), "sizes that memory can hold"
        ),
        (
            "a negative size",
            Wire.input
                + Wire.dense(blobs: [
                    Wire.field(7, Wire.field(1, wide)) + Wire.field(5, Wire.bytes([1])), bias,
                ]), "found [-1]"
        ),
        (
            "a shape of too many sizes",
            Wire.input
                + Wire.dense(blobs: [
                    Wire.blob([UInt64](repeating: 1, count: 40), [1]), bias,
                ]), "up to 32 sizes"
        ),
        (
            "two layers of a name with weights",
            Wire.input + Wire.dense(blobs: [matrix, bias]) + Wire.dense(blobs: [matrix, bias]),
            "layer 'fc': expected one layer of that name with weights, found two"
        ),
        (
            "more fields than a network has",
            Wire.sound + (0..<140_000).flatMap { _ in Wire.field(4, UInt64(1)) }, "at most 131072"
        ),
        ("an unknown choice", pooling(Wire.field(1, UInt64(7))), "pool of 0 to 2, found 7"),
    ]

    private static let unsupported: [(defect: String, bytes: [UInt8], message: String)] = [
        ("no layers", Wire.field(1, "empty"), "layers that compute something"),
        (
            "layers of two generations", Wire.sound + Wire.field(2, Wire.field(5, UInt64(18))),
            "both 'layer' and 'layers'"
        ),
        (
            "layers of 2013's first form",
            Wire.field(2, Wire.field(1, Wire.field(1, "conv1") + Wire.field(2, "conv"))),
            "V0's; upgrade"
        ),
        (
            "a layer without a type", Wire.field(100, Wire.field(1, "x")),
            "layer 'x': expected a type"
        ),
        ("an unknown layer", Wire.input + Wire.layer("x", "Capsule"), "found Capsule"),
        (
            "a transposed convolution", Wire.input + Wire.layer("up", "Deconvolution"),
            "layer 'up': expected a type of layer Ferry has operators for, found Deconvolution"
        ),
        ("Python", Wire.input + Wire.layer("x", "Python"), "found Python"),
        (
            "a bottom that nothing gives", Wire.input + Wire.layer("x", "ReLU", bottoms: ["gone"]),
            "layer 'x': expected bottoms that layers before it give, found 'gone'"
        ),
        (
            "a layer that reads itself", Wire.input + Wire.layer("x", "ReLU", bottoms: ["x"]),
            "found 'x'"
        ),
        (
            "two tops of one name",
            Wire.input + Wire.layer("x", "Slice", tops: ["a", "a"]), "tops of different names"
        ),
        ("a layer without a top", Wire.input + Wire.layer("x", "ReLU", tops: []), "tops"),
        (
            "a missing bias", Wire.input + Wire.dense(blobs: [matrix]),
            "layer 'fc': expected 2 tensors, found 1"
        ),
        (
            "weights of another shape",
            Wire.input + Wire.dense(blobs: [Wire.blob([192, 2], Wire.matrix), bias]),
            "blob 0: expected weights of shape [2, 192], found [192, 2]"
        ),
        (
            "weights of two types",
            Wire.input
                + Wire.dense(blobs: [
                    matrix,
                    Wire.field(7, Wire.field(1, [2]))
                        + Wire.field(8, [UInt8](repeating: 0, count: 16)),
                ]), "expected float32 as the weights before it, found float64"
        ),
        (
            "a kernel of 0",
            convolution(Wire.field(1, UInt64(2)) + Wire.field(4, UInt64(0)), [2, 3, 1, 1]),
            "kernel_size of at least 1, found 0"
        ),
        (
            "a kernel of three axes",
            convolution(
                Wire.field(1, UInt64(2)) + (0..<3).flatMap { _ in Wire.field(4, UInt64(1)) },
                [2, 3, 1, 1]), "kernel_size for height and width, found 3 numbers"
        ),
        (
            "a kernel said twice",
            convolution(
                Wire.field(1, UInt64(2)) + Wire.field(4, UInt64(1)) + Wire.field(11, UInt64(1)),
                [2, 3, 1, 1]), "kernel_size or kernel_h and _w, found both"
        ),
        (
            "a kernel beyond the picture",
            convolution(Wire.field(1, UInt64(2)) + Wire.field(4, UInt64(9)), [2, 3, 9, 9]),
            "a network whose sizes fit"
        ),
        (
            "groups that do not divide",
            convolution(
                Wire.field(1, UInt64(2)) + Wire.field(4, UInt64(1)) + Wire.field(5, UInt64(2)),
                [2, 3, 1, 1]), "in 2 groups"
        ),
        (
            "pads of a whole kernel",
            pooling(Wire.field(2, UInt64(2)) + Wire.field(4, UInt64(2))), "pads below the kernel's"
        ),
        (
            "windows behind the picture",
            pooling(Wire.field(2, UInt64(1)) + Wire.field(3, UInt64(5))), "windows that all hold"
        ),
        (
            "stochastic pooling",
            pooling(Wire.field(1, UInt64(2)) + Wire.field(2, UInt64(2))), "found STOCHASTIC"
        ),
        (
            "an even local_size",
            Wire.input
                + Wire.layer("n", "LRN", settings: Wire.field(118, Wire.field(1, UInt64(4)))),
            "an odd local_size, found 4"
        ),
        (
            "statistics of the batch at hand",
            Wire.input
                + Wire.layer("n", "BatchNorm", settings: Wire.field(139, Wire.field(1, UInt64(0)))),
            "use_global_stats: false"
        ),
        (
            "an input beyond memory",
            Wire.layer(
                "data", "Input", bottoms: [],
                settings: Wire.field(
                    143, Wire.field(1, Wire.field(1, Wire.varint(1 << 30) + Wire.varint(1 << 30))))
            ) + Wire.layer("r", "ReLU"), "input 'data': expected sizes"
        ),
        (
            "pictures of unknown size before dense layers",
            Wire.layer("data", "Data", bottoms: [], tops: ["data"])
                + Wire.dense(blobs: [matrix, bias]), "--prototxt"
        ),
    ]

    private func expectRefused(_ bytes: [UInt8], _ words: String) throws {
        let file = try Scratch().binary(bytes)
        let message = try #require(refusal { _ = try CaffeFormat.read(file) })
        #expect(message.hasPrefix("\(file.path): caffe: "), "\(message)")
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("expected ") && message.contains(", found "), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test func `a sound network is read`() throws {
        let checkpoint = try CaffeFormat.read(Scratch().binary(Wire.sound))
        #expect(checkpoint.tensors.map(\.name) == ["fc/0", "fc/1"])
        #expect(checkpoint.tensors[0].tensor.floats() == Wire.matrix)
    }

    @Test func `numbers in pieces are one tensor`() throws {
        let (first, rest) = (Wire.matrix.prefix(100), Wire.matrix.dropFirst(100))
        let pieces =
            Wire.field(7, Wire.field(1, UInt64(2)) + Wire.field(1, UInt64(192)))
            + Wire.field(5, Wire.bytes(Array(first))) + rest.flatMap { Wire.field(5, $0) }
        let net = Wire.input + Wire.dense(blobs: [pieces, Self.bias])
        let checkpoint = try CaffeFormat.read(Scratch().binary(net))
        #expect(checkpoint.tensors[0].tensor.floats() == Wire.matrix)
    }

    @Test(arguments: damaged.map(\.defect))
    func `a binary file is refused for`(_ defect: String) throws {
        let entry = try #require(Self.damaged.first { $0.defect == defect })
        try expectRefused(entry.bytes, entry.message)
    }

    @Test(arguments: unsupported.map(\.defect))
    func `a binary network is refused for`(_ defect: String) throws {
        let entry = try #require(Self.unsupported.first { $0.defect == defect })
        try expectRefused(entry.bytes, entry.message)
    }
}
