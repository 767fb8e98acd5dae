import FormatInterface
import HDF5Format
import IR
import Tensors

/// A model as layers, and its configuration as text.
struct WrittenModel {
    /// As Keras lists them.
    let layers: [WrittenLayer]
    private let name: String
    private let inputs: [String]
    private let outputs: [String]
    /// What layers keep their weights as, and compute in.
    private let elementType: ElementType

    /// - Throws: `OutputError` for a checkpoint without a graph, and what Keras has no layer for.
    init(
        _ checkpoint: Checkpoint, format: String, destination: String, allowsOperations: Bool
    ) throws(OutputError) {
        guard let graph = checkpoint.graph else {
            throw OutputError(
                file: destination,
                problem: "expected a network whose layers are known, found weights alone")
        }
        var writer = try KerasLayerWriter(
            checkpoint, graph, format: format, destination: destination,
            allowsOperations: allowsOperations)
        var outputs: [String] = []
        for output in graph.outputs {
            outputs.append(try writer.output(output.name))
        }
        layers = writer.layers.inKerasOrder(from: outputs)
        name = graph.name.isEmpty ? "model" : graph.name.replacing("/", with: "_")
        inputs = graph.inputs.map { writer.values[$0.name]?.layer ?? $0.name }
        elementType = graph.inputs.first?.elementType ?? .float32
        self.outputs = outputs
    }

    private static func references(_ layers: [String]) -> JSONValue {
        .array(layers.map { .array([.string($0), .number(0), .number(0)]) })
    }

    /// Keras' JSON.
    ///
    /// - Parameter isArchive: whether layers name their modules, as `.keras` has them.
    func config(isArchive: Bool) -> String {
        let config = JSONValue.object([
            "name": .string(name), "trainable": .bool(true),
            "layers": .array(layers.map { $0.json(isArchive: isArchive, elementType) }),
            "input_layers": Self.references(inputs), "output_layers": Self.references(outputs),
        ])
        var model: [String: JSONValue] = ["class_name": .string("Model"), "config": config]
        if isArchive {
            model["module"] = .string("keras")
            model["registered_name"] = .null
        }
        return JSONValue.object(model).text
    }
}

extension KerasLayerWriter {
    /// The layer that gives an output of the graph, in Keras' order of axes.
    mutating func output(_ name: String) throws(OutputError) -> String {
        guard let value = values[name] else {
            throw OutputError(
                file: destination, problem: "expected a layer that gives '\(name)', found none")
        }
        if !value.isPicture { return value.layer }
        let layer = fresh("\(value.layer)_chw")
        append(
            WrittenLayer(
                className: "Permute", name: layer,
                config: ["dims": .array([3, 1, 2].map { .number($0) })], reads: [value.layer]))
        return layer
    }
}

extension WrittenLayer {
    fileprivate func json(isArchive: Bool, _ elementType: ElementType) -> JSONValue {
        var config = config
        let type = JSONValue.string(elementType.rawValue)
        config["name"] = .string(name)
        if className != "InputLayer", operand == nil {
            config["trainable"] = .bool(true)
            config["dtype"] = type
        }
        var layer: [String: JSONValue] = [
            "class_name": .string(className), "name": .string(name), "config": .object(config),
            "inbound_nodes": inboundNodes(type),
        ]
        if isArchive {
            let isOperation = operand != nil
            layer["module"] = .string(isOperation ? "keras.src.ops.numpy" : "keras.layers")
            layer["registered_name"] = isOperation ? .string(className) : .null
        }
        return .object(layer)
    }

    private func inboundNodes(_ type: JSONValue) -> JSONValue {
        if reads.isEmpty { return .array([]) }
        guard let operand else {
            return .array([
                .array(
                    reads.map {
                        .array([.string($0), .number(0), .number(0), .object([:])])
                    })
            ])
        }
        let value = JSONValue.object([
            "class_name": .string("__keras_tensor__"),
            "config": .object([
                "shape": .array([.null] + shape.map { .number(Double($0)) }),
                "dtype": type,
                "keras_history": .array([.string(reads[0]), .number(0), .number(0)]),
            ]),
        ])
        return .array([
            .object(["args": .array([value, .number(operand)]), "kwargs": .object([:])])
        ])
    }
}
