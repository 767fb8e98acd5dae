import Foundation
import TestSupport
import Testing

private struct Timing: Decodable {
    struct Ceilings: Decodable {
        let peak_gflops_per_core: Double
        let read_gb_per_s: Double
    }

    struct Step: Decodable {
        let name: String
        let median_ms: Double
    }

    let batch: Int
    let threads: Int
    let median_ms: Double
    let min_ms: Double
    let ceilings: Ceilings
    let steps: [Step]
}

@Test(arguments: ["lenet5.onnx", "alexnet_narrow.keras.h5", "vgg16_bn_narrow.state.h5"])
func `times come with the machine's measured peaks`(name: String) throws {
    var ferry = Ferry(in: try TemporaryFolder())
    // Measuring memory reads 256 MiB.
    ferry.memoryKiB = 2 << 20
    let outcome = try ferry(
        "bench", model(name), "--json", "--runs", "3", "--batch", "2", "--threads", "1")
    expectSuccess(outcome)
    let timing = try JSONDecoder().decode(Timing.self, from: Data(outcome.output.utf8))
    #expect(timing.batch == 2)
    #expect(timing.threads == 1)
    #expect(timing.min_ms > 0)
    #expect(timing.median_ms >= timing.min_ms)
    #expect(timing.ceilings.peak_gflops_per_core > 0)
    #expect(timing.ceilings.read_gb_per_s > 0)
    #expect(!timing.steps.isEmpty)
}

@Test func `steps are listed when asked for`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let name = model("lenet5.onnx")
    let short = try ferry("bench", name, "--runs", "1")
    let long = try ferry("bench", name, "--runs", "1", "--layers")
    expectSuccess(short, "median ", "machine: ", "convolutions: ")
    expectSuccess(long, "STEP", "conv2  Conv + Relu")
    #expect(!short.output.contains("STEP"))
}

@Test(arguments: ["onnx", "hdf5", "keras-weights-h5"])
func `seeded weights are the same every time and load`(format: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    for (name, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
        expectSuccess(
            try ferry("init", "lenet5", "-o", name, "--seed", seed, "--to", format),
            "\(name): lenet5, seed \(seed), 10 tensors, 241.0 KiB")
    }
    #expect(try folder.bytes("a") == folder.bytes("b"))
    #expect(try folder.bytes("a") != folder.bytes("c"))
    expectSuccess(try ferry("verify", "a", "b"), "equal to the last bit")
    #expect(try ferry("verify", "a", "c").status == 1)
    expectSuccess(try ferry("inspect", "a"), "\(format), lenet5")
}

@Test func `a seed gives the same weights in every format`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("init", "lenet5_tanh", "-o", "a.onnx"))
    for format in ["hdf5", "keras-weights-h5"] {
        let outcome = try ferry("init", "lenet5_tanh", "-o", "b.h5", "--to", format, "--force")
        expectSuccess(outcome)
        expectSuccess(try ferry("verify", "a.onnx", "b.h5"), "equal to the last bit")
    }
    #expect(try folder.names() == ["a.onnx", "b.h5"])
}

@Test func `what init did is told as JSON`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry("init", "lenet5", "-o", "a.onnx", "--json")
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    #expect(report["architecture"] as? String == "lenet5")
    #expect(report["destination"] as? String == "a.onnx")
}
