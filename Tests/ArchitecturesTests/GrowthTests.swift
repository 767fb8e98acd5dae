import Architectures
import IR
import Tensors
import Testing

private func grown(_ name: String, from source: Model, seed: UInt64 = 5) throws
    -> (model: Model, taken: [(String, String)])
{
    try ArchitectureRegistry.architecture(named: name).grown(from: source, seed: seed)
}

@Test(arguments: [
    ("vgg13", "vgg11", ["0": "0", "5": "3", "10": "6", "12": "8"]),
    ("vgg16", "vgg11", ["0": "0", "5": "3", "10": "6", "12": "8"]),
    ("vgg16_c", "vgg11", ["0": "0", "5": "3", "10": "6", "12": "8"]),
    ("vgg19", "vgg13", ["0": "0", "2": "2", "5": "5", "7": "7"]),
    ("vgg16_bn", "vgg11_bn", ["0": "0", "7": "4", "14": "8", "17": "11"]),
    ("vgg16_bn", "vgg11", ["0": "0", "7": "3", "14": "6", "17": "8"]),
])
func `a deeper network takes four convolutions and the dense layers, and draws the rest`(
    name: String, source: String, places: [String: String]
) throws {
    let shallow = try narrow(source, seed: 1)
    let (deep, taken) = try grown(name, from: shallow)
    var expected = ["classifier.0", "classifier.3", "classifier.6"].reduce(into: [:]) {
        $0[$1] = $1
    }
    for (mine, theirs) in places { expected["features.\(mine)"] = "features.\(theirs)" }
    if source.hasSuffix("_bn") {
        for (mine, theirs) in places {
            let norms = try [mine, theirs].map { "features.\(try #require(Int($0)) + 1)" }
            expected[norms[0]] = norms[1]
        }
    }
    #expect(Dictionary(uniqueKeysWithValues: taken) == expected)

    let network = try ArchitectureRegistry.architecture(named: name)
    let sizes = try sizes(of: deep, network)
    let drawn = network.seeded(seed: 5, sizes: sizes)
    for parameter in network.parameters(sizes) {
        let leaf = parameter.name.dropFirst(parameter.layer.count)
        let source = expected[parameter.layer].flatMap { shallow.weights["\($0)\(leaf)"] }
        let wanted = try #require(source ?? drawn.weights[parameter.name])
        #expect(deep.weights[parameter.name]?.isBitEqual(to: wanted) == true, "\(parameter.name)")
    }
    // The same seed gives the same bits, another seed others.
    expectEqual(try grown(name, from: shallow).model, deep)
    let other = try grown(name, from: shallow, seed: 6).model
    let free = try #require(network.parameters(sizes).first { expected[$0.layer] == nil })
    let bits = try #require(deep.weights[free.name])
    #expect(other.weights[free.name]?.isBitEqual(to: bits) == false)
}

/// A network's sizes, read from its weights.
private func sizes(of model: Model, _ network: Architecture) throws -> NetworkSizes {
    let weights = try network.parameters(network.publishedSizes).filter { $0.role == .weight }
        .map { try #require(model.weights[$0.name]).shape }
    return NetworkSizes(
        inputChannels: weights[0][1], convs: weights.filter { $0.count == 4 }.map { $0[0] },
        dense: weights.filter { $0.count == 2 }.map { $0[0] })
}

@Test func `what is no shallower network of the same blocks is refused`() throws {
    func problem(_ name: String, _ source: Model) -> String {
        message { _ = try grown(name, from: source) }
    }
    let expected = "network to grow from: expected "
    #expect(
        try problem("vgg11", narrow("vgg16"))
            == expected + "fewer convolutions than its 8 (vgg11), found vgg16")
    #expect(try problem("vgg16", narrow("vgg16")).hasPrefix(expected + "fewer convolutions"))
    #expect(try problem("vgg16", narrow("alexnet")).hasPrefix(expected + "the same blocks"))
    #expect(try problem("vgg16", narrow("lenet5")).hasPrefix(expected + "the same blocks"))
    #expect(
        try problem("vgg16", narrow("vgg11", hasHead: false))
            == expected + "a known network with its dense layers (vgg16), found vgg11")
    var halved = try narrow("vgg11")
    halved.weights["features.0.weight"] = halved.weights["features.0.weight"]?.rounded(to: .float16)
    #expect(problem("vgg16", halved).contains("expected float32, found float16"))
}
