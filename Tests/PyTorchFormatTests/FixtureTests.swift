import FormatInterface
import IR
import PyTorchFormat
import Tensors
import TestSupport
import Testing

@Suite struct RecordedFiles {
    @Test(arguments: RecordedCheckpoint.files(endingIn: ".pth"))
    func `PyTorch's files hold what PyTorch says`(_ name: String) throws {
        let file = try InputFile(path: RecordedCheckpoint.path(name))
        #expect(PyTorchFormat.recognizes(file))
        let checkpoint = try PyTorchFormat.read(file)
        #expect(checkpoint.convention == .pytorch)
        #expect(difference(checkpoint.tensors, try RecordedCheckpoint.expected(name)) == nil)
    }

    @Test func `there are files of every dialect`() {
        #expect(RecordedCheckpoint.files(endingIn: ".pth").count >= 19)
    }

    @Test(arguments: ["plain.pth", "plain.legacy.pth", "training.pth", "dataparallel.pth"])
    func `tensors stored in order lie in the mapping`(_ name: String) throws {
        let file = try InputFile(path: RecordedCheckpoint.path(name))
        for tensor in try PyTorchFormat.read(file).tensors {
            #expect(tensor.tensor.storage === file.storage, "\(tensor.name)")
        }
    }

    @Test func `views share the mapping, and only strides make copies`() throws {
        let file = try InputFile(path: RecordedCheckpoint.path("views.pth"))
        let tensors = try PyTorchFormat.read(file).tensors
        let mapped = tensors.filter { $0.tensor.storage === file.storage }.map(\.name)
        #expect(mapped == ["whole", "same", "slice", "element"])
        #expect(tensors[0].tensor.byteOffset == tensors[1].tensor.byteOffset)
    }

    @Test(arguments: [
        (
            "training.pth",
            "a training checkpoint: the weights are those of 'model_state_dict'; left out: "
                + "'epoch', 'arch', 'best_acc1', 'large', 'args', 'optimizer', 'lr_scheduler', 'acc'"
        ),
        (
            "nested.pth",
            "a training checkpoint: the weights are those of 'model/state_dict'; left out: 'epoch'"
        ),
        (
            "averages.pth",
            "a training checkpoint: the weights are those of 'model'; left out: 'model_ema'"
        ),
        ("extra.pth", "left out, being no tensors: 'scale', '_extra_state'"),
    ])
    func `what a checkpoint holds besides is stated`(_ name: String, _ note: String) throws {
        let file = try InputFile(path: RecordedCheckpoint.path(name))
        #expect(try PyTorchFormat.read(file).notes == [note])
    }

    @Test(arguments: [
        ("module.pth", "'torch.nn.modules.container Sequential', which is not run"),
        ("module.legacy.pth", "save its state_dict()"),
        ("torchscript.pth", "a TorchScript program; save its state_dict()"),
        ("eval.pth", "'__builtin__ eval', which is not run"),
        ("eval.legacy.pth", "'__builtin__ eval', which is not run"),
        ("numpy_array.pth", "tensor 'x': expected a plain tensor, found a NumPy array"),
        ("quantised.pth", "tensor 'q.weight': expected a plain tensor, found a quantised tensor"),
        ("sparse.pth", "found a sparse tensor"), ("complex.pth", "found complex64"),
        ("tensor.pth", "expected a state dict, found a tensor"), ("list.pth", "found a list"),
        ("two_networks.pth", "expected one mapping of names to tensors, found 'netG', 'netD'"),
        ("no_tensors.pth", "expected one mapping of names to tensors, found none"),
    ])
    func `what is no state dict is refused by name`(_ name: String, _ words: String) throws {
        let path = RecordedCheckpoint.path("refused/\(name)")
        let file = try InputFile(path: path)
        #expect(PyTorchFormat.recognizes(file))
        let message = refusal { _ = try PyTorchFormat.read(file) }
        #expect(message?.hasPrefix("\(path): pth: ") == true, "\(message ?? "")")
        #expect(message?.contains(words) == true, "\(message ?? "")")
    }
}
