import Architectures
import Tensors
import Testing

/// Trainable numbers, and tensors of a state_dict without num_batches_tracked.
@Test(arguments: [
    ("lenet5", 61_706, 10), ("lenet5_tanh", 61_706, 10), ("lenet5_1998", 60_000, 13),
    ("alexnet", 61_100_840, 16), ("alexnet_2012", 60_965_224, 16), ("caffenet", 60_965_224, 16),
    ("vgg11", 132_863_336, 22), ("vgg13", 133_047_848, 26), ("vgg16", 138_357_544, 32),
    ("vgg19", 143_667_240, 38), ("vgg11_bn", 132_868_840, 54), ("vgg13_bn", 133_053_736, 66),
    ("vgg16_bn", 138_365_992, 84), ("vgg19_bn", 143_678_248, 102),
    ("vgg11_lrn", 132_863_336, 22), ("vgg16_c", 133_638_952, 32),
])
func `published sizes give the published parameter counts`(
    name: String, count: Int, tensors: Int
) throws {
    let architecture = try ArchitectureRegistry.architecture(named: name)
    let parameters = architecture.parameters(architecture.publishedSizes)
    #expect(parameters.reduce(0) { $0 + $1.trainableCount } == count)
    #expect(parameters.count == tensors)
}

@Test func `every architecture has a published count`() {
    #expect(ArchitectureRegistry.names.count == 16)
}

@Test func `LeNet-5's layers have the parameters of its paper`() throws {
    let network = try ArchitectureRegistry.architecture(named: "lenet5_1998")
    let parameters = Dictionary(grouping: network.parameters(network.publishedSizes), by: \.layer)
    let counts = parameters.mapValues { $0.reduce(0) { $0 + $1.trainableCount } }
    #expect(
        counts == [
            "c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164, "rbf": 0,
        ])
}

@Test func `indices are those of torchvision`() throws {
    func convs(_ name: String) throws -> [String] {
        let architecture = try ArchitectureRegistry.architecture(named: name)
        return architecture.parameters(architecture.publishedSizes)
            .filter { $0.shape.count == 4 }.map { String($0.layer.dropFirst("features.".count)) }
    }
    #expect(try convs("alexnet") == ["0", "3", "6", "8", "10"])
    #expect(try convs("vgg11") == ["0", "3", "6", "8", "11", "13", "16", "18"])
    #expect(
        try convs("vgg19").joined(separator: " ")
            == "0 2 5 7 10 12 14 16 19 21 23 25 28 30 32 34")
    #expect(
        try convs("vgg16_bn").joined(separator: " ") == "0 3 7 10 14 17 20 24 27 30 34 37 40")
    #expect(
        try convs("vgg19_bn").joined(separator: " ")
            == "0 3 7 10 14 17 20 23 27 30 33 36 40 43 46 49")
}

@Test(arguments: [
    ("vgg61", "vgg11"), ("VGG16", "vgg16"), ("vgg16-bn", "vgg16_bn"), ("alexnt", "alexnet"),
    ("lenet", "lenet5"),
])
func `an unknown name is answered with one like it`(name: String, suggestion: String) {
    let text = message { _ = try ArchitectureRegistry.architecture(named: name) }
    #expect(text == "expected a known architecture, found '\(name)'; did you mean '\(suggestion)'?")
}

@Test func `a name like no other is answered with the list`() {
    let text = message { _ = try ArchitectureRegistry.architecture(named: "resnet50") }
    #expect(text.hasSuffix("known are \(ArchitectureRegistry.names.joined(separator: ", "))"))
    #expect(TranslationError.unknownArchitecture("x", suggestion: nil).isUsage)
    #expect(TranslationError.ambiguous(["a", "b"]).isUsage)
    #expect(!TranslationError.unrecognized("x").isUsage)
}
