/// A network in phase TEST: its inputs and layers, and which value each layer reads.
///
/// A layer may put its result in the place of what it reads, so a name means the latest value that
/// was given it. Values are numbered as they come.
struct CaffeNetwork {
    struct Input {
        var name: String
        /// [N, C, H, W], or fewer sizes; nil where the file does not say.
        var shape: [Int]?
        /// The side that pictures are cut to, where only that is known.
        var side: Int?
        var value: Int
    }

    struct Step {
        var layer: CaffeLayer
        var inputs: [Int]
        var outputs: [Int]
    }

    let name: String
    /// Those that a step reads.
    private(set) var inputs: [Input] = []
    private(set) var steps: [Step] = []
    /// Values that nothing reads, under their last names.
    private(set) var outputs: [(name: String, value: Int)] = []
    private(set) var notes: [String] = []

    private var latest: [String: Int] = [:]
    private var names: [String] = []
    private var readers: [Int: [Int]] = [:]

    /// Steps that read a value, by their place.
    func readers(of value: Int) -> [Int] { readers[value] ?? [] }

    /// - Throws: `CaffeError` for layers that read what nothing defines, and for a network of two
    ///   generations at once.
    init(_ message: CaffeMessage) throws(CaffeError) {
        name = message.text("name")
        let layers = try Self.layers(of: message)
        var given = try Self.statedInputs(message)
        let state = message.message("state")
        // What training reads stands in for a source that phase TEST does not have.
        let sources = layers.filter { CaffeLayerType.sources.contains($0.type) }
        var seen = Set(given.map(\.name))
        for isPresent in [true, false] {
            for layer in sources where layer.isPresent(in: state) == isPresent {
                for (index, top) in layer.tops.enumerated() where seen.insert(top).inserted {
                    given.append(
                        Input(
                            name: top, shape: layer.dataShape(of: index),
                            side: index == 0 ? layer.cropSide : nil, value: 0))
                }
            }
        }
        for index in given.indices {
            given[index].value = define(given[index].name)
        }
        for layer in layers where layer.isPresent(in: state) { try add(layer) }
        inputs = given.filter { !readers(of: $0.value).isEmpty }
        let produced = steps.flatMap(\.outputs).filter { readers(of: $0).isEmpty }
        outputs = produced.map { (names[$0], $0) }
        guard !outputs.isEmpty else {
            throw CaffeError(.file, expected: "layers that compute something", found: "none")
        }
    }

    static func layers(of message: CaffeMessage) throws(CaffeError) -> [CaffeLayer] {
        let (new, old) = (message.messages("layer"), message.messages("layers"))
        guard new.isEmpty || old.isEmpty else {
            throw CaffeError(
                .file, expected: "layers of one generation", found: "both 'layer' and 'layers'")
        }
        return try (new + old).map { layer throws(CaffeError) in try CaffeLayer(layer) }
    }

    /// `input` with `input_dim`, four each, or `input_shape`.
    private static func statedInputs(_ message: CaffeMessage) throws(CaffeError) -> [Input] {
        let names = message.texts("input")
        let sizes = message.integers("input_dim")
        let shapes = message.messages("input_shape")
        guard sizes.isEmpty || shapes.isEmpty else {
            throw CaffeError(.file, expected: "input_dim or input_shape", found: "both")
        }
        guard sizes.isEmpty || sizes.count == 4 * names.count else {
            throw CaffeError(
                .file, expected: "4 input_dim for each of \(names.count) inputs",
                found: "\(sizes.count)")
        }
        guard shapes.isEmpty || shapes.count == names.count else {
            throw CaffeError(
                .file, expected: "an input_shape for each of \(names.count) inputs",
                found: "\(shapes.count)")
        }
        guard Set(names).count == names.count else {
            throw CaffeError(.file, expected: "each input once", found: "one twice")
        }
        return names.enumerated().map { index, name in
            let shape =
                shapes.isEmpty
                ? sizes.isEmpty ? nil : Array(sizes[4 * index..<4 * index + 4])
                : shapes[index].integers("dim")
            return Input(name: name, shape: shape, side: nil, value: 0)
        }
    }

    private mutating func define(_ name: String) -> Int {
        latest[name] = names.count
        names.append(name)
        return names.count - 1
    }

    private mutating func add(_ layer: CaffeLayer) throws(CaffeError) {
        if CaffeLayerType.sources.contains(layer.type) { return }
        if CaffeLayerType.isMeasure(layer.type) {
            if layer.type == "SoftmaxWithLoss" {
                notes.append(
                    "\(layer.name) (SoftmaxWithLoss) is left out, its softmax with it: the "
                        + "network answers with what the softmax would read")
            }
            return
        }
        let inputs = try layer.bottoms.map { bottom throws(CaffeError) in
            guard let value = latest[bottom] else {
                throw layer.error(
                    expected: "bottoms that layers before it give",
                    found: "'\(bottom.prefix(100))'")
            }
            return value
        }
        switch layer.type {
        case "Dropout", "Split": try rename(inputs, layer)
        case "Silence":
            for input in inputs { readers[input, default: []].append(-1) }
        default:
            guard !layer.tops.isEmpty, Set(layer.tops).count == layer.tops.count else {
                throw layer.error(
                    expected: "tops of different names", found: "\(layer.tops.prefix(8))")
            }
            for input in inputs { readers[input, default: []].append(steps.count) }
            let outputs = layer.tops.map { define($0) }
            steps.append(Step(layer: layer, inputs: inputs, outputs: outputs))
        }
    }

    /// Gives a value further names: what a layer does that changes nothing.
    private mutating func rename(_ inputs: [Int], _ layer: CaffeLayer) throws(CaffeError) {
        guard inputs.count == 1, !layer.tops.isEmpty else {
            throw layer.error(
                expected: "one bottom and some top", found: "\(inputs.count) bottoms")
        }
        for top in layer.tops { latest[top] = inputs[0] }
        if layer.type == "Dropout" { names[inputs[0]] = layer.tops[0] }
    }
}
