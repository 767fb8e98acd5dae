import Architectures
import CaffeFormat
import FormatInterface
import Formats
import IR
import Parity
import Tensors
import TestSupport
import Testing

/// Recorded networks against OpenCV, an independent reader of the format.
@Suite struct CaffeFixtures {
    private func expectClose(_ model: Model, to network: Recorded, _ context: String) throws {
        let (mine, theirs) = (try answer(model, to: network.input), try network.answer())
        #expect(mine.shape == theirs.shape, "\(context)")
        let largest = theirs.doubles().map(\.magnitude).max() ?? 0
        let isClose = zip(mine.doubles(), theirs.doubles()).allSatisfy {
            Tolerance.outputs.admits($0, reference: $1, maximum: largest)
        }
        #expect(isClose, "\(context)")
    }

    @Test(arguments: Recorded.all)
    func `every form of a network answers as OpenCV does`(_ network: Recorded) throws {
        var first: Model?
        for form in network.forms {
            let checkpoint = try CaffeFormat.read(
                fixture(form.file), topology: form.topology.map { try fixture($0) })
            let model = try Translation.model(from: checkpoint)
            if let first {
                #expect(model.weights.keys.sorted() == first.weights.keys.sorted())
                for (name, tensor) in model.weights {
                    let other = try #require(first.weights[name])
                    #expect(tensor.isBitEqual(to: other), "\(form.file): \(name)")
                }
            } else {
                first = model
            }
            try expectClose(model, to: network, form.file)
        }
    }

    @Test func `CaffeNet has AlexNet's tensors and another order of layers`() throws {
        let network = Recorded(name: "caffenet", shape: [2, 3, 67, 99], seed: 2)
        let checkpoint = try CaffeFormat.read(
            fixture("alexnet.caffemodel"), topology: fixture("caffenet.prototxt"))
        try expectClose(Translation.model(from: checkpoint), to: network, "caffenet")
        let alexnet = try Translation.model(from: Recorded.all[1].checkpoint())
        let other = try answer(alexnet, to: network.input).doubles()
        let distance = zip(other, try network.answer().doubles()).map { abs($0 - $1) }.max() ?? 0
        #expect(distance > 1e-3)
    }

    @Test(arguments: ["vgg16.caffemodel", "v1_vgg16.caffemodel", "vgg16.caffemodel.h5"])
    func `VGG-16 is known without a prototxt`(_ file: String) throws {
        let model = try Translation.model(from: CaffeFormat.read(fixture(file)))
        #expect(model.architecture?.name == "vgg16")
        #expect(model.preprocess == "caffe")
        #expect(model.sourceNames["features.0.weight"] == "conv1_1/0")
        #expect(model.sourceNames["classifier.6.bias"] == "fc8/1")
        let whole = try Translation.model(from: Recorded.all[2].checkpoint())
        for (name, tensor) in whole.weights {
            #expect(model.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
        }
    }

    @Test func `the network a solver saved is read alone`() throws {
        let model = try Translation.model(from: CaffeFormat.read(fixture("lenet.caffemodel")))
        let input = try #require(model.graph.inputs.first)
        #expect(ValueDeclaration.describe(input.shape) == "[N, 1, 28, 28]")
        #expect(model.graph.outputs.map(\.name) == ["ip2"])
        #expect(model.notes.contains { $0.contains("28 × 28 fits") })
        #expect(model.notes.contains { $0.contains("SoftmaxWithLoss") })
        let logits = try answer(model, to: Recorded.all[0].input)
        let soft = try Softmax(axis: 1).evaluate([logits])[0].doubles()
        for (mine, theirs) in zip(soft, try Recorded.all[0].answer().doubles()) {
            #expect(abs(mine - theirs) < 1e-5)
        }
    }

    @Test func `parameters are called by their roles`() throws {
        let model = try Translation.model(from: Recorded.all[3].checkpoint())
        #expect(model.weights["conv1.7x7_s2.weight"]?.shape == [6, 3, 7, 7])
        #expect(model.sourceNames["conv1.7x7_s2.weight"] == "conv1/7x7_s2/0")
        let normalized = try Translation.model(from: Recorded.all[4].checkpoint())
        #expect(normalized.weights["bn_conv1.weight"]?.shape == [6])
        #expect(normalized.sourceNames["bn_conv1.weight"] == "scale_conv1/0")
    }

    // MARK: To other formats

    private func carry(
        _ model: Model, through format: any ModelFormat.Type
    ) throws -> (written: Checkpoint, read: Checkpoint) {
        let folder = try TemporaryFolder()
        let checkpoint = try Translation.checkpoint(of: model, in: format.convention)
        let path = folder.path("carried")
        try OutputFile.write(to: path, replacing: true) { file in
            try format.write(checkpoint, to: file)
        }
        return (checkpoint, try format.read(InputFile(path: path)))
    }

    @Test(arguments: Recorded.all, ["onnx", "keras"])
    func `a network carried to a format with graphs answers the same`(
        _ network: Recorded, _ name: String
    ) throws {
        // Keras has no pools that round up, and no powers of tensors.
        if name == "keras", ["inception", "mixed"].contains(network.name) { return }
        let format = try FormatRegistry.format(named: name)
        let model = try Translation.model(from: network.checkpoint())
        let back = try Translation.model(from: carry(model, through: format).read)
        #expect(back.layers.map(\.kind) == model.layers.map(\.kind))
        for (layer, other) in zip(model.layers, back.layers) {
            for (mine, theirs) in zip(layer.parameters, other.parameters) {
                let (a, b) = (model.weights[mine.name], back.weights[theirs.name])
                let (first, second) = (try #require(a), try #require(b))
                #expect(first.isBitEqual(to: second), "\(mine.name)")
            }
        }
        try expectClose(back, to: network, name)
        #expect(back.preprocess == "caffe")
    }

    @Test(arguments: Recorded.all, ["pth", "safetensors", "npz", "hdf5"])
    func `weights carried to a format without graphs keep every bit`(
        _ network: Recorded, _ name: String
    ) throws {
        let format = try FormatRegistry.format(named: name)
        let model = try Translation.model(from: network.checkpoint())
        let (written, read) = try carry(model, through: format)
        #expect(written.tensors.count >= model.layers.count)
        let found = Dictionary(
            read.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        for tensor in written.tensors {
            #expect(found[tensor.name]?.isBitEqual(to: tensor.tensor) == true, "\(tensor.name)")
        }
        guard model.architecture != nil else { return }
        let back = try Translation.model(from: read)
        #expect(back.weights.keys.sorted() == model.weights.keys.sorted())
        try expectClose(back, to: network, name)
    }

    @Test func `Caffe's files are not written`() throws {
        #expect(!FormatRegistry.writtenNames.contains("caffe"))
        #expect(throws: FormatChoiceError.self) { try FormatRegistry.format(named: "caffe") }
        let model = try Translation.model(from: Recorded.all[0].checkpoint())
        #expect(throws: TranslationError.self) {
            try Translation.checkpoint(of: model, in: .caffe)
        }
    }
}
