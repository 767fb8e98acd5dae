import FormatInterface
import Tensors

/// Inputs, outputs and activations that were recorded of a network, by Ferry or another program.
///
/// Names say what a tensor is. `input_0`, `output_0` and so on are the network's inputs and outputs
/// in its own order; where `output_0.float64` exists, it is the truth and taken instead. Everything
/// else is an activation, under the name that its recorder knows it by: an ONNX value's, a PyTorch
/// module's, a Keras layer's. Tensors are laid out as the recorded model's file declares them, and
/// lie in the files' mappings where their formats allow.
struct Recording: Sendable {
    /// Metadata of an archive that is a recording whatever its tensors are called: who recorded.
    static let metadataKey = "ferry.recording"

    /// The folder's name inside the recording; empty for the recording itself.
    let name: String
    /// The folder or file.
    let path: String
    let inputs: [RecordedTensor]
    let outputs: [RecordedTensor]
    /// In the order of their files.
    let activations: [RecordedTensor]
    /// Who recorded, and how; nil where no file says it.
    let recorder: String?

    /// - Throws: `InputError` where a number between others is missing, an activation is there
    ///   twice, or there is nothing to compare with.
    init(
        name: String, path: String, tensors: [RecordedTensor], recorder: String?
    ) throws(InputError) {
        self.name = name
        self.path = path
        self.recorder = recorder
        var numbered: [RecordedRole: RecordedTensor] = [:]
        var activations: [RecordedTensor] = []
        var names: Set<String> = []
        for tensor in tensors {
            guard tensor.role != .activation else {
                guard names.insert(tensor.name).inserted else {
                    throw InputError(
                        file: tensor.file, place: "activation '\(tensor.name)'",
                        expected: "each activation once in \(path)", found: "two")
                }
                activations.append(tensor)
                continue
            }
            if let other = numbered[tensor.role], !tensor.isBetter(than: other) { continue }
            numbered[tensor.role] = tensor
        }
        inputs = try Self.ordered(numbered, RecordedRole.input, "input", path)
        outputs = try Self.ordered(numbered, RecordedRole.output, "output", path)
        self.activations = activations
        if outputs.isEmpty, activations.isEmpty {
            throw InputError(
                file: path,
                expected: "output_0.npy, output_0.pb or activations.safetensors",
                found: "none of them")
        }
    }

    /// The tensors numbered from 0 on.
    private static func ordered(
        _ numbered: [RecordedRole: RecordedTensor], _ role: (Int) -> RecordedRole, _ kind: String,
        _ path: String
    ) throws(InputError) -> [RecordedTensor] {
        let count = numbered.keys.count { $0.kind == kind }
        return try (0..<count).map { index throws(InputError) in
            guard let tensor = numbered[role(index)] else {
                throw InputError(
                    file: path, expected: "\(kind)s numbered from 0 without a gap",
                    found: "no \(kind)_\(index)")
            }
            return tensor
        }
    }
}

/// One tensor of a recording.
struct RecordedTensor: Sendable {
    let name: String
    let file: String
    let tensor: Tensor
    let role: RecordedRole

    init(name: String, file: String, tensor: Tensor) {
        self.name = name
        self.file = file
        self.tensor = tensor
        role = RecordedRole(of: name)
    }

    /// Whether this one is to be taken where both are there for one role: the truth, and otherwise
    /// the first.
    fileprivate func isBetter(than other: RecordedTensor) -> Bool {
        RecordedRole.isTruth(name) && !RecordedRole.isTruth(other.name)
    }
}

/// What a recorded tensor is, by its name.
enum RecordedRole: Hashable, Sendable {
    case input(Int)
    case output(Int)
    case activation

    private static let truth = ".float64"

    static func isTruth(_ name: String) -> Bool { name.hasSuffix(truth) }

    init(of name: String) {
        let stem = Self.isTruth(name) ? name.dropLast(Self.truth.count) : name[...]
        let parts = stem.split(separator: "_", omittingEmptySubsequences: false)
        // Four digits: no network has more inputs.
        guard parts.count == 2, let number = Int(parts[1]), "\(number)" == parts[1],
            (0..<10_000).contains(number)
        else {
            self = .activation
            return
        }
        switch parts[0] {
        case "input": self = .input(number)
        case "output": self = .output(number)
        default: self = .activation
        }
    }

    var kind: String {
        switch self {
        case .input: "input"
        case .output: "output"
        case .activation: "activation"
        }
    }
}
