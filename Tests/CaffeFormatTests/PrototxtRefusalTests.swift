import CaffeFormat
import FormatInterface
import TestSupport
import Testing

/// Prototxts that are damaged, do not fit their weights, or ask for what Ferry does not support.
@Suite struct PrototxtRefusals {
    private static let pool = "pooling_param { kernel_size: 2 }"

    private static let damaged: [(defect: String, text: String, message: String)] = [
        ("nothing but comments", "# a network\n", "found no fields"),
        (
            "a missing bracket", text("layer { name: \"x\" type: \"ReLU\""),
            "line 5: expected a field"
        ),
        ("a bracket too many", text("}"), "line 4: expected a field, found '}'"),
        ("a wrong bracket", text("layer { name: \"x\" >"), "a field or '}', found '>'"),
        (
            "an unknown field", text("layer { kernel: 3 }"),
            "a field of LayerParameter, found 'kernel'"
        ),
        (
            "a misspelt setting", text(layer("Pooling", "pooling_param { kernel_sizes: 2 }")),
            "a field of PoolingParameter, found 'kernel_sizes'"
        ),
        ("a name twice", text("name: \"again\""), "line 4: expected name once, found it twice"),
        (
            "settings twice", text(layer("Pooling", "\(pool) \(pool)")),
            "expected pooling_param once, found it twice"
        ),
        ("a missing colon", text("input_dim 3"), "':' behind input_dim, found '3'"),
        ("a missing value", text("layer { name: }"), "text in quotes for name, found '}'"),
        ("a name without quotes", text("layer { name: conv1 }"), "text in quotes for name"),
        ("a string without its end", text("layer { name: \"conv1\n }"), "closing quote"),
        ("an unknown escape", text("layer { name: \"\\q\" }"), "an escape"),
        ("an escape of half a character", text("layer { name: \"\\xff\" }"), "UTF-8 without NUL"),
        ("a NUL in a name", text("layer { name: \"a\\000\" }"), "UTF-8 without NUL"),
        (
            "a fraction for a size", text(layer("Pooling", "pooling_param { kernel_size: 1.5 }")),
            "a whole number for kernel_size, found '1.5'"
        ),
        (
            "a size beyond 64 bits",
            text(layer("Pooling", "pooling_param { kernel_size: 99999999999999999999 }")),
            "a whole number for kernel_size"
        ),
        (
            "a word for a number", text(layer("ELU", "elu_param { alpha: much }")),
            "a number for alpha, found 'much'"
        ),
        (
            "a number for a truth value",
            text(layer("Pooling", "pooling_param { global_pooling: 2 }")), "true or false"
        ),
        (
            "an unknown choice", text(layer("Pooling", "pooling_param { pool: MEDIAN }")),
            "MAX, AVE, STOCHASTIC for pool, found 'MEDIAN'"
        ),
        (
            "an old type in a new layer", text("layer { name: \"x\" type: POOLING }"),
            "text in quotes for type, found 'POOLING'"
        ),
        (
            "a list for one value", text(layer("Pooling", "pooling_param { kernel_size: [2] }")),
            "a whole number for kernel_size, found '['"
        ),
        ("a list without its end", text("input_dim: [1, 2"), "',' or ']'"),
        (
            "an extension", text("[caffe.extra] { a: 1 }"), "expected a field, found '['"
        ),
        (
            "weights as text", text(layer("ReLU", "blobs { data: 1 data: 2 }")),
            "weights in a binary .caffemodel"
        ),
        (
            "messages too deep",
            text("layer { python_param " + String(repeating: "{ a ", count: 100)),
            "inside each other"
        ),
        (
            "an ignored message without its end", text("layer { python_param { a: 1"),
            "expected '}', found the end of the file"
        ),
        ("a letter that is not ASCII", text("öffnung: 3"), "a byte that is not ASCII"),
        ("a character of no meaning", text("layer % { }"), "character 37"),
        (
            "more fields than a network has",
            text("input_dim: [\(String(repeating: "1,", count: 140_000))1]"), "at most 131072"
        ),
    ]

    private static let misfits: [(defect: String, text: String, message: String)] = [
        ("no layers", text(""), "layers that compute something"),
        (
            "three input_dim", "input: \"data\" input_dim: [2, 3, 8]\n" + layer("ReLU"),
            "4 input_dim for each of 1 inputs, found 3"
        ),
        (
            "sizes said twice", text("input_dim: [2, 3, 8, 8]"),
            "input_dim or input_shape, found both"
        ),
        (
            "two shapes for one input", text("input_shape { dim: 1 }"),
            "an input_shape for each of 1 inputs, found 2"
        ),
        (
            "an input twice",
            "input: \"data\" input: \"data\" input_dim: [1,1,1,1,1,1,1,1]\n" + layer("ReLU"),
            "each input once"
        ),
        (
            "an input without cells", "input: \"data\" input_dim: [2, 3, 0, 8]\n" + layer("ReLU"),
            "input 'data': expected sizes of at least 1"
        ),
        (
            "layers of two generations",
            text(layer("ReLU") + " layers { name: \"y\" type: RELU bottom: \"x\" top: \"y\" }"),
            "both 'layer' and 'layers'"
        ),
        (
            "layers of 2013's first form",
            text("layers { layer { name: \"c\" type: \"conv\" num_output: 3 } bottom: \"data\" }"),
            "V0's; upgrade"
        ),
        (
            "a layer whose weights the file lacks",
            text(layer("InnerProduct", "inner_product_param { num_output: 2 }", name: "gone")),
            "layer 'gone': expected 2 tensors, found 0"
        ),
        (
            "weights of another width",
            text(layer("InnerProduct", "inner_product_param { num_output: 3 }", name: "fc")),
            "layer 'fc', blob 0: expected weights of shape [3, 192], found [2, 192]"
        ),
        (
            "weights the other way round",
            text(
                layer(
                    "InnerProduct", "inner_product_param { num_output: 2 transpose: true }",
                    name: "fc")), "expected weights of shape [192, 2], found [2, 192]"
        ),
        (
            "outputs without a number",
            text(layer("InnerProduct", "inner_product_param { }", name: "fc")),
            "num_output of at least 1, found none"
        ),
        ("a pool without a kernel", text(layer("Pooling")), "kernel_size for height and width"),
        (
            "a pool of dense values",
            text(
                layer("Flatten", name: "f")
                    + " layer { name: \"p\" type: \"Pooling\" bottom: \"f\" top: \"p\" \(pool) }"),
            "layer 'p': expected pictures [N, C, H, W], found shape [2, 192]"
        ),
        (
            "points out of order",
            text(
                "layer { name: \"s\" type: \"Slice\" bottom: \"data\" top: \"a\" top: \"b\" top: \"c\""
                    + " slice_param { slice_point: [2, 1] } }"), "points in order"
        ),
        (
            "parts that do not divide",
            text(
                "layer { name: \"s\" type: \"Slice\" bottom: \"data\" top: \"a\" top: \"b\" }"),
            "layer 's': expected a network whose sizes fit"
        ),
        (
            "an axis beyond the last", text(layer("Softmax", "softmax_param { axis: 4 }")),
            "an axis of the 4 there are, found 4"
        ),
        (
            "sums of unlike shapes",
            text(
                layer("Pooling", pool, name: "p")
                    + " layer { name: \"e\" type: \"Eltwise\" bottom: \"data\" bottom: \"p\" top: \"e\" }"
            ),
            "bottoms of one shape"
        ),
        (
            "a coefficient too few",
            text(
                "layer { name: \"e\" type: \"Eltwise\" bottom: \"data\" bottom: \"data\" top: \"e\""
                    + " eltwise_param { coeff: 1 } }"), "a coeff for each bottom of a sum, found 1"
        ),
        (
            "a reshape to another count",
            text(layer("Reshape", "reshape_param { shape { dim: [0, 5] } }")), "sizes fit"
        ),
        (
            "a reshape with two open axes",
            text(layer("Reshape", "reshape_param { shape { dim: [-1, -1] } }")), "sizes fit"
        ),
        (
            "two bottoms for one",
            text(
                "layer { name: \"r\" type: \"ReLU\" bottom: \"data\" bottom: \"data\" top: \"r\" }"),
            "layer 'r': expected one bottom, found 2"
        ),
        ("ArgMax", text(layer("ArgMax")), "found ArgMax"),
        ("Crop", text(layer("Crop", "crop_param { axis: 2 }")), "found Crop"),
    ]

    private func expectRefused(_ text: String, _ words: String) throws {
        let message = try #require(refusal { _ = try Scratch().read(text) })
        #expect(message.contains(": caffe: "), "\(message)")
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("expected ") && message.contains(", found "), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test(arguments: damaged.map(\.defect))
    func `a prototxt is refused for`(_ defect: String) throws {
        let entry = try #require(Self.damaged.first { $0.defect == defect })
        try expectRefused(entry.text, entry.message)
    }

    @Test(arguments: misfits.map(\.defect))
    func `a network in text is refused for`(_ defect: String) throws {
        let entry = try #require(Self.misfits.first { $0.defect == defect })
        try expectRefused(entry.text, entry.message)
    }

    @Test func `a prototxt without weights beside it is refused with advice`() throws {
        let scratch = try Scratch()
        let file = try scratch.prototxt(text(layer("Pooling", Self.pool)))
        let message = try #require(refusal { _ = try CaffeFormat.read(file) })
        #expect(message.contains("net.caffemodel or net.caffemodel.h5"), "\(message)")
        #expect(message.contains("--prototxt"))
        _ = try scratch.binary(Wire.sound)
        _ = try CaffeFormat.read(file)
        withExtendedLifetime(scratch) {}
    }

    @Test func `a prototxt is no topology of another`() throws {
        let scratch = try Scratch()
        let file = try scratch.prototxt(text(layer("Pooling", Self.pool)))
        let message = try #require(refusal { _ = try CaffeFormat.read(file, topology: file) })
        #expect(message.contains("expected weights, found another prototxt"), "\(message)")
    }

    @Test func `an error in the text names the prototxt, one in the weights names their file`()
        throws
    {
        let scratch = try Scratch()
        let weights = try scratch.binary(Wire.sound)
        let broken = try scratch.folder.file(Array("name: \"x".utf8), as: "broken.prototxt")
        let first = refusal { _ = try CaffeFormat.read(weights, topology: broken) }
        #expect(first?.hasPrefix(broken.path) == true)
        let misfit = try scratch.prototxt(
            text(layer("InnerProduct", "inner_product_param { num_output: 3 }", name: "fc")))
        let second = refusal { _ = try CaffeFormat.read(weights, topology: misfit) }
        #expect(second?.hasPrefix(weights.path) == true)
    }
}
