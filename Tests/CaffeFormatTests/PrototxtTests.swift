import CaffeFormat
import FormatInterface
import IR
import Tensors
import TestSupport
import Testing

/// What text may look like, and what layers mean.
@Suite struct PrototxtText {
    private func graph(_ text: String) throws -> Graph {
        try #require(try Scratch().read(text).graph)
    }

    @Test(arguments: [
        // Comments, commas, semicolons, angle brackets, a colon before a message.
        "# a pool\nlayer: < name: 'x', type: \"Pooling\"; bottom: \"data\" top: \"x\"\n"
            + "pooling_param: { pool: MAX kernel_size: 2 stride: 2 } > # end",
        // Strings in parts, and escapes.
        "layer{name:'x' type:'Poo' \"ling\" bottom:'d\\141ta' top:'\\x78'\n"
            + "pooling_param{pool:0 kernel_size:0x2 stride:02}}",
        // Lists; truth values as numbers; what has no meaning here.
        "layer { name: \"x\" type: \"Pooling\" bottom: [\"data\"] top: [ 'x' ] loss_weight: -1e-3f\n"
            + "pooling_param { kernel_size: 2 stride: 2 global_pooling: 0 engine: CUDNN }\n"
            + "python_param { module: \"a\" inner < list: [1, 2] > } propagate_down: [true] }",
        // Phases: what is for training alone is not there.
        "layer { name: \"a\" type: \"Nonsense\" include { phase: TRAIN } }\n"
            + "layer { name: \"b\" type: \"Nonsense\" exclude { phase: TEST } }\n"
            + "layer { name: \"c\" type: \"Nonsense\" include { phase: TEST stage: \"never\" } }\n"
            + "layer { name: \"d\" type: \"Nonsense\" include { min_level: 1 } }\n"
            + "layer { name: \"x\" type: \"Pooling\" bottom: \"data\" top: \"x\" include: {phase: 1}\n"
            + "pooling_param { kernel_size: 2 stride: 2 } }",
        // Losses, measures and splits leave nothing.
        "layer { name: \"s\" type: \"Split\" bottom: \"data\" top: \"d1\" top: \"d2\" }\n"
            + "layer { name: \"x\" type: \"Pooling\" bottom: \"d2\" top: \"x\"\n"
            + "pooling_param { kernel_size: 2 stride: 2 } }\n"
            + "layer { name: \"l\" type: \"EuclideanLoss\" bottom: \"x\" bottom: \"gone\" top: \"l\" }\n"
            + "layer { name: \"q\" type: \"Accuracy\" bottom: \"x\" bottom: \"gone\" top: \"q\" }\n"
            + "layer { name: \"z\" type: \"Silence\" bottom: \"d1\" }",
    ])
    func `one network has many spellings`(_ layers: String) throws {
        let graph = try graph(text(layers))
        #expect(graph.nodes.map(\.op.type) == ["MaxPool"])
        #expect(graph.nodes[0].inputs == ["data"])
        #expect(graph.outputs.map(\.name) == ["x"])
        #expect(ValueDeclaration.describe(graph.outputs[0].shape) == "[N, 3, 4, 4]")
    }

    @Test(arguments: [
        "input: \"data\" input_dim: 2 input_dim: 3 input_dim: 8 input_dim: 8",
        "input: \"data\" input_dim: [2, 3, 8, 8]",
        "input: \"data\" input_shape { dim: 2 dim: 3 dim: 8 dim: 8 }",
        "layer { name: \"in\" type: \"Input\" top: \"data\"\n"
            + "input_param { shape { dim: [2, 3, 8, 8] } } }",
        "layer { name: \"in\" type: \"MemoryData\" top: \"data\" top: \"label\"\n"
            + "memory_data_param { batch_size: 2 channels: 3 height: 8 width: 8 } }",
    ])
    func `inputs are declared in five ways`(_ input: String) throws {
        let pool = layer("Pooling", "pooling_param { kernel_size: 3 stride: 2 }")
        let graph = try graph("\(input)\n\(pool)")
        #expect(graph.inputs.map(\.name) == ["data"])
        #expect(ValueDeclaration.describe(graph.inputs[0].shape) == "[N, 3, 8, 8]")
        // 8 cells by 3 with step 2: Caffe's pools round up.
        #expect(ValueDeclaration.describe(graph.outputs[0].shape) == "[N, 3, 4, 4]")
    }

    @Test func `a result put in place of what was read is read from then on`() throws {
        let graph = try graph(
            text(
                """
                layer { name: "a" type: "ReLU" bottom: "data" top: "data" }
                layer { name: "b" type: "TanH" bottom: "data" top: "b" }
                layer { name: "c" type: "Sigmoid" bottom: "data" top: "data" }
                layer { name: "d" type: "Eltwise" bottom: "data" bottom: "b" top: "d" }
                """))
        #expect(graph.nodes.map(\.op.type) == ["Relu", "Tanh", "Sigmoid", "Add"])
        #expect(graph.nodes[1].inputs == graph.nodes[0].outputs)
        #expect(graph.nodes[2].inputs == graph.nodes[0].outputs)
        #expect(graph.nodes[3].inputs == graph.nodes[2].outputs + graph.nodes[1].outputs)
    }

    @Test func `an output is called by its blob, whatever layer came last`() throws {
        let graph = try graph(
            text(
                """
                layer { name: "pool" type: "Pooling" bottom: "data" top: "score"
                        pooling_param { kernel_size: 2 } }
                layer { name: "relu" type: "ReLU" bottom: "score" top: "score" }
                layer { name: "drop" type: "Dropout" bottom: "score" top: "score" }
                """))
        #expect(graph.outputs.map(\.name) == ["score"])
        #expect(graph.nodes.map(\.op.type) == ["MaxPool", "Relu"])
        #expect(graph.nodes[1].outputs == ["score"])
    }

    /// By Caffe's rule: up, and no window that would begin behind the picture and its pads.
    @Test(arguments: [
        (size: 8, kernel: 3, stride: 2, pad: 0, expected: 4), (8, 2, 2, 0, 4), (7, 2, 2, 0, 4),
        (7, 2, 2, 1, 4), (5, 3, 2, 1, 3), (6, 3, 2, 1, 4), (13, 3, 2, 0, 6), (27, 3, 2, 0, 13),
        (112, 3, 2, 0, 56), (3, 2, 2, 1, 2),
    ])
    func `pools round up`(size: Int, kernel: Int, stride: Int, pad: Int, expected: Int) throws {
        for method in ["MAX", "AVE"] {
            let graph = try graph(
                """
                input: "data" input_shape { dim: 1 dim: 1 dim: \(size) dim: \(size) }
                layer { name: "x" type: "Pooling" bottom: "data" top: "x" pooling_param {
                pool: \(method) kernel_size: \(kernel) stride: \(stride) pad: \(pad) } }
                """)
            #expect(
                ValueDeclaration.describe(graph.outputs[0].shape)
                    == "[N, 1, \(expected), \(expected)]")
        }
    }

    @Test func `within a channel the neighbours' squares are averaged`() throws {
        let graph = try graph(
            """
            input: "data" input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }
            layer { name: "x" type: "LRN" bottom: "data" top: "x" lrn_param {
            local_size: 3 alpha: 9 beta: 0.5 k: 7 norm_region: WITHIN_CHANNEL } }
            """)
        let input = Tensor([Float(1), 2, 3, 4], shape: [1, 1, 2, 2])
        let values = try graph.evaluate(["data": input], constants: [:])
        // All four lie in every window of nine cells: 1 + 9·30/9 = 31.
        let expected = [1, 2, 3, 4].map { $0 / 31.0.squareRoot() }
        for (mine, theirs) in zip(try #require(values["x"]).doubles(), expected) {
            #expect(abs(mine - theirs) < 1e-6)
        }
    }

    @Test func `statistics over a factor of 0 are 0`() throws {
        let net =
            Wire.field(1, "bn") + Wire.input
            + Wire.layer(
                "x", "BatchNorm",
                blobs: [
                    Wire.blob([3], [1, 2, 3]), Wire.blob([3], [4, 5, 6]), Wire.blob([1], [0]),
                ])
        let checkpoint = try CaffeFormat.read(Scratch().binary(net))
        let graph = try #require(checkpoint.graph)
        let input = Tensor([Float](repeating: 1, count: 384), shape: [2, 3, 8, 8])
        let constants = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
        let values = try graph.evaluate(["data": input], constants: constants)
        let expected = 1 / Double(Float(1e-5)).squareRoot()
        let found = try #require(values["x"]).doubles()
        #expect(found.allSatisfy { abs($0 / expected - 1) < 1e-6 })
    }

    @Test func `layers that share weights read one tensor`() throws {
        let shared = "param { name: \"w\" } param { name: \"b\" }"
        let settings = "inner_product_param { num_output: 2 }"
        let checkpoint = try Scratch().read(
            text(
                layer("InnerProduct", "\(settings) \(shared)", name: "fc") + "\n"
                    + layer("InnerProduct", "\(settings) \(shared)", name: "again")))
        #expect(checkpoint.tensors.map(\.name) == ["fc/0", "fc/1"])
        let graph = try #require(checkpoint.graph)
        let dense = graph.nodes.filter { $0.op is Gemm }
        #expect(dense.count == 2)
        #expect(dense.allSatisfy { $0.inputs.dropFirst() == ["fc/0", "fc/1"] })
    }
}
