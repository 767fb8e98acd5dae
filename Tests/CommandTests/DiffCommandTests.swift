import FormatInterface
import Foundation
import IR
import Tensors
import TestSupport
import Testing

private let networks = [
    "lenet5": "lenet5", "alexnet_narrow": "alexnet", "vgg16_narrow": "vgg16",
]
private let dialects = ["onnx", "state.h5", "keras.h5", "pth", "safetensors", "npz"]

/// What `ferry diff --json` said.
private struct Report: Decodable {
    struct Row: Decodable {
        struct Place: Decodable {
            let tensor: String
            let index: Int
            let coordinates: [Int]
        }

        struct Element: Decodable {
            let index: Int
            let coordinates: [Int]
            let file: Place?
        }

        struct Difference: Decodable {
            let differingCount: Int
            let maximumULP: Int?
        }

        let name: String
        let status: String
        let difference: Difference?
        let first: Element?
    }

    struct Finding: Decodable {
        let layer: String
        let tensor: String?
        let cause: String
        let isExact: Bool
    }

    let verdict: String
    let matchedBy: String
    let tensors: [Row]
    let findings: [Finding]
}

private func report(_ outcome: ProcessOutcome) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
}

/// `tensor` with the lowest bit of one element flipped.
private func flipped(_ tensor: Tensor, at index: Int) -> Tensor {
    var values = tensor.floats()
    values[index] = Float(bitPattern: values[index].bitPattern ^ 1)
    return Tensor(values, shape: tensor.shape)
}

@Test(arguments: networks)
func `no dialect of a network differs from another`(
    network: String, architecture: String
) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let files = dialects.map { model("\(network).\($0)") }
        .filter(FileManager.default.fileExists(atPath:))
    for (first, second) in zip(files, files.dropFirst() + files.prefix(1)) {
        expectSuccess(
            try ferry("diff", first, second, "--arch", architecture),
            "tensors bit-equal, matched by role",
            "verdict: equal to the last bit\n")
    }
}

@Test func `a flipped bit is found in the judged file's own place`() throws {
    let folder = try TemporaryFolder()
    try altered(model("alexnet_narrow.keras.h5"), as: "x.h5", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.tensor.rank == 4 }) else { return }
        tensors[place].tensor = flipped(tensors[place].tensor, at: 101)
    }
    let outcome = try Ferry(in: folder)("diff", "x.h5", model("alexnet_narrow.onnx"), "--json")
    #expect(outcome.status == 1)
    let found = try report(outcome)
    #expect(found.verdict == "different")
    #expect(found.findings.map(\.cause) == ["bitFlipped"])
    let row = try #require(found.tensors.first { $0.status == "different" })
    #expect(found.tensors.count { $0.status == "bitEqual" } == found.tensors.count - 1)
    #expect(row.difference?.differingCount == 1)
    #expect(row.difference?.maximumULP == 1)
    let element = try #require(row.first)
    let file = try #require(element.file)
    #expect(file.index == 101)
    // HWIO in the file, OIHW here.
    #expect(element.coordinates == [3, 2, 0, 1].map { file.coordinates[$0] })
}

@Test func `text says what differs, why and what to do`() throws {
    let folder = try TemporaryFolder()
    try altered(model("lenet5.state.h5"), as: "x.h5", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.tensor.rank == 4 }) else { return }
        tensors[place].tensor = tensors[place].tensor.permuted([0, 1, 3, 2]).settledCopy
    }
    let outcome = try Ferry(in: folder)("diff", "x.h5", model("lenet5.onnx"))
    #expect(outcome.status == 1)
    #expect(outcome.errors.isEmpty)
    for words in [
        "9 of 10 tensors bit-equal, matched by role", "kernelHeightWidthSwapped",
        "    Height and width of the kernel are exchanged.\n", "verdict: DIFFERENT (1 tensor)\n",
    ] {
        #expect(outcome.output.contains(words), "\(outcome.output)")
    }
    #expect(!outcome.output.contains("bit-equal  "))
}

extension Tensor {
    /// The elements in memory of their own, as a file would be written from.
    fileprivate var settledCopy: Tensor { Tensor(floats(), shape: shape) }
}

@Test func `tensors of an unknown network are matched by their names`() throws {
    let folder = try TemporaryFolder()
    for (name, drops) in [("a.safetensors", false), ("b.safetensors", true)] {
        try altered(model("alexnet_narrow.safetensors"), as: name, in: folder) { tensors in
            tensors.removeAll { $0.name.hasPrefix("features.3") }
            for index in tensors.indices { tensors[index].name = "net." + tensors[index].name }
            guard drops else { return }
            tensors.removeAll { $0.name.hasSuffix("classifier.1.bias") }
            tensors[0].tensor = flipped(tensors[0].tensor, at: 7)
        }
    }
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("diff", "a.safetensors", "a.safetensors"), "matched by name")
    let outcome = try ferry("diff", "b.safetensors", "a.safetensors", "--json")
    #expect(outcome.status == 1)
    let found = try report(outcome)
    #expect(found.matchedBy == "name")
    #expect(Set(found.findings.map(\.cause)) == ["bitFlipped", "biasMissing"])
}

@Test func `a kernel of another shape is compared by name and explained`() throws {
    let folder = try TemporaryFolder()
    try altered(model("alexnet_narrow.safetensors"), as: "x.safetensors", in: folder) { tensors in
        for index in tensors.indices where tensors[index].tensor.rank == 4 {
            tensors[index].tensor = tensors[index].tensor.permuted([2, 3, 1, 0]).settledCopy
        }
    }
    let outcome = try Ferry(in: folder)(
        "diff", "x.safetensors", model("alexnet_narrow.onnx"), "--json")
    #expect(outcome.status == 1)
    let found = try report(outcome)
    #expect(found.findings.map(\.cause) == Array(repeating: "kernelLayout", count: 5))
    #expect(found.findings.allSatisfy { $0.isExact })
}

@Test func `files that are no models, or share nothing, are refused`() throws {
    let folder = try TemporaryFolder()
    try Data("no model".utf8).write(to: URL(fileURLWithPath: folder.path("x.onnx")))
    let ferry = Ferry(in: folder)
    #expect(try ferry("diff", "x.onnx", model("lenet5.onnx")).status == 3)
    #expect(try ferry("diff", model("lenet5.onnx"), "none.onnx").status == 3)
    #expect(try ferry("diff", model("lenet5.onnx")).status == 2)
    for name in ["p", "q"] {
        try altered(model("alexnet_narrow.safetensors"), as: "\(name).safetensors", in: folder) {
            $0 = $0.prefix(3).map {
                NamedTensor(name: name + $0.name, tensor: $0.tensor)
            }
        }
    }
    let outcome = try ferry("diff", "p.safetensors", "q.safetensors")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("expected the tensors of a known architecture"))
}
