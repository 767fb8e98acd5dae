import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// A state dict without some tensors, with another misshapen, and with one too many.
private func damaged(in folder: TemporaryFolder) throws {
    try altered(model("alexnet_narrow.safetensors"), as: "part.safetensors", in: folder) {
        tensors in
        tensors.removeAll { ["features.3.weight", "classifier.4.bias"].contains($0.name) }
        for index in tensors.indices where tensors[index].name == "features.6.weight" {
            let shape = Array(tensors[index].tensor.shape.reversed())
            tensors[index].tensor = tensors[index].tensor.reshaped(shape)
        }
        tensors.append(NamedTensor(name: "ema.decay", tensor: Tensor([Float(0.9)])))
    }
}

@Test func `every tensor that does not fit has its line`() throws {
    let folder = try TemporaryFolder()
    try damaged(in: folder)
    let ferry = Ferry(in: folder)
    for command in [["convert", "part.safetensors", "o.npz"], ["inspect", "part.safetensors"]] {
        let outcome = try ferry.run(command)
        #expect(outcome.status == 3)
        #expect(outcome.errorLines.count == 4, "\(outcome.errors)")
        for words in [
            "tensor 'features.3.weight': expected shape", "tensor 'features.6.weight': expected",
            "tensor 'classifier.4.bias': expected shape", "tensor 'ema.decay': expected only",
        ] {
            #expect(outcome.errors.contains("part.safetensors: safetensors: \(words)"))
        }
    }
}

@Test func `more problems than one can read are counted`() throws {
    let folder = try TemporaryFolder()
    try altered(model("alexnet_narrow.safetensors"), as: "p.safetensors", in: folder) { tensors in
        for index in 0..<50 {
            tensors.append(NamedTensor(name: "x\(index)", tensor: Tensor([Float(1)])))
        }
    }
    let outcome = try Ferry(in: folder)("inspect", "p.safetensors", "--arch", "alexnet")
    #expect(outcome.status == 3 && outcome.errorLines.count == 21)
    #expect(outcome.errorLines.last?.contains("30 more such tensors") == true)
}

@Test(arguments: ["npz", "pth", "safetensors", "hdf5", "keras-weights-h5", "keras3-weights-h5"])
func `a part is written, and reported`(format: String) throws {
    let folder = try TemporaryFolder()
    try damaged(in: folder)
    let ferry = Ferry(in: folder)
    let outcome = try ferry(
        "convert", "part.safetensors", "o", "--to", format, "--partial", "--json")
    guard format != "keras3-weights-h5" else {
        // Its tensors are known by their number: a layer needs all that stand before them.
        #expect(outcome.status == 0 || outcome.status == 4, "\(outcome.errors)")
        return
    }
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    let problems = try #require(report["problems"] as? [[String: String]])
    #expect(
        problems.map { [$0["kind"], $0["tensor"]] } == [
            ["missing", "features.3.weight"], ["shape", "features.6.weight"],
            ["missing", "classifier.4.bias"], ["unexpected", "ema.decay"],
        ])
    #expect(report["tensors"] as? Int == 13)
    expectSuccess(
        try ferry("verify", "o", "part.safetensors", "--partial", "--weights-only"), "equal")
    let whole = try ferry(
        "verify", "o", model("alexnet_narrow.pth"), "--partial", "--weights-only")
    #expect(whole.status == 1 && whole.output.contains("MISSING"))
    #expect(try ferry("inspect", "o").status == 3)
}

@Test func `text shows the same report`() throws {
    let folder = try TemporaryFolder()
    try damaged(in: folder)
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("convert", "part.safetensors", "o.npz", "--partial"), "PROBLEM", "missing",
        "unexpected  ema.decay")
    expectSuccess(
        try ferry("inspect", "part.safetensors", "--partial"), "alexnet", "because ",
        "shape       features.6.weight")
}

@Test func `a graph and a run need every weight`() throws {
    let folder = try TemporaryFolder()
    try damaged(in: folder)
    let ferry = Ferry(in: folder)
    for words in [
        ["convert", "part.safetensors", "o.onnx"], ["convert", "part.safetensors", "o.keras"],
        ["verify", "part.safetensors", model("alexnet_narrow.onnx")],
        ["inspect", "part.safetensors", "--plan"],
        ["run", "part.safetensors", "--input", "x.npy", "--output", "y.npy"],
    ] {
        let outcome = try ferry.run(words + ["--partial"])
        #expect(outcome.status == 3, "\(words): \(outcome.errors)")
        #expect(outcome.errorLines.count == 3 && outcome.errors.contains("features.3.weight"))
    }
    // What is too many does not stop them.
    try altered(model("alexnet_narrow.safetensors"), as: "more.safetensors", in: folder) {
        $0.append(NamedTensor(name: "ema.decay", tensor: Tensor([Float(0.9)])))
    }
    expectSuccess(try ferry("convert", "more.safetensors", "m.onnx", "--partial"), "ema.decay")
    expectSuccess(
        try ferry("verify", "more.safetensors", "m.onnx", "--partial"), "equal to the last bit")
}
