import Architectures
import IR
import Tensors
import Testing

/// A state dict whose modules have names of their own, made of their numbers.
private func file(
    _ name: String, sizes: NetworkSizes? = nil, isSorted: Bool = false, _ rename: (Int) -> String
) throws -> Checkpoint {
    let architecture = try ArchitectureRegistry.architecture(named: name)
    let model = architecture.seeded(seed: 1, sizes: sizes ?? narrowSizes(architecture))
    var file = bare(try Translation.checkpoint(of: model, in: .pytorch))
    var modules: [String] = []
    for index in file.tensors.indices {
        let parts = file.tensors[index].name.split(separator: ".")
        let module = parts.dropLast().joined(separator: ".")
        if !modules.contains(module) { modules.append(module) }
        let number = modules.firstIndex(of: module) ?? 0
        file.tensors[index].name = "\(rename(number)).\(parts.last ?? "")"
    }
    if isSorted { file.tensors.sort { $0.name < $1.name } }
    return file
}

/// Layers that could change places: every convolution has as many channels.
private let uniform = NetworkSizes(
    inputChannels: 4, convs: [Int](repeating: 4, count: 13), dense: [6, 6, 6])

@Test(arguments: [false, true])
func `layers under names of their own are read in order`(_ isSorted: Bool) throws {
    var file = try file("vgg16_bn", isSorted: isSorted) { "net.part\($0)" }
    let model = try Translation.model(from: file)
    expectEqual(model, try narrow("vgg16_bn"))
    #expect(model.recognition.hasPrefix("the order and the shapes"))
    #expect(model.notes.contains { $0.contains("names of their own") })
    // One layer too many is another network.
    file.tensors.append(
        NamedTensor(
            name: "net.part99.weight",
            tensor: Tensor([Float](repeating: 0, count: 49), shape: [7, 7])))
    #expect(message { _ = try Translation.model(from: file) }.contains("known architecture"))
}

@Test(arguments: [false, true])
func `layers of equal shapes are told apart by their numbers`(_ isSorted: Bool) throws {
    let file = try file("vgg16", sizes: uniform, isSorted: isSorted) { "layer\($0 + 1)" }
    let whole = try ArchitectureRegistry.architecture(named: "vgg16")
        .seeded(seed: 1, sizes: uniform)
    expectEqual(try Translation.model(from: file), whole)
}

@Test func `layers of equal shapes and sorted names without numbers are not taken in any order`()
    throws
{
    let names = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "thirteen", "zero.a", "zero.b", "zero.c",
    ]
    let told = try file("vgg16", sizes: uniform) { names[$0] }
    #expect(try Translation.model(from: told).architecture?.name == "vgg16")
    // Some of these names are in the order of layers.
    let sorted = try file("vgg16", sizes: uniform, isSorted: true) { names[$0] }
    for architecture in [nil, "vgg16"] {
        let text = message { _ = try Translation.model(from: sorted, architecture: architecture) }
        #expect(text.contains("'eight' and 'eleven' of equal shapes"), "\(text)")
    }
}

@Test func `two LeNets under other names are still two, until one is asked for`() throws {
    let file = try file("lenet5") { "x.part\($0)" }
    #expect(throws: TranslationError.ambiguous(["lenet5", "lenet5_tanh"])) {
        try Translation.model(from: file)
    }
    for name in ["lenet5", "lenet5_tanh"] {
        expectEqual(try Translation.model(from: file, architecture: name), try narrow(name))
    }
}

@Test func `a part that two networks have is neither`() throws {
    var file = bare(try Translation.checkpoint(of: try narrow("lenet5"), in: .pytorch))
    file.tensors.removeLast()
    #expect(throws: TranslationError.ambiguous(["lenet5", "lenet5_tanh"])) {
        try Translation.model(from: file, isPartial: true)
    }
    let model = try Translation.model(from: file, architecture: "lenet5_tanh", isPartial: true)
    #expect(model.architecture?.name == "lenet5_tanh")
}
