import Foundation
import TestSupport
import Testing

/// A file of Fixtures/caffe.
private func caffe(_ name: String) -> String { Fixtures.url("caffe/\(name)").path }

@Test(arguments: ["onnx", "keras", "pth", "safetensors"])
func `Caffe's VGG-16 is carried everywhere`(ending: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(
        try ferry("convert", caffe("vgg16.prototxt"), "vgg16.\(ending)"), "vgg16, 32 tensors",
        "read back bit-equal")
    let outcome = try ferry("verify", caffe("vgg16.prototxt"), "vgg16.\(ending)")
    expectSuccess(outcome, "32 of 32 weights bit-equal")
    expectSuccess(try ferry("inspect", "vgg16.\(ending)"), "recipe  caffe")
}

@Test func `a prototxt decides how Caffe's weights are used`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let weights = caffe("alexnet.caffemodel")
    for name in ["alexnet", "caffenet"] {
        expectSuccess(
            try ferry("convert", weights, "\(name).onnx", "--prototxt", caffe("\(name).prototxt")),
            "onnx")
    }
    let other = try ferry("verify", "alexnet.onnx", "caffenet.onnx")
    #expect(other.status == 1)
    expectRefusal(
        try ferry("inspect", weights), 3, weights, "input 'data': expected the size of its pictures"
    )
}

@Test func `Caffe's weights in HDF5 are recognised, or read with a prototxt`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(try ferry("inspect", caffe("vgg16.caffemodel.h5")), "caffe, vgg16")
    let weights = caffe("inception.caffemodel.h5")
    expectSuccess(
        try ferry("inspect", weights, "--prototxt", caffe("inception.prototxt")),
        "inception_3a/output")
    let outcome = try ferry("convert", weights, "x.onnx")
    expectRefusal(outcome, 3, weights, "expected the tensors of a known architecture")
}

@Test func `Caffe's files are not written`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectRefusal(
        try ferry("convert", caffe("lenet.prototxt"), "x", "--to", "caffe"), 2, "--to",
        "expected one of onnx")
}

@Test(arguments: [
    ("weights.caffemodel", "cut"), ("net.prototxt", "bracket"), ("weights.caffemodel.h5", "cut"),
])
func `a damaged file of Caffe ends with exit status 3`(name: String, damage: String) throws {
    let folder = try TemporaryFolder()
    let sources = [
        "weights.caffemodel": "vgg16.caffemodel", "net.prototxt": "vgg16.prototxt",
        "weights.caffemodel.h5": "vgg16.caffemodel.h5",
    ]
    let source = try #require(sources[name])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: caffe(source))))
    try folder.write(Array(bytes.dropLast(damage == "cut" ? bytes.count / 3 : 2)), as: name)
    let ferry = Ferry(in: folder)
    expectRefusal(try ferry("inspect", name), 3, name, "expected", "found")
    expectRefusal(try ferry("convert", name, "x.onnx"), 3, name, "expected", "found")
    #expect(try folder.names() == [name])
}
