import Foundation
import TestSupport
import Testing

/// What a conversion is made in, beside its input and options.
private struct Surroundings {
    var zone: String
    var locale: String
    var mask: String
    var folder: String
    var source: String
    var destination: String
    var threads: String

    static let all = [
        Surroundings(
            zone: "UTC", locale: "C", mask: "022", folder: "a", source: "m", destination: "o",
            threads: "1"),
        Surroundings(
            zone: "Asia/Kathmandu", locale: "tr_TR.UTF-8", mask: "077", folder: "b/c",
            source: "other.name", destination: "ü.final", threads: "3"),
        Surroundings(
            zone: "America/St_Johns", locale: "de_DE.UTF-8", mask: "000", folder: "d",
            source: "x.y.z", destination: String(repeating: "n", count: 99), threads: "16"),
    ]
}

/// The files that a conversion writes, the destination under the name "destination".
private func written(
    _ source: String, _ words: [String], in around: Surroundings, below folder: TemporaryFolder
) throws -> [String: [UInt8]] {
    let files = FileManager.default
    let work = folder.path(around.folder)
    try files.createDirectory(atPath: work, withIntermediateDirectories: true)
    try files.copyItem(atPath: source, toPath: "\(work)/\(around.source)")
    var ferry = Ferry(in: folder)
    ferry.prelude = "umask \(around.mask); cd '\(around.folder)'; "
    ferry.environment = ["TZ": around.zone, "LC_ALL": around.locale]
    expectSuccess(
        try ferry.run(
            ["convert", around.source, around.destination, "--threads", around.threads] + words))
    var found: [String: [UInt8]] = [:]
    for name in try files.contentsOfDirectory(atPath: work) where name != around.source {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(work)/\(name)")))
        found[name == around.destination ? "destination" : name] = bytes
    }
    return found
}

@Test(
    arguments: ["vgg16_bn_narrow.onnx", "vgg16_bn_narrow.state.h5", "vgg16_bn_narrow.keras.h5"],
    [
        ["--to", "onnx"], ["--to", "onnx", "--external-data"], ["--to", "hdf5"],
        ["--to", "keras-weights-h5"], ["--to", "keras-h5"], ["--to", "keras3-weights-h5"],
        ["--to", "keras"], ["--to", "pth"], ["--to", "safetensors"], ["--to", "npz"],
        ["--to", "pth", "--dtype", "f16"],
    ])
func `the same input and options give the same bytes`(_ name: String, _ words: [String]) throws {
    let folder = try TemporaryFolder()
    let results = try Surroundings.all.map {
        try written(model(name), words, in: $0, below: folder)
    }
    #expect(results[0]["destination"]?.isEmpty == false)
    #expect(results[0].count == (words.contains("--external-data") ? 2 : 1))
    for (result, around) in zip(results, Surroundings.all) {
        #expect(result == results[0], "\(around)")
    }
}

@Test func `models with the same weights share their data, and keep it while one is left`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let (source, other) = (model("alexnet_narrow.onnx"), model("vgg11_narrow.onnx"))
    for name in ["a.onnx", "b.onnx"] {
        expectSuccess(try ferry("convert", source, name, "--external-data"))
    }
    let shared = try folder.names()
    #expect(shared.count == 3 && shared[2].hasPrefix("weights.") && shared[2].hasSuffix(".data"))
    #expect(try folder.bytes("a.onnx") == folder.bytes("b.onnx"))
    expectSuccess(try ferry("convert", other, "a.onnx", "--external-data", "--force"))
    #expect(try folder.names().count == 4)
    expectSuccess(try ferry("verify", "b.onnx", source), "equal to the last bit")
    expectSuccess(try ferry("convert", other, "b.onnx", "--external-data", "--force"))
    #expect(try folder.names().count == 3 && !folder.names().contains(shared[2]))
    expectSuccess(try ferry("verify", "a.onnx", other), "equal to the last bit")
    expectSuccess(try ferry("convert", source, "b.onnx", "--force"))
    expectSuccess(try ferry("convert", source, "a.onnx", "--force"))
    #expect(try folder.names() == ["a.onnx", "b.onnx"])
}
