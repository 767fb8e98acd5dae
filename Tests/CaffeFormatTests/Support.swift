import Architectures
import CaffeFormat
import FormatInterface
import Foundation
import HDF5Format
import IR
import Tensors
import TestSupport
import Testing

/// A file of Fixtures/caffe.
func fixture(_ name: String) throws -> InputFile {
    try InputFile(path: Fixtures.url("caffe/\(name)").path)
}

/// A network of Fixtures/caffe, with the input OpenCV was given.
struct Recorded: Sendable, CustomTestStringConvertible {
    let name: String
    let shape: [Int]
    let seed: UInt64
    /// Whether it is recorded in layers of 2013 as well, and in HDF5.
    var hasOldForm = true
    var hasHDF5 = false

    var testDescription: String { name }

    static let all: [Recorded] = [
        Recorded(name: "lenet", shape: [2, 1, 28, 28], seed: 1),
        Recorded(name: "alexnet", shape: [2, 3, 67, 99], seed: 2),
        Recorded(name: "vgg16", shape: [2, 3, 224, 224], seed: 3, hasHDF5: true),
        Recorded(name: "inception", shape: [2, 3, 39, 47], seed: 4, hasHDF5: true),
        Recorded(name: "normalized", shape: [2, 3, 20, 23], seed: 5, hasOldForm: false),
        Recorded(name: "mixed", shape: [2, 3, 12, 15], seed: 6, hasOldForm: false),
    ]

    var input: Tensor { SeededValues.input(shape: shape, seed: seed) }

    func answer() throws -> Tensor {
        try RecordedArray.read(Fixtures.url("caffe/\(name).output.npy"))
    }

    /// Every form the network is recorded in: its file, and the prototxt to read it with.
    var forms: [(file: String, topology: String?)] {
        var forms: [(file: String, topology: String?)] = [
            ("\(name).prototxt", nil), ("\(name).caffemodel", "\(name).prototxt"),
        ]
        if hasOldForm {
            forms.append(("v1_\(name).prototxt", nil))
            forms.append(("v1_\(name).caffemodel", "\(name).prototxt"))
            forms.append(("\(name).caffemodel", "v1_\(name).prototxt"))
        }
        if hasHDF5 { forms.append(("\(name).caffemodel.h5", "\(name).prototxt")) }
        return forms
    }

    func checkpoint() throws -> Checkpoint {
        try CaffeFormat.read(fixture("\(name).prototxt"))
    }
}

/// What a network answers by the plain meaning of its operators.
func answer(_ model: Model, to input: Tensor) throws -> Tensor {
    let values = try model.graph.evaluate(
        [model.graph.inputs[0].name: input], constants: model.weights)
    return values[model.graph.outputs[0].name] ?? input
}

// MARK: Files by hand

/// Protobuf's wire form, piece by piece.
enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }

    static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func field(_ number: UInt64, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        varint(number << 3) + varint(value)
    }

    static func field(_ number: UInt64, _ value: Float) -> [UInt8] {
        varint(number << 3 | 5) + bytes([value])
    }

    static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
    }

    static func blob(_ shape: [UInt64], _ values: [Float]) -> [UInt8] {
        field(7, field(1, shape.flatMap(varint))) + field(5, bytes(values))
    }

    /// A layer of LayerParameter; `settings` are whole fields.
    static func layer(
        _ name: String, _ type: String, bottoms: [String] = ["data"], tops: [String]? = nil,
        blobs: [[UInt8]] = [], settings: [UInt8] = []
    ) -> [UInt8] {
        field(
            100,
            field(1, name) + field(2, type) + bottoms.flatMap { field(3, $0) }
                + (tops ?? [name]).flatMap { field(4, $0) } + blobs.flatMap { field(7, $0) }
                + settings)
    }

    /// An Input layer of pictures of 3 × 8 × 8.
    static let input = layer(
        "data", "Input", bottoms: [],
        settings: field(143, field(1, field(1, [2, 3, 8, 8].flatMap(varint)))))

    /// InnerProduct from 192 numbers to 2.
    static func dense(blobs: [[UInt8]], settings: [UInt8] = []) -> [UInt8] {
        layer(
            "fc", "InnerProduct", blobs: blobs, settings: field(117, field(1, UInt64(2)) + settings)
        )
    }

    static let matrix = (0..<384).map { Float($0) / 128 - 1.5 }

    /// A sound network: an input and a dense layer.
    static let sound =
        field(1, "small") + input
        + dense(blobs: [blob([2, 192], matrix), blob([2], [0.5, -0.5])])
}

/// Text of a network with pictures of 3 × 8 × 8.
func text(_ layers: String) -> String {
    "name: \"small\"\ninput: \"data\"\ninput_shape { dim: 2 dim: 3 dim: 8 dim: 8 }\n\(layers)\n"
}

/// A layer in text that reads "data".
func layer(_ type: String, _ settings: String = "", name: String = "x") -> String {
    """
    layer { name: "\(name)" type: "\(type)" bottom: "data" top: "\(name)" \(settings) }
    """
}

/// Files that Ferry never writes, for one test.
struct Scratch {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func binary(_ bytes: [UInt8]) throws -> InputFile {
        try folder.file(bytes, as: "net.caffemodel")
    }

    func prototxt(_ text: String) throws -> InputFile {
        try folder.file(Array(text.utf8), as: "net.prototxt")
    }

    /// Reads a prototxt with the weights of a sound network beside it.
    func read(_ text: String) throws -> Checkpoint {
        try CaffeFormat.read(binary(Wire.sound), topology: prototxt(text))
    }

    func h5(_ tensors: [(String, Tensor)], groups: [String] = []) throws -> InputFile {
        let path = folder.path("net.caffemodel.h5")
        try OutputFile.write(to: path, replacing: true) { file in
            try HDF5Writer.write(to: file) { writer throws(OutputError) in
                for group in groups { try writer.makeGroup(group) }
                for (name, tensor) in tensors { try writer.write(tensor, to: name) }
            }
        }
        return try InputFile(path: path)
    }
}
