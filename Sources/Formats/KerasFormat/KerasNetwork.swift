import FormatInterface

/// A value in a network's configuration: the output of one call of a layer.
struct KerasReference: Hashable {
    var layer: String
    /// Which call of the layer.
    var call: Int
    /// Which of its outputs.
    var output: Int
}

/// What a call gives to a layer.
indirect enum KerasArgument: Equatable {
    case value(KerasReference)
    case list([KerasArgument])
    /// A number, a text, null.
    case plain(JSONValue)

    /// All values inside, in order.
    var references: [KerasReference] {
        switch self {
        case .value(let reference): [reference]
        case .list(let list): list.flatMap(\.references)
        case .plain: []
        }
    }
}

/// One use of a layer.
struct KerasCall: Equatable {
    var arguments: [KerasArgument]
    var keywords: [String: KerasArgument] = [:]

    var references: [KerasReference] {
        arguments.flatMap(\.references)
            + keywords.sorted { $0.key < $1.key }.flatMap(\.value.references)
    }
}

/// A layer as a model's configuration has it.
struct KerasLayer {
    var className: String
    var name: String
    var config: JSONValue
    /// Empty for inputs.
    var calls: [KerasCall] = []
    /// The layers inside, for a model used as a layer.
    var inner: KerasNetwork?
}

/// A model's configuration, of whatever generation: layers, and which reads which.
struct KerasNetwork {
    var name: String
    var isSequential: Bool
    var layers: [KerasLayer]
    var inputs: [KerasReference]
    var outputs: [KerasReference]

    /// Layers of models inside each other, and how deep they may lie.
    static let layerLimit = 20_000
    static let depthLimit = 32

    static let modelClasses: Set = ["Functional", "Model", "Sequential"]
}

extension KerasNetwork {
    /// Reads `{"class_name": …, "config": …}`.
    ///
    /// - Throws: `ContentError` for what is no model, and for classes defined outside Keras.
    init(_ model: JSONValue) throws(ContentError) {
        var count = 0
        try self.init(model, depth: 0, &count)
    }

    private init(_ model: JSONValue, depth: Int, _ count: inout Int) throws(ContentError) {
        guard let className = model["class_name"]?.string else {
            throw ContentError("model", expected: "a class_name", found: "none")
        }
        guard Self.modelClasses.contains(className) else {
            throw ContentError(
                "model", expected: "a Sequential or Functional model", found: className)
        }
        guard depth < Self.depthLimit else {
            throw ContentError(
                "model", expected: "models at most \(Self.depthLimit) inside each other",
                found: "more")
        }
        guard let config = model["config"] else {
            throw ContentError("model", expected: "a config", found: "none")
        }
        guard let list = config.array ?? config["layers"]?.array else {
            throw ContentError("model", expected: "layers in its config", found: "none")
        }
        var layers: [KerasLayer] = []
        for entry in list {
            count += 1
            guard count <= Self.layerLimit else {
                throw ContentError(
                    "model", expected: "at most \(Self.layerLimit) layers", found: "more")
            }
            var layer = try KerasLayer(entry)
            if Self.modelClasses.contains(layer.className) {
                layer.inner = try KerasNetwork(entry, depth: depth + 1, &count)
            }
            layers.append(layer)
        }
        let name = config["name"]?.string ?? "model"
        let names = layers.map(\.name)
        if let twice = Dictionary(grouping: names, by: \.self).first(where: { $1.count > 1 }) {
            throw ContentError(layer: twice.key, expected: "each name once", found: "it twice")
        }
        if className == "Sequential" {
            try self.init(
                chain: layers, name: name,
                inputShape: config["build_input_shape"] ?? model["build_config"]?["input_shape"])
        } else {
            self.init(
                name: name, isSequential: false, layers: layers,
                inputs: try Self.references(config["input_layers"], "input_layers"),
                outputs: try Self.references(config["output_layers"], "output_layers"))
        }
    }

    /// Layers that read each other in order.
    private init(
        chain layers: [KerasLayer], name: String, inputShape: JSONValue?
    ) throws(ContentError) {
        var layers = layers
        if layers.first?.className != "InputLayer" {
            guard let first = layers.first else {
                throw ContentError("model \(name)", expected: "layers", found: "none")
            }
            let shape = first.inputShape ?? inputShape ?? .null
            layers.insert(
                KerasLayer(
                    className: "InputLayer", name: "\(first.name)_input",
                    config: .object(["batch_input_shape": shape])), at: 0)
        }
        for index in layers.indices.dropFirst() {
            let before = KerasReference(layer: layers[index - 1].name, call: 0, output: 0)
            layers[index].calls = [KerasCall(arguments: [.value(before)])]
        }
        self.init(
            name: name, isSequential: true, layers: layers,
            inputs: [KerasReference(layer: layers[0].name, call: 0, output: 0)],
            outputs: [
                KerasReference(layer: layers[layers.count - 1].name, call: 0, output: 0)
            ])
    }

    /// One reference, a list of them, or a dictionary whose keys name them.
    private static func references(
        _ value: JSONValue?, _ key: String
    ) throws(ContentError) -> [KerasReference] {
        var values: [JSONValue] = []
        switch value {
        case .array(let list) where list.first?.string != nil: values = [.array(list)]
        case .array(let list): values = list
        case .object(let members):
            values = members.sorted { $0.key < $1.key }.map(\.value)
        default: break
        }
        guard !values.isEmpty else {
            throw ContentError("model", expected: "\(key)", found: "none")
        }
        return try values.map { value throws(ContentError) in
            guard let reference = KerasReference(value) else {
                throw ContentError("model", expected: "layers in \(key)", found: value.kind)
            }
            return reference
        }
    }
}

extension KerasReference {
    /// `["conv1", 0, 0]`, perhaps with more behind.
    init?(_ value: JSONValue) {
        guard let parts = value.array, parts.count >= 3, let layer = parts[0].string,
            let call = parts[1].integer, let output = parts[2].integer, call >= 0, output >= 0
        else { return nil }
        self.init(layer: layer, call: call, output: output)
    }
}

extension KerasLayer {
    init(_ entry: JSONValue) throws(ContentError) {
        guard let className = entry["class_name"]?.string else {
            throw ContentError("model", expected: "a class_name of each layer", found: entry.kind)
        }
        guard let config = entry["config"] else {
            throw ContentError(
                layer: entry["name"]?.string ?? className, expected: "a config", found: "none")
        }
        guard let name = entry["name"]?.string ?? config["name"]?.string, !name.isEmpty else {
            throw ContentError(layer: className, expected: "a name", found: "none")
        }
        let package = (entry["registered_name"]?.string ?? className)
            .split(separator: ">").dropLast().joined()
        let module = entry["module"]?.string ?? "keras"
        let root = String(module.prefix { $0 != "." })
        guard ["keras", "tf_keras", "tensorflow"].contains(root), package.isEmpty else {
            throw ContentError(
                layer: name, expected: "a layer of Keras itself",
                found: "\(package.isEmpty ? module : package).\(className)")
        }
        self.init(className: className, name: name, config: config)
        for node in entry["inbound_nodes"]?.array ?? [] { calls.append(try call(node)) }
    }

    private func call(_ node: JSONValue) throws(ContentError) -> KerasCall {
        if let arguments = node["args"]?.array {
            var call = KerasCall(arguments: arguments.map(KerasArgument.init))
            if case .object(let keywords) = node["kwargs"] {
                call.keywords = keywords.mapValues(KerasArgument.init)
            }
            return call
        }
        // Keras 1 and 2: a list of values, or one value written without a list around it.
        guard let parts = node.array else {
            throw ContentError(layer: name, expected: "calls in inbound_nodes", found: node.kind)
        }
        let values = parts.first?.string == nil ? parts : [node]
        var call = KerasCall(arguments: [])
        for value in values {
            guard let reference = KerasReference(value) else {
                throw ContentError(
                    layer: name, expected: "layers in inbound_nodes", found: value.kind)
            }
            call.arguments.append(.value(reference))
            guard let parts = value.array, parts.count > 3,
                case .object(let keywords) = parts[3]
            else { continue }
            call.keywords.merge(keywords.mapValues(KerasArgument.init)) { $1 }
        }
        return call
    }

    /// The shape of its input, batch first, where the configuration states it.
    var inputShape: JSONValue? {
        for key in ["batch_shape", "batch_input_shape"] {
            if let shape = config[key] { return shape }
        }
        guard let first = inner?.inputs.first else { return nil }
        return inner?.layers.first { $0.name == first.layer }?.inputShape
    }
}

extension KerasArgument {
    init(_ value: JSONValue) {
        if value["class_name"]?.string == "__keras_tensor__" {
            if let reference = value["config"]?["keras_history"].flatMap(KerasReference.init) {
                self = .value(reference)
                return
            }
        }
        // A text beside two numbers is a value of Keras 2; anything else is what it is.
        if case .array(let parts) = value, (3...4).contains(parts.count), parts[0].string != nil,
            let reference = KerasReference(value)
        {
            self = .value(reference)
        } else if let list = value.array {
            self = .list(list.map(KerasArgument.init))
        } else {
            self = .plain(value)
        }
    }
}
