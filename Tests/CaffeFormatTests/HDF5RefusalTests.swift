import Architectures
import CaffeFormat
import FormatInterface
import Formats
import HDF5Format
import IR
import Tensors
import TestSupport
import Testing

/// Caffe's files in HDF5 that are damaged, or do not fit their network.
@Suite struct CaffeHDF5Refusals {
    private static let matrix = Tensor(Wire.matrix, shape: [2, 192])
    private static let bias = Tensor([Float(0.5), -0.5])

    private struct Entry {
        var defect: String
        var tensors: [(String, Tensor)]
        var groups = ["data", "data/fc"]
        var message: String
    }

    /// Read with the prototxt of one dense layer, "fc".
    private static let misfits: [Entry] = [
        Entry(
            defect: "a tensor outside data",
            tensors: [("data/fc/0", matrix), ("data/fc/1", bias), ("fc", bias)],
            message: "datasets data/LAYER/NUMBER, found 'fc'"),
        Entry(
            defect: "a tensor without a layer", tensors: [("data/0", matrix)],
            message: "datasets data/LAYER/NUMBER, found 'data/0'"),
        Entry(
            defect: "a tensor without a number", tensors: [("data/fc/weight", matrix)],
            message: "found 'data/fc/weight'"),
        Entry(
            defect: "a number twice",
            tensors: [("data/fc/0", matrix), ("data/fc/1", bias), ("data/fc/01", bias)],
            message: "layer 'fc', blob 1: expected each number once"),
        Entry(
            defect: "a tensor of integers",
            tensors: [("data/fc/0", Tensor([Int64(1), 2])), ("data/fc/1", bias)],
            message: "layer 'fc', blob 0: expected float32 or float64, found int64"),
        Entry(
            defect: "a missing layer", tensors: [("data/other/0", matrix)],
            groups: ["data", "data/other"], message: "layer 'fc': expected 2 tensors, found 0"),
        Entry(
            defect: "a missing bias", tensors: [("data/fc/0", matrix)],
            message: "layer 'fc': expected 2 tensors, found 1"),
        Entry(
            defect: "a number left out", tensors: [("data/fc/0", matrix), ("data/fc/2", bias)],
            message: "layer 'fc', blob 1: expected weights of shape [2], found none"),
        Entry(
            defect: "a tensor too many",
            tensors: [("data/fc/0", matrix), ("data/fc/1", bias), ("data/fc/2", bias)],
            message: "expected 2 tensors, found 3"),
        Entry(
            defect: "a matrix of another shape",
            tensors: [("data/fc/0", Tensor(Wire.matrix, shape: [192, 2])), ("data/fc/1", bias)],
            message: "blob 0: expected weights of shape [2, 192], found [192, 2]"),
        Entry(
            defect: "a flat matrix",
            tensors: [("data/fc/0", Tensor(Wire.matrix)), ("data/fc/1", bias)],
            message: "expected weights of shape [2, 192], found [384]"),
        Entry(
            defect: "two types of weights",
            tensors: [("data/fc/0", matrix), ("data/fc/1", Tensor([0.5, -0.5] as [Double]))],
            message: "expected float32 as the weights before it, found float64"),
        Entry(
            defect: "no tensors", tensors: [], message: "layer 'fc': expected 2 tensors, found 0"),
    ]

    private static let topology = text(
        layer("InnerProduct", "inner_product_param { num_output: 2 }", name: "fc"))

    private func expectRefused(_ message: String?, _ words: String) throws {
        let message = try #require(message)
        #expect(message.contains("net.caffemodel.h5: ") || message.contains("net.prototxt: "))
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("expected ") && message.contains("found "), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test(arguments: misfits.map(\.defect))
    func `weights in HDF5 are refused for`(_ defect: String) throws {
        let entry = try #require(Self.misfits.first { $0.defect == defect })
        let scratch = try Scratch()
        let file = try scratch.h5(entry.tensors, groups: entry.groups)
        let topology = try scratch.prototxt(Self.topology)
        try expectRefused(
            refusal { _ = try CaffeFormat.read(file, topology: topology) }, entry.message)
    }

    @Test func `sound weights in HDF5 are read`() throws {
        let scratch = try Scratch()
        let file = try scratch.h5(
            [("data/fc/0", Self.matrix), ("data/fc/1", Self.bias)], groups: ["data", "data/fc"])
        #expect(try FormatRegistry.format(of: file).name == "caffe")
        let checkpoint = try CaffeFormat.read(file, topology: scratch.prototxt(Self.topology))
        #expect(checkpoint.tensors.map(\.name) == ["fc/0", "fc/1"])
        #expect(checkpoint.graph != nil)
    }

    // MARK: Without a prototxt

    /// The tensors of the recorded VGG-16, changed; what reading them says.
    private func altered(_ change: (inout [(String, Tensor)]) -> Void) throws -> String? {
        let file = try fixture("vgg16.caffemodel.h5")
        var tensors = try CaffeFormat.read(file).tensors.map { ("data/\($0.name)", $0.tensor) }
        change(&tensors)
        let groups = Set(tensors.map { $0.0.split(separator: "/")[1] }).sorted()
        let made = try Scratch().h5(tensors, groups: ["data"] + groups.map { "data/\($0)" })
        return refusal {
            _ = try Translation.model(from: CaffeFormat.read(made), architecture: "vgg16")
        }
    }

    @Test func `an unchanged VGG-16 is read`() throws {
        let message = try altered { _ in }
        #expect(message == nil)
    }

    @Test func `a VGG-16 without one of its tensors is refused`() throws {
        let message = try altered { $0.removeAll { $0.0 == "data/conv3_2/1" } }
        #expect(message?.contains("tensor 'conv3_2/1'") == true, "\(message ?? "")")
    }

    @Test func `a VGG-16 with a tensor of another shape is refused`() throws {
        let message = try altered { tensors in
            for index in tensors.indices where tensors[index].0 == "data/fc6/0" {
                tensors[index].1 = tensors[index].1.reshaped([12, 98])
            }
        }
        #expect(message?.contains("tensor 'fc6/0': expected shape") == true, "\(message ?? "")")
    }

    @Test func `a VGG-16 with a tensor too many is refused`() throws {
        let message = try altered { $0.append(("data/fc9/0", Self.bias)) }
        #expect(message?.contains("tensor 'fc9/0': expected only tensors of") == true)
    }

    @Test func `weights of no known network are refused with advice`() throws {
        let file = try fixture("inception.caffemodel.h5")
        let message = refusal { _ = try Translation.model(from: CaffeFormat.read(file)) }
        #expect(message?.contains("--prototxt") == true, "\(message ?? "")")
    }

    @Test func `a file in HDF5 cut anywhere is refused`() throws {
        let bytes = try fixture("vgg16.caffemodel.h5").allBytes
        let folder = try TemporaryFolder()
        for cut in Mutation.cuts(of: bytes.count, count: 30, seed: 5) where cut >= 8 {
            let file = try folder.file(Array(bytes.prefix(cut)), as: "cut.caffemodel.h5")
            #expect(throws: InputError.self, "cut at \(cut)") { try CaffeFormat.read(file) }
        }
    }
}
