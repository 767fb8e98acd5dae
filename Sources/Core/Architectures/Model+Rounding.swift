import IR
package import Tensors

/// Changing the element type of a network.
extension Model {
    /// The network with its weights rounded to another floating-point type, and with inputs and
    /// outputs of that type; integers stay as they are.
    ///
    /// Weights are rounded when they are read.
    ///
    /// - Throws: `.graph` for a graph of its own whose operators cannot compute in that type.
    package func rounded(to elementType: ElementType) throws(TranslationError) -> Model {
        var model = self
        let fixed = singlePrecisionInputs
        model.weights = weights.reduce(into: [:]) { result, entry in
            let isRounded = entry.value.elementType.isFloatingPoint && !fixed.contains(entry.key)
            result[entry.key] = isRounded ? entry.value.rounded(to: elementType) : entry.value
        }
        func change(_ values: inout [ValueDeclaration]) {
            for index in values.indices where values[index].elementType.isFloatingPoint {
                values[index].elementType = elementType
            }
        }
        change(&model.graph.inputs)
        change(&model.graph.outputs)
        for index in model.graph.nodes.indices {
            if let number = (model.graph.nodes[index].op as? Constant)?.value,
                number.elementType.isFloatingPoint
            {
                model.graph.nodes[index].op = Constant(value: number.rounded(to: elementType))
            }
            guard let cast = model.graph.nodes[index].op as? Cast,
                cast.elementType.isFloatingPoint
            else { continue }
            model.graph.nodes[index].op = Cast(to: elementType)
        }
        if architecture == nil { try model.checkTypes(as: self) }
        return model
    }

    /// Constants that ONNX wants as float32 whatever the pictures are: scales and regions of resizing.
    private var singlePrecisionInputs: Set<String> {
        Set(
            graph.nodes.filter { ["Resize", "Upsample"].contains($0.op.type) }
                .flatMap { $0.inputs.dropFirst() })
    }

    /// Checks that types agree in every operator, where they do before.
    private func checkTypes(as original: Model) throws(TranslationError) {
        let shapes = graph.assumedInputShapes(batch: 1)
        guard
            (try? original.graph.inferTypes(inputShapes: shapes, constants: original.weights))
                != nil
        else { return }
        let types: [String: ValueInfo]
        do {
            types = try graph.inferTypes(inputShapes: shapes, constants: weights)
        } catch {
            throw .graph(error)
        }
        for output in graph.outputs {
            guard let found = types[output.name]?.elementType, found != output.elementType
            else { continue }
            throw .elementType(
                name: output.name, expected: "\(output.elementType) after rounding", found: found)
        }
    }
}
