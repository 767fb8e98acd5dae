import FormatInterface
import Foundation
import IR
import KernelInterface
import Kernels
import ONNXFormat
import Parity
import Runtime
import Tensors
import TestSupport
import Testing

/// A whole network as PyTorch exported it, with what PyTorch answers in float64.
struct RecordedNetwork: Sendable, CustomTestStringConvertible {
    let folder: String
    let file: String

    var testDescription: String { file }

    static let all: [RecordedNetwork] =
        [
            ("lenet5", "lenet5"), ("lenet5_tanh", "lenet5_tanh"),
            ("alexnet_narrow", "alexnet_narrow"), ("vgg11_narrow", "vgg11_narrow"),
            ("vgg16_narrow", "vgg16_narrow"), ("vgg16_bn_narrow", "vgg16_bn_narrow"),
            ("vgg16_bn_narrow", "vgg16_bn_narrow.folded"),
        ].map { RecordedNetwork(folder: $0.0, file: "\($0.1).onnx") }
        + ["lenet5", "alexnet_narrow", "vgg16_bn_narrow"].map {
            RecordedNetwork(folder: $0, file: "\($0).dynamo.onnx")
        }

    func url(_ name: String) -> URL { Fixtures.url("models/\(folder)/\(name)") }

    func checkpoint() throws -> Checkpoint {
        try ONNXFormat.read(InputFile(path: url(file).path))
    }

    /// The network's own pictures, or the one that all ImageNet networks share.
    func input() throws -> Tensor {
        let own = url("golden/input_0.npy")
        let shared = Fixtures.url("golden/inputs/1x3x224x224.npy")
        return try RecordedArray.read(
            FileManager.default.fileExists(atPath: own.path) ? own : shared)
    }
}

@Suite struct WholeNetworks {
    @Test(arguments: RecordedNetwork.all)
    func `every kernel set and thread count gives the same bits, inside the pass line`(
        _ network: RecordedNetwork
    ) throws {
        let checkpoint = try network.checkpoint()
        let graph = try #require(checkpoint.graph)
        let weights = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
        let input = try network.input()
        let truth = try RecordedArray.read(network.url("golden/output_0.float64.npy"))
        var first: Tensor?
        for (threads, keeps) in [(1, true), (2, true), (2, false)] {
            let pool = WorkPool(threadCount: threads)
            for kernels in kernelSets {
                let inputs = [graph.inputs[0].name: input]
                let plan = try Plan(
                    graph: graph, weights: weights, inputShapes: inputs.mapValues(\.shape),
                    kernels: kernels, pool: pool, keepsPreparedWeights: keeps)
                #expect((plan.preparedByteCount > 0) == keeps)
                #expect(plan.summary.allSatisfy { $0.algorithm != "plain loops" })
                var session = try Session(plan, pool: pool)
                let output = try #require(session.run(inputs)[graph.outputs[0].name])
                let reference = first ?? output
                first = reference
                #expect(output.isBitEqual(to: reference), "\(kernels.name), \(threads) threads")
            }
        }
        expectClose(try #require(first), truth, .outputs, network.file)
    }

    @Test func `all kernel sets of x86-64 are compiled, the fastest first`() {
        let names = CPUTarget.all.map(\.kernels.name)
        #if arch(x86_64)
            #expect(names == ["avx512", "avx2", "baseline"])
        #else
            #expect(names == ["neon", "baseline"])
        #endif
        #expect(kernelSets.last?.name == "baseline")
    }
}
