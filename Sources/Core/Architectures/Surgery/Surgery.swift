package import IR
package import Tensors

/// Why a network cannot be changed as asked.
package struct SurgeryError: Error, Equatable, CustomStringConvertible {
    package var expected: String
    package var found: String

    package var description: String { "expected \(expected), found \(found)" }
}

/// A network's graph and constants while they become another network's.
package struct Surgery {
    package internal(set) var graph: Graph
    package internal(set) var weights: [String: Tensor]
    private let model: Model

    package init(_ model: Model) {
        self.model = model
        (graph, weights) = (model.graph, model.weights)
    }

    /// The network there is now; it may be a known one again.
    package func result() throws(TranslationError) -> Model {
        var edited = self
        edited.dropUnread()
        let plain = Model(
            graph: edited.graph, weights: edited.weights, architecture: nil, origin: .onnx)
        var metadata = model.metadata
        metadata[MetadataKey.architecture] = nil
        let checkpoint = Checkpoint(
            convention: .onnx, tensors: Translation.graphTensors(of: plain), graph: edited.graph,
            metadata: metadata, producer: model.producer)
        var result = try Translation.model(from: checkpoint)
        result.preprocess = model.preprocess
        return result
    }

    /// Leaves out nodes whose results nobody reads, and constants.
    private mutating func dropUnread() {
        var needed = Set(graph.outputs.map(\.name))
        var kept: [Node] = []
        for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
            needed.formUnion(node.inputs)
            kept.append(node)
        }
        graph.nodes = kept.reversed()
        weights = weights.filter { needed.contains($0.key) }
    }

    /// Types of all values, for a batch of 2.
    func types() throws(SurgeryError) -> [String: ValueInfo] {
        do {
            return try graph.inferTypes(
                inputShapes: graph.assumedInputShapes(batch: 2), constants: weights)
        } catch {
            throw SurgeryError(expected: "a network whose sizes fit", found: "\(error)")
        }
    }

    // MARK: Parts

    /// Keeps the network up to a layer: its result is the only output.
    ///
    /// - Parameter name: the node's name, or what a known network's layer is called in Keras or
    ///   Caffe.
    package mutating func keep(until name: String) throws(SurgeryError) {
        let known = model.architecture?.layers.first { layer in
            layer.parameterNames.map { [$0.keras, $0.caffe].contains(name) } ?? false
        }
        guard let node = graph.nodes.last(where: { $0.name == name || $0.name == known?.name })
        else {
            let names = graph.nodes.map(\.name)
            let like = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw SurgeryError(expected: "a layer of the network", found: "'\(name)'\(like)")
        }
        try give(node.outputs[0])
    }

    /// Keeps the layers before the first flattening or global pool: what a head is put on.
    package mutating func keepFeatures() throws(SurgeryError) {
        guard
            let end = graph.nodes.first(where: { node in
                node.op is Flatten || node.op is any GlobalPool
            })
        else {
            throw SurgeryError(expected: "a flattening or a global pool", found: "none")
        }
        try give(end.inputs[0])
    }

    private mutating func give(_ value: String) throws(SurgeryError) {
        guard graph.nodes.contains(where: { $0.outputs.contains(value) }),
            let type = try types()[value]
        else { throw SurgeryError(expected: "a layer behind the input", found: "'\(value)'") }
        let batch = graph.inputs.first?.shape?.first ?? .symbolic("N")
        graph.outputs = [
            ValueDeclaration(
                name: value, elementType: type.elementType,
                shape: [batch] + type.shape.dropFirst().map { .fixed($0) })
        ]
    }

    /// Gives the last dense layer another number of outputs, with seeded weights.
    package mutating func replaceHead(classes: Int, seed: UInt64) throws(SurgeryError) {
        let layers = ParameterLayer.layers(of: graph, weights: weights)
        guard let last = layers.last, last.kind == .dense, let name = last.name(of: .weight),
            let old = weights[name], graph.outputs.count == 1
        else {
            throw SurgeryError(
                expected: "a network whose last layer with parameters is dense",
                found: layers.last.map { "'\($0.node)'" } ?? "none")
        }
        let inputs = old.shape[1]
        func drawn(_ values: SeededValues, _ name: String, _ shape: [Int]) -> Tensor {
            values.tensor(named: name, seed: seed, shape: shape).converted(to: old.elementType)
        }
        weights[name] = drawn(.weight(fanIn: inputs), name, [classes, inputs])
        if let bias = last.name(of: .bias) {
            weights[bias] = drawn(.bias(fanIn: inputs), bias, [classes])
        }
        let output = graph.outputs[0].name
        guard let shape = try types()[output]?.shape, shape.last == classes else {
            throw SurgeryError(expected: "an output of \(classes) classes", found: "'\(output)'")
        }
        graph.outputs[0].shape = graph.outputs[0].shape.map { $0.dropLast() + [.fixed(classes)] }
    }
}
