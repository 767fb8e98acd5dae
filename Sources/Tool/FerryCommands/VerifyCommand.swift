import Architectures
import FormatInterface
import Foundation
import IR
import Parity
import Runtime
import Tensors

/// Proves that two models, a model and what was recorded of it, or two records are the same.
struct VerifyCommand: Command {
    static let name = "verify"
    static let abstract = "Compare two models' weights and outputs, or a model with records"
    static let usage = [
        "A B [--layers] [--bisect] [--input X.npy] [--weights-only]",
        "MODEL --fixture DIR",
        "MODEL --against float64 [--layers]",
    ]
    static let options =
        layerOptions + ToleranceChoice.options + InputChoice.options + otherOptions
        + PageWriter.options + TensorNaming.options
    private static let layerOptions: [CommandOption] = [
        .flag("layers", help: "compare activations too, layer by layer"),
        .flag("bisect", help: "name the first layer that differs, and where its error is born"),
    ]
    private static let otherOptions: [CommandOption] = [
        .flag("weights-only", help: "compare weights, run nothing"),
        .value("fixture", "DIR", help: "a folder of input_0.pb, output_0.pb, or .npy"),
        .value("against", "float64", help: "the model's own answers in double precision"),
        .flag("all", help: "list bit-equal weights too"),
        .weights,
    ]
    static let discussion = """
        A and B are models in any format, or records: folders and files of tensors that any
        program wrote, inputs and outputs as input_0 and output_0, activations under their
        layers' names (.pb, .npy, .npz, safetensors, HDF5). B is the reference. Weights must
        be bit-equal or differ for a reason that is shown, such as a normalisation folded into
        a layer (to 1e-5) or kept as a scale and a shift (to 8 roundings, 5e-7 in float32).
        Outputs and activations must satisfy |value − ref| ≤ rtol·|ref| + atol·max|ref|:
          fp32   1e-4, 1e-5   float32 sums in another order differ by up to 4e-6 of the
                              largest logit in five runtimes, mistakes by 1e-3 and more
          fp16   1e-2, 2e-3   for weights or activations of 16 bits
          exact  0, 0         the same bits
        --max-ulp, --min-cosine and --top ask for more. NaN, infinities, and outputs that
        stay the same on another input never pass. The exit status is 0 when all is as it
        should be, and 1 when it is not.
        --layers matches activations through conversions and fused layers; --bisect runs the
        first layer that differs again on the reference's input to it.
        With --weights, A computes with rounded weights and B with its own. --against float64
        measures errors against the truth; with --layers for fast and strict numerics and
        for weights of 16 bits. --rename and --mapping change A's names. --partial passes
        over tensors that are no part of the network; with --weights-only, also over weights
        that both lack.
        """
    static let example = """
        ferry verify vgg16.onnx vgg16.h5
        ferry verify converted.onnx original.h5 --bisect
        ferry verify vgg16.onnx recorded_by_pytorch/ --layers
        ferry verify lenet5.onnx --fixture lenet5/golden
        ferry verify vgg16.onnx --against float64 --layers
        ferry verify part.pth vgg16.onnx --partial --weights-only
        """

    let paths: [String]
    let inputs: InputChoice
    let tolerance: Tolerance
    let layers: Bool
    let bisect: Bool
    let weightsOnly: Bool
    let fixture: String?
    let against: String?
    let listsAll: Bool
    let weights: DenseWeights
    let naming: TensorNaming
    let page: PageWriter?
    let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        fixture = arguments.value("fixture")
        against = try arguments.choice("against", among: ["float64"])
        paths =
            fixture == nil && against == nil
            ? try arguments.exactly("A", "B") : try arguments.exactly("MODEL")
        inputs = try InputChoice(arguments)
        tolerance = try ToleranceChoice.tolerance(arguments)
        layers = arguments.has("layers")
        bisect = arguments.has("bisect")
        weightsOnly = arguments.has("weights-only")
        listsAll = arguments.has("all")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        naming = try TensorNaming(arguments)
        page = try PageWriter(arguments)
        self.global = global
        for option in ["input", "inputs", "picture", "fixture", "layers", "bisect", "weights"] {
            try arguments.refuseTogether("weights-only", option)
        }
        for option in ["input", "inputs", "picture", "size", "batch", "seed", "seeds"] {
            try arguments.refuseTogether("fixture", option)
        }
        try arguments.refuseTogether("against", "weights-only", "fixture")
        try arguments.refuseTogether("against", "bisect")
    }

    func run(on console: Console) throws -> ExitStatus {
        let page = self.page
        try page?.checkDestination(sources: paths)
        if against != nil { return try verifyAgainstTruth(console) }
        let activity = console.activity("reading")
        defer { activity.finish() }
        let verification = try compared(activity, console)
        activity.finish()
        return try finish(verification.report, console, verification.page)
    }
}
