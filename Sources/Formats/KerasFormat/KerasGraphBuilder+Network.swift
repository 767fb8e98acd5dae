import FormatInterface
import IR
import Tensors

/// Following a network's calls in an order in which each reads what is there.
extension KerasGraphBuilder {
    /// Builds the whole network.
    ///
    /// - Throws: `ContentError` for layers Ferry does not know, calls in a circle or of missing layers.
    static func graph(
        of network: KerasNetwork, weights: [String: [String: Tensor]], version: KerasVersion
    ) throws(ContentError) -> Graph {
        var builder = KerasGraphBuilder(weights: weights, version: version)
        var given: [KerasValue] = []
        for reference in network.inputs {
            given.append(try builder.declareInput(reference.layer, of: network))
        }
        let values = try builder.add(network, given: given, path: "")
        var outputs: [ValueDeclaration] = []
        for (index, value) in values.enumerated() {
            let literal = try builder.literal(value)
            // The last layer's own name, unless the value is another's or an input.
            let name = builder.fresh("\(network.outputs[index].layer)/output")
            builder.addAlias(name, of: literal)
            let shape = [.symbolic("N")] + [Dimension](repeating: .unknown, count: value.rank - 1)
            outputs.append(
                ValueDeclaration(name: name, elementType: builder.elementType, shape: shape))
        }
        return Graph(
            name: network.name, inputs: builder.inputs, outputs: outputs, nodes: builder.nodes)
    }

    private mutating func declareInput(
        _ name: String, of network: KerasNetwork
    ) throws(ContentError) -> KerasValue {
        guard let layer = network.layers.first(where: { $0.name == name }) else {
            throw ContentError("model", expected: "the layer of input \(name)", found: "none")
        }
        guard let sizes = layer.inputShape?.array, (2...8).contains(sizes.count) else {
            throw layer.error(
                expected: "a shape of its input",
                found: layer.inputShape.map(\.text) ?? "none")
        }
        var shape: [Dimension] = []
        for (axis, size) in sizes.enumerated() {
            if size.isNull || axis == 0 {
                shape.append(axis == 0 ? .symbolic("N") : .unknown)
            } else {
                guard let size = size.integer, size > 0, size < 1 << 31 else {
                    throw layer.error(expected: "sizes of its input", found: size.kind)
                }
                shape.append(.fixed(size))
            }
        }
        let value = fresh(name)
        declare(ValueDeclaration(name: value, elementType: elementType, shape: shape))
        var result = KerasValue(literal: value, picture: nil, rank: shape.count)
        if shape.count == 4, network.leaves().allSatisfy({ !$0.layer.isChannelsFirst }) {
            result.picture = try picture(result)
        }
        return result
    }

    /// Adds a network's layers, those of models inside under the model's name.
    private mutating func add(
        _ network: KerasNetwork, given: [KerasValue], path: String
    ) throws(ContentError) -> [KerasValue] {
        guard given.count == network.inputs.count else {
            throw ContentError(
                "model \(network.name)", expected: "\(network.inputs.count) inputs",
                found: "\(given.count)")
        }
        let calls = KerasCalls(network)
        var values: [KerasReference: [KerasValue]] = [:]
        for (reference, value) in zip(network.inputs, given) {
            values[KerasReference(layer: reference.layer, call: 0, output: 0)] = [value]
        }
        for step in try calls.ordered() {
            let layer = network.layers[step.layer]
            try check(layer.calls[step.call], of: layer)
            var inputs: [KerasReference: KerasValue] = [:]
            for reference in layer.calls[step.call].references {
                inputs[reference] = try Self.find(reference, calls, values, for: layer)
            }
            let place = path.isEmpty ? layer.name : "\(path)/\(layer.name)"
            let result: [KerasValue]
            if let inner = layer.inner {
                let arguments = layer.calls[step.call].arguments.flatMap(\.references)
                result = try add(inner, given: arguments.compactMap { inputs[$0] }, path: place)
            } else {
                let call = KerasLayerCall(
                    layer: layer, path: place, call: layer.calls[step.call], inputs: inputs)
                result = [try add(call)]
            }
            values[KerasReference(layer: layer.name, call: step.call, output: 0)] = result
        }
        var outputs: [KerasValue] = []
        for reference in network.outputs {
            outputs.append(try Self.find(reference, calls, values, for: nil))
        }
        return outputs
    }

    /// Keras 2 keeps to what a call says of training; Keras 3 only where a model's own call is
    /// silent, which that for inference never is.
    private func check(_ call: KerasCall, of layer: KerasLayer) throws(ContentError) {
        if version.major < 3, case .plain(.bool(true)) = call.keywords["training"] {
            throw layer.error(expected: "calls for inference", found: "training=True")
        }
    }

    private static func find(
        _ reference: KerasReference, _ calls: KerasCalls,
        _ values: [KerasReference: [KerasValue]], for layer: KerasLayer?
    ) throws(ContentError) -> KerasValue {
        let call = calls.resolve(reference)
        let results = values[KerasReference(layer: reference.layer, call: call, output: 0)] ?? []
        guard reference.output < results.count else {
            throw ContentError(
                layer.map { "layer \($0.name)" } ?? "model",
                expected: "a value of layer \(reference.layer)",
                found: "none (call \(reference.call), output \(reference.output))")
        }
        return results[reference.output]
    }
}

/// The calls of a network's layers, and their order.
private struct KerasCalls {
    private let network: KerasNetwork
    private let places: [String: Int]
    /// What a layer's calls are counted from: Keras 2 counts a model's own making as its first.
    private let first: [String: Int]

    struct Step {
        var layer: Int
        var call: Int
    }

    init(_ network: KerasNetwork) {
        self.network = network
        places = Dictionary(
            network.layers.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, _ in first
            })
        var highest: [String: Int] = [:]
        for reference in network.layers.flatMap(\.calls).flatMap(\.references) + network.outputs {
            highest[reference.layer] = max(highest[reference.layer] ?? 0, reference.call)
        }
        var first: [String: Int] = [:]
        for layer in network.layers where !layer.calls.isEmpty {
            first[layer.name] = max(0, (highest[layer.name] ?? 0) + 1 - layer.calls.count)
        }
        self.first = first
    }

    /// Which of the layer's calls a reference means.
    func resolve(_ reference: KerasReference) -> Int {
        guard let place = places[reference.layer] else { return reference.call }
        if network.layers[place].calls.count <= 1 { return 0 }
        return reference.call - (first[reference.layer] ?? 0)
    }

    /// All calls, each after those it reads, and as the file lists them where that allows it.
    func ordered() throws(ContentError) -> [Step] {
        var steps: [Step] = []
        var numbers: [KerasReference: Int] = [:]
        for (index, layer) in network.layers.enumerated() {
            for call in layer.calls.indices {
                numbers[KerasReference(layer: layer.name, call: call, output: 0)] = steps.count
                steps.append(Step(layer: index, call: call))
            }
        }
        var waiting = [Int](repeating: 0, count: steps.count)
        var readers = [[Int]](repeating: [], count: steps.count)
        for (number, step) in steps.enumerated() {
            let layer = network.layers[step.layer]
            for reference in layer.calls[step.call].references {
                let name = KerasReference(
                    layer: reference.layer, call: resolve(reference), output: 0)
                guard let source = numbers[name] else {
                    if places[reference.layer] != nil { continue }
                    throw layer.error(
                        expected: "layers of the model in inbound_nodes", found: reference.layer)
                }
                readers[source].append(number)
                waiting[number] += 1
            }
        }
        var ready = IndexHeap()
        for number in steps.indices where waiting[number] == 0 { ready.insert(number) }
        var order: [Int] = []
        while let number = ready.removeSmallest() {
            order.append(number)
            for reader in readers[number] {
                waiting[reader] -= 1
                if waiting[reader] == 0 { ready.insert(reader) }
            }
        }
        if order.count < steps.count, let stuck = steps.indices.first(where: { waiting[$0] > 0 }) {
            throw network.layers[steps[stuck].layer].error(
                expected: "calls without a circle", found: "one through this layer")
        }
        return order.map { steps[$0] }
    }
}

/// A layer where it is called.
struct KerasLayerCall {
    let layer: KerasLayer
    /// Its name below the models it lies in.
    let path: String
    let call: KerasCall
    let inputs: [KerasReference: KerasValue]

    /// All values it reads.
    var values: [KerasValue] { call.arguments.flatMap(\.references).compactMap { inputs[$0] } }

    /// The one value it reads.
    func input() throws(ContentError) -> KerasValue {
        let values = values
        guard values.count == 1 else {
            throw layer.error(expected: "one input", found: "\(values.count)")
        }
        return values[0]
    }

    /// The one picture it reads.
    func pictureInput() throws(ContentError) -> KerasValue {
        let value = try input()
        guard value.rank == 4 else {
            throw layer.error(expected: "an input of 4 axes", found: "\(value.rank)")
        }
        return value
    }
}
