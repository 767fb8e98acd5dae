import Architectures
import IR
import Tensors
import Testing

/// How people call the layers of a normalisation behind "conv1_1".
private let ways: [@Sendable (String) -> (statistics: String, scale: String)] = [
    { ("bn_\($0)", "scale_\($0)") },
    { ("\($0)/bn", "\($0)/scale") },
    { ("bn\($0.dropFirst(4))", "scale\($0.dropFirst(4))") },
    { ("\($0)_bn", "\($0)_bn_scale") },
]

/// A normalised VGG-11 as Caffe keeps its weights in HDF5, statistics as sums over 2.
private func weights(
    of model: Model, _ way: (String) -> (statistics: String, scale: String)
) throws -> Checkpoint {
    let architecture = try #require(model.architecture)
    var tensors: [NamedTensor] = []
    func append(_ layer: String, _ index: Int, _ tensor: Tensor?) throws {
        let tensor = try #require(tensor)
        tensors.append(NamedTensor(name: "\(layer)/\(index)", layer: layer, tensor: tensor))
    }
    var conv = ""
    for layer in architecture.layers {
        guard let names = layer.parameterNames else { continue }
        func own(_ leaf: String) -> Tensor? { model.weights["\(layer.name).\(leaf)"] }
        guard case .batchNorm = layer else {
            conv = names.caffe
            try append(conv, 0, own("weight"))
            try append(conv, 1, own("bias"))
            continue
        }
        let (statistics, scale) = way(conv)
        for (index, leaf) in ["running_mean", "running_var"].enumerated() {
            let values = try #require(own(leaf))
            let sums = Tensor(values.floats().map { $0 * 2 }, shape: values.shape)
            try append(statistics, index, sums)
        }
        try append(statistics, 2, Tensor([2 as Float]))
        try append(scale, 0, own("weight"))
        try append(scale, 1, own("bias"))
    }
    return Checkpoint(convention: .caffe, tensors: tensors.sorted { $0.name < $1.name })
}

@Test(arguments: ways.indices)
func `normalised networks are recognised by Caffe's names alone`(way: Int) throws {
    let original = try narrow("vgg11_bn")
    let model = try Translation.model(from: weights(of: original, ways[way]))
    expectEqual(model, original)
    #expect(model.notes.contains { $0.contains("epsilon is taken as 1e-05, Caffe's default") })
    #expect(model.sourceNames["features.1.running_mean"] == "\(ways[way]("conv1_1").statistics)/0")
}

@Test func `a normalisation without its scale, or called another way, is not recognised`() throws {
    let original = try narrow("vgg11_bn")
    var file = try weights(of: original, ways[0])
    file.tensors.removeAll { $0.layer == "scale_conv3_1" }
    #expect(throws: TranslationError.self) { try Translation.model(from: file) }
    file = try weights(of: original, ways[0])
    for index in file.tensors.indices where file.tensors[index].layer == "bn_conv2_1" {
        file.tensors[index].name = "norm\(file.tensors[index].name.dropFirst(2))"
    }
    #expect(throws: TranslationError.self) { try Translation.model(from: file) }
}
