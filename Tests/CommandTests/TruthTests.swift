import Foundation
import IR
import Tensors
import TestSupport
import Testing

private let networks = ["lenet5.onnx", "vgg11_narrow.keras.h5", "vgg16_bn_narrow.onnx"]

/// A network's own recorded input, or the one that all share.
private func input(of name: String) -> String {
    let own = Fixtures.url("models/\(name.split(separator: ".")[0])/golden/input_0.npy").path
    return FileManager.default.fileExists(atPath: own)
        ? own : Fixtures.url("golden/inputs/1x3x224x224.npy").path
}

@Suite struct Truths {
    @Test(arguments: ["lenet5", "vgg16_bn_narrow", "alexnet_narrow"])
    func `a run in float64 writes what PyTorch computes in double precision`(
        _ name: String
    ) throws {
        let folder = try TemporaryFolder()
        let outcome = try Ferry(in: folder)(
            "run", model("\(name).onnx"), "--input", input(of: name), "--output", "y.npy",
            "--float64")
        expectSuccess(outcome)
        let found = try RecordedArray.read(URL(filePath: folder.path("y.npy")))
        let truth = try RecordedArray.read(
            Fixtures.url("models/\(name)/golden/output_0.float64.npy"))
        #expect(found.elementType == .float64)
        #expect(found.shape == truth.shape)
        let largest = truth.doubles().map(\.magnitude).max() ?? 0
        // As float64 sums in another order differ; one rounding to float32 makes 1e-9 and more.
        let error = zip(found.doubles(), truth.doubles()).map { ($0 - $1).magnitude }.max() ?? 1
        #expect(error <= 1e-12 * largest)
    }

    @Test func `pictures are classified in float64 too`() throws {
        let folder = try TemporaryFolder()
        let outcome = try Ferry(in: folder)(
            "run", model("lenet5.onnx"), digit("27_0"), digit("718_1"), "--float64",
            "--output", "y.npy")
        expectSuccess(outcome, "\n99.98 %  0\n")
        let found = try RecordedArray.read(URL(filePath: folder.path("y.npy")))
        #expect(found.elementType == .float64)
        #expect(found.shape == [2, 10])
        #expect(found.doubles().contains { Double(Float($0)) != $0 })
    }

    @Test(arguments: networks)
    func `a network is the same as its truth, in either numerics`(_ name: String) throws {
        for numerics in ["fast", "strict"] {
            let outcome = try Ferry(in: try TemporaryFolder())(
                "verify", model(name), "--against", "float64", "--numerics", numerics,
                "--batch", "2")
            expectSuccess(
                outcome, "against float64", "verdict: the same within the tolerance",
                "computed in float32, \(numerics) numerics")
        }
    }

    @Test func `weights of few bits are far from the truth, unless fp16 is enough`() throws {
        let ferry = Ferry(in: try TemporaryFolder())
        let words = [
            "verify", model("lenet5.onnx"), "--against", "float64", "--weights", "bf16", "--input",
            input(of: "lenet5"),
        ]
        let outcome = try ferry.run(words)
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.output.contains("dense weights rounded to bf16"))
        #expect(outcome.output.contains("verdict: DIFFERENT"))
        let loosely = try ferry.run(words + ["--tolerance", "fp16"])
        expectSuccess(loosely, "verdict: the same within the tolerance")
    }

    @Test func `errors grow layer by layer as each arithmetic makes them`() throws {
        let outcome = try Ferry(in: try TemporaryFolder())(
            "verify", model("vgg16_bn_narrow.onnx"), "--against", "float64", "--layers", "--json")
        expectSuccess(outcome)
        let report = try #require(outcome.json() as? [String: Any])
        #expect(report["verdict"] as? String == "withinTolerance")
        let growth = try #require(report["errorGrowth"] as? [String: Any])
        let arithmetics = ["fast", "strict", "bf16", "f16"]
        #expect(growth["arithmetics"] as? [String] == arithmetics)
        let layers = try #require(growth["layers"] as? [[String: Any]])
        let operations = layers.compactMap { $0["operation"] as? String }
        #expect(operations.count { $0 == "Conv + BatchNormalization + Relu" } == 13)
        #expect(operations.suffix(3) == ["Gemm + Relu", "Gemm + Relu", "Gemm"])
        for (layer, operation) in zip(layers, operations) {
            let errors = try #require(layer["errors"] as? [String: [String: Double]])
            let largest = arithmetics.map { errors[$0]?["maximum"] ?? .nan }
            #expect(errors.values.allSatisfy { $0["rms", default: .nan] <= $0["maximum"] ?? 0 })
            #expect(largest[0] < 1e-5 && largest[1] < 1e-5)
            // Rounded weights tell in dense layers alone: 8 bits of significand more than 11.
            if operation.hasPrefix("Gemm") {
                #expect(largest[2] > 3 * largest[3] && largest[3] > 3 * largest[0])
            } else {
                #expect(largest[2] == largest[0] && largest[3] == largest[0])
            }
        }
        let first = try #require(layers.first?["errors"] as? [String: [String: Double]])
        #expect(first["strict", default: [:]]["maximum", default: 0] > 0)
    }

    @Test func `the table of errors has columns for each arithmetic`() throws {
        let outcome = try Ferry(in: try TemporaryFolder())(
            "verify", model("lenet5.onnx"), "--against", "float64", "--layers")
        expectSuccess(outcome, "Conv + Relu", "verdict:")
        let lines = outcome.output.split(separator: "\n")
        let title = try #require(lines.first { $0.hasPrefix("LAYER") })
        for name in ["FAST", "STRICT", "BF16", "F16"] { #expect(title.contains("\(name) MAX")) }
        let row = try #require(lines.first { $0.contains("Conv + Relu") })
        #expect(row.count == title.count)
    }

    @Test func `a weight beyond 16 bits leaves that column empty and says why`() throws {
        let folder = try TemporaryFolder()
        let path = try altered(model("lenet5.onnx"), as: "large.onnx", in: folder) { tensors in
            for index in tensors.indices where tensors[index].tensor.shape.count == 2 {
                tensors[index].tensor = replacingFirst(tensors[index].tensor, by: 70_000)
            }
        }
        let outcome = try Ferry(in: folder)("verify", path, "--against", "float64", "--layers")
        expectSuccess(outcome, "note: no figures for f16: ", "within the range of f16")
        #expect(!outcome.output.contains("no figures for bf16"))
    }

    @Test(arguments: [
        (["verify", "A", "--against", "float32"], "--against: expected one of float64"),
        (["verify", "A", "B", "--against", "float64"], "expected 1 argument"),
        (["verify", "A", "--against", "float64", "--fixture", "D"], "exclude each other"),
        (["run", "A", "P", "--float64", "--weights", "f16"], "exclude each other"),
        (["run", "A", "P", "--float64", "--numerics", "fast"], "exclude each other"),
    ])
    func `options that do not go together are wrong usage`(
        _ words: [String], _ problem: String
    ) throws {
        expectRefusal(try Ferry(in: try TemporaryFolder()).run(words), 2, problem)
    }
}
