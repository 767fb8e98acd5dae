import FormatInterface
import HDF5Format
import IR
import KerasFormat
import Tensors
import TestSupport
import Testing

/// Configurations, archives and weights that are damaged or not supported.
struct KerasRefusals {
    private static let kernel = Tensor(
        (0..<54).map { Float($0) }, shape: [3, 3, 3, 2])
    private static let bias = Tensor([Float(1), 2])

    private static let configurations: [(defect: String, config: String, message: String)] = [
        ("no JSON", "{\"class_name\"", "byte"),
        ("an empty text", "", "expected null"),
        ("a list", "[1, 2]", "class_name"),
        ("no class", "{\"config\": {}}", "class_name"),
        ("another class than a model", "{\"class_name\": \"Dense\", \"config\": {}}", "Dense"),
        ("no layers", "{\"class_name\": \"Functional\", \"config\": {}}", "layers"),
        ("values too deep", String(repeating: "[", count: 10_000), "inside each other"),
        ("Lambda", model("Lambda", "\"function\": [\"4wAAAA==\", null, null]"), "never run"),
        ("an unknown layer", model("Capsule", "\"units\": 1"), "Capsule"),
        ("a transposed convolution", model("Conv2DTranspose", "\"filters\": 2"), "Conv2DTranspose"),
        (
            "a class of the user's",
            model("Flatten", "\"a\": 1").replacing(
                "\"name\": \"layer\", \"inbound",
                with: "\"registered_name\": \"My>Flatten\", \"name\": \"layer\", \"inbound"),
            "Keras itself"
        ),
        (
            "a module outside Keras",
            model("Flatten", "\"a\": 1").replacing(
                "\"name\": \"layer\", \"inbound",
                with: "\"module\": \"os\", \"name\": \"layer\", \"inbound"), "os.Flatten"
        ),
        (
            "a layer that reads itself",
            model("Flatten", "\"a\": 1", nodes: "[[[\"layer\", 0, 0]]]"), "circle"
        ),
        (
            "a missing layer read", model("Flatten", "\"a\": 1", nodes: "[[[\"gone\", 0, 0]]]"),
            "gone"
        ),
        (
            "a call of training",
            model("Dropout", "\"rate\": 0.5", nodes: "[[[\"image\", 0, 0, {\"training\": true}]]]"),
            "training=True"
        ),
        (
            "an output that is none", model("Flatten", "\"a\": 1", nodes: "[[[\"image\", 0, 3]]]"),
            "image"
        ),
        ("an unknown activation", model("Activation", "\"activation\": \"gloom\""), "gloom"),
        ("an unknown padding", model("MaxPooling2D", "\"padding\": \"full\""), "full"),
        ("a pool of 0 cells", model("MaxPooling2D", "\"pool_size\": [0, 2]"), "pool_size"),
        ("an unknown data_format", model("MaxPooling2D", "\"data_format\": \"nchw\""), "nchw"),
        ("a random crop", model("RandomCrop", "\"height\": 4, \"width\": 4"), "RandomCrop"),
        (
            "an interpolation by other curves",
            model("UpSampling2D", "\"interpolation\": \"bicubic\""), "bicubic"
        ),
        (
            "a reshape to two open axes", model("Reshape", "\"target_shape\": [-1, -1]"),
            "target_shape"
        ),
        ("an axis beyond the last", model("Softmax", "\"axis\": 9"), "axis"),
        (
            "an inverse Normalization",
            model("Normalization", "\"mean\": 1, \"variance\": 1, \"invert\": true"), "invert"
        ),
        ("missing weights", model("Dense", "\"units\": 3"), "2 weights"),
    ]

    @Test(arguments: configurations.map(\.defect))
    func `A configuration is refused for`(_ defect: String) throws {
        let entry = try #require(Self.configurations.first { $0.defect == defect })
        let file = try Scratch().h5(entry.config)
        let message = try #require(refusal { _ = try KerasH5Format.read(file) })
        #expect(message.contains("keras-h5: "), "\(message)")
        #expect(message.contains(entry.message), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test
    func `Kernels of other sizes than the configuration's are refused`() throws {
        let weights = [("kernel:0", Self.kernel), ("bias:0", Self.bias)]
        let good = "\"filters\": 2, \"kernel_size\": [3, 3]"
        let scratch = try Scratch()
        _ = try KerasH5Format.read(scratch.h5(model("Conv2D", good), [("layer", weights)]))
        for (config, message) in [
            ("\"filters\": 3, \"kernel_size\": [3, 3]", "3 outputs"),
            ("\"filters\": 2, \"kernel_size\": [5, 3]", "[5, 3]"),
            ("\"filters\": 2, \"kernel_size\": [3, 3], \"use_bias\": false", "1 weights"),
            ("\"filters\": 2, \"kernel_size\": [3, 3], \"groups\": 0", "groups"),
        ] {
            let file = try scratch.h5(model("Conv2D", config), [("layer", weights)])
            let found = refusal { _ = try KerasH5Format.read(file) }
            #expect(found?.contains(message) == true, "\(found ?? "accepted")")
        }
    }

    @Test(arguments: [
        ("a missing config.json", "config.json"), ("no member of weights", "model.weights.h5"),
        ("pickled weights", "pickled"), ("weights that are no HDF5", "signature"),
        ("a configuration that is no JSON", "config.json"),
        ("a configuration that ends early", "config.json, byte"),
        ("a configuration of no model", "class_name"), ("Lambda", "never run"),
        ("an unknown layer", "Capsule"), ("a module outside Keras", "os.Flatten"),
        ("a layer that reads itself", "circle"), ("a layer without its weights", "weights"),
        ("weights cut short", "undamaged HDF5"),
    ])
    func `An archive is refused for`(_ defect: String, _ place: String) throws {
        let config = Array(model("Flatten", "\"a\": 1").utf8)
        let scratch = try Scratch()
        let weights = try scratch.h5("{}").allBytes
        let configured = Self.configurations.first { $0.defect == defect }?.config
        let members: [(String, [UInt8])] =
            switch defect {
            case "a configuration that ends early":
                [("config.json", config.dropLast()), ("model.weights.h5", weights)]
            case "a configuration of no model":
                [("config.json", Array("{}".utf8)), ("model.weights.h5", weights)]
            case "a layer without its weights":
                [
                    ("config.json", Array(model("Dense", "\"units\": 3").utf8)),
                    ("model.weights.h5", weights),
                ]
            case "weights cut short":
                [
                    ("config.json", config),
                    ("model.weights.h5", weights.dropLast(weights.count / 2)),
                ]
            case _ where configured != nil:
                [("config.json", Array((configured ?? "").utf8)), ("model.weights.h5", weights)]
            case "a missing config.json": [("model.weights.h5", [1]), ("metadata.json", [])]
            case "no member of weights": [("config.json", config)]
            case "pickled weights": [("config.json", config), ("model.weights.npz", [1])]
            case "weights that are no HDF5":
                [("config.json", config), ("model.weights.h5", [1, 2])]
            default: [("config.json", [0x7B]), ("model.weights.h5", [1])]
            }
        let file = try scratch.archive(members)
        #expect(KerasArchiveFormat.recognizes(file))
        let message = try #require(refusal { _ = try KerasArchiveFormat.read(file) })
        #expect(message.contains(place), "\(message)")
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `One flipped bit ends in an answer or one line`(seed: UInt64) throws {
        let names = ["nested/nested.keras", "nested/nested.h5", "nested/nested.weights.h5"]
        let bytes = try fixture(names[Int(seed % 3)]).allBytes
        let folder = try TemporaryFolder()
        let file = try folder.file(Mutation.flippingOneBit(of: bytes, seed: seed))
        let formats: [any ModelFormat.Type] = [
            KerasArchiveFormat.self, KerasH5Format.self, Keras3WeightsFormat.self,
        ]
        let message = refusal { _ = try formats[Int(seed % 3)].read(file) }
        if let message { #expect(!message.contains("\n"), "seed \(seed)") }
    }

    @Test(arguments: ["nested/nested.keras", "nested/nested.h5"])
    func `A file cut anywhere is refused`(_ name: String) throws {
        let bytes = try fixture(name).allBytes
        let folder = try TemporaryFolder()
        let format: any ModelFormat.Type =
            name.hasSuffix(".keras") ? KerasArchiveFormat.self : KerasH5Format.self
        for length in Mutation.cuts(of: bytes.count, count: 25, seed: 1) {
            let file = try folder.file(Array(bytes[..<length]))
            #expect(refusal { _ = try format.read(file) } != nil, "\(length) bytes")
        }
    }
}
