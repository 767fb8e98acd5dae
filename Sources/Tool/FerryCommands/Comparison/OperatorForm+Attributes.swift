import IR
import Tensors

extension OperatorForm {
    /// Operators that are told by their attributes.
    static func other(_ node: Node, _ inputs: [ValueInfo?]) -> OperatorForm {
        let shape = inputs.first.flatMap { $0?.shape }
        var form = OperatorForm(node.op.type)
        switch node.op {
        case let norm as BatchNormalization:
            form.set("epsilon", Double(norm.epsilon))
            form.set("training_mode", norm.isTraining ? 1 : 0)
        case let lrn as LRN:
            form.set("size", [lrn.size])
            form.set("alpha", Double(lrn.alpha))
            form.set("beta", Double(lrn.beta))
            form.set("bias", Double(lrn.bias))
        case let softmax as Softmax: form.normalizer(softmax, shape)
        case let softmax as LogSoftmax: form.normalizer(softmax, shape)
        case let transpose as Transpose:
            let axes = transpose.permutation ?? shape.map { Array((0..<$0.count).reversed()) }
            if let axes { form.set("perm", axes) }
        case is Flatten, is Reshape, is Squeeze, is Unsqueeze: form.reshaping(node, inputs)
        case let pad as Pad: form.padding(pad, inputs)
        case let resize as Resize: form.resizing(resize, inputs)
        default: form.written(node, inputs)
        }
        return form
    }

    private mutating func normalizer(_ op: some Normalizer, _ shape: [Int]?) {
        guard let rank = shape?.count ?? (op.axis < 0 ? nil : op.axis + 1) else { return }
        let axis = op.axis < 0 ? op.axis + rank : op.axis
        guard axis >= 0, axis < rank else { return }
        let rest = shape?.dropFirst(axis + 1).allSatisfy { $0 == 1 } ?? true
        let last = op.flattensTrailingAxes && !rest ? rank - 1 : axis
        set("axis", Array(axis...max(axis, last)))
    }

    /// All that only give elements another shape are one kind, told by the shape.
    private mutating func reshaping(_ node: Node, _ inputs: [ValueInfo?]) {
        kind = "Reshape"
        let types = inputs.contains { $0 == nil } ? nil : try? node.op.outputTypes(for: inputs)
        // The batch is the caller's.
        if let shape = types?.first?.shape { set("shape", Array(shape.dropFirst())) }
        if let flatten = node.op as? Flatten { set("axis", [flatten.axis]) }
    }

    private mutating func padding(_ pad: Pad, _ inputs: [ValueInfo?]) {
        set("mode", pad.mode.rawValue)
        func constant(_ index: Int) -> Tensor? {
            index < inputs.count ? inputs[index]?.constant : nil
        }
        let pads = constant(1)?.integers()?.map { Int($0) } ?? []
        if let axes = constant(3)?.integers(), let rank = inputs.first.flatMap({ $0?.shape.count })
        {
            var all = [Int](repeating: 0, count: 2 * rank)
            for (place, axis) in axes.enumerated() where place + axes.count < pads.count {
                let axis = Int(axis) < 0 ? Int(axis) + rank : Int(axis)
                guard axis >= 0, axis < rank else { continue }
                all[axis] = pads[place]
                all[axis + rank] = pads[place + axes.count]
            }
            set("pads", all)
        } else {
            set("pads", pads)
        }
        if pad.mode == .constant { set("value", constant(2)?.doubles().first ?? 0) }
    }

    private mutating func resizing(_ resize: Resize, _ inputs: [ValueInfo?]) {
        let resampling = resize.resampling
        set("mode", resampling.mode.rawValue)
        set("coordinate_transformation_mode", resampling.coordinates.rawValue)
        if resampling.mode == .nearest { set("nearest_mode", resampling.rounding.rawValue) }
        if resampling.mode == .cubic { set("cubic_coeff_a", Double(resampling.cubicA)) }
        set("exclude_outside", resampling.excludesOutside ? 1 : 0)
        set("antialias", resampling.antialiases ? 1 : 0)
        if resampling.coordinates == .cropAndResize {
            set("extrapolation_value", Double(resize.extrapolation))
        }
        let types = inputs.contains { $0 == nil } ? nil : try? resize.outputTypes(for: inputs)
        if let shape = types?.first?.shape { set("sizes", Array(shape.dropFirst())) }
    }

    /// The attributes as a file would have them, and small constants by their values.
    private mutating func written(_ node: Node, _ inputs: [ValueInfo?]) {
        var writer = AttributeWriter()
        node.op.encode(to: &writer)
        let rank = inputs.first.flatMap { $0?.shape.count }
        for attribute in writer.attributes {
            switch attribute.value {
            case .int(let value):
                let isFromEnd = attribute.name == "axis" && value < 0
                if isFromEnd, rank == nil { continue }
                set(attribute.name, [Int(clamping: value) + (isFromEnd ? rank ?? 0 : 0)])
            case .float(let value): set(attribute.name, Double(value))
            case .ints(let values): set(attribute.name, values.map { Int(clamping: $0) })
            case .floats(let values):
                attributes.append(
                    Attribute(name: attribute.name, value: .numbers(values.map { Double($0) })))
            case .string(let text): set(attribute.name, text)
            case .strings(let texts): set(attribute.name, texts.joined(separator: ", "))
            case .tensor(let tensor): set(attribute.name, "\(tensor.shape)")
            case .other(let text): set(attribute.name, text)
            }
        }
        for (index, input) in inputs.enumerated() {
            guard let constant = input?.constant, !constant.elementType.isFloatingPoint,
                constant.elementCount <= 64
            else { continue }
            attributes.append(
                Attribute(name: "input \(index)", value: .numbers(constant.doubles())))
        }
    }
}
