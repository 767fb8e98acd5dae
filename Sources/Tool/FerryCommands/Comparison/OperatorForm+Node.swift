import IR
import Tensors

extension OperatorForm {
    /// What `node` does to inputs of the given types.
    ///
    /// - Parameter inputs: as the node has them; constants with their elements, unknown types nil.
    init(_ node: Node, _ inputs: [ValueInfo?]) {
        let shape = inputs.first.flatMap { $0?.shape }
        switch node.op {
        case let conv as Conv:
            self.init("Conv")
            let kernel = inputs.count > 1 ? inputs[1].map { Array($0.shape.dropFirst(2)) } : nil
            window(conv.window, kernel: kernel ?? conv.window.kernel, input: shape)
            set("group", [conv.group])
        case let pool as MaxPool:
            self.init("Pool")
            set("pooling", "maximum")
            window(pool.window, kernel: pool.window.kernel, input: shape)
            if node.outputs.count > 1 { set("storage_order", pool.countsByColumn ? 1 : 0) }
        case let pool as AveragePool:
            self.init("Pool")
            set("pooling", "average")
            window(
                pool.window, kernel: pool.window.kernel, input: shape,
                countsPadding: pool.countsPadding)
        case is GlobalAveragePool: self = .wholePlane("average", shape)
        case is GlobalMaxPool: self = .wholePlane("maximum", shape)
        case let mean as ReduceMean where Self.isOverPlane(mean.reduction, inputs):
            self = .wholePlane("average", shape)
        default: self = Self.pointwise(node, inputs) ?? Self.other(node, inputs)
        }
        inputSizes = shape.map { Array($0.dropFirst()) }
    }

    /// A pool over all cells of a plane.
    private static func wholePlane(_ pooling: String, _ shape: [Int]?) -> OperatorForm {
        var form = OperatorForm("Pool")
        form.set("pooling", pooling)
        form.isOverWholePlane = true
        if let shape, shape.count > 2 {
            form.window(
                SpatialWindow(kernel: Array(shape[2...])), kernel: Array(shape[2...]), input: shape)
        }
        return form
    }

    /// Whether exactly the axes behind the channels are reduced.
    private static func isOverPlane(_ reduction: Reduction, _ inputs: [ValueInfo?]) -> Bool {
        guard let rank = inputs.first.flatMap({ $0?.shape.count }), rank > 2 else { return false }
        let given = inputs.count > 1 ? inputs[1]?.constant?.integers()?.map { Int($0) } : nil
        let axes = (given ?? reduction.axes ?? []).map { $0 < 0 ? $0 + rank : $0 }
        return axes.sorted() == Array(2..<rank)
    }

    private mutating func window(
        _ window: SpatialWindow, kernel: [Int], input: [Int]?, countsPadding: Bool? = nil
    ) {
        let rank = kernel.count
        let ones = [Int](repeating: 1, count: rank)
        set("kernel_shape", kernel)
        set("strides", window.strides.isEmpty ? ones : window.strides)
        set("dilations", window.dilations.isEmpty ? ones : window.dilations)
        if window.autoPad != .notSet { set("auto_pad", window.autoPad.rawValue) }
        let axes = input.flatMap { input in
            try? window.axes(input: Array(input.dropFirst(2)), kernel: kernel)
        }
        if let axes {
            set("pads", axes.map(\.padBegin) + axes.map(\.padEnd))
        } else if window.autoPad == .notSet {
            set(
                "pads",
                window.pads.isEmpty ? ones.map { _ in 0 } + ones.map { _ in 0 } : window.pads)
        }
        if self.kind == "Pool" { set("ceil_mode", [window.ceilMode ? 1 : 0]) }
        let hasPads = axes?.contains { $0.padBegin > 0 || $0.padEnd > 0 } ?? !window.pads.isEmpty
        if let countsPadding, hasPads { set("count_include_pad", [countsPadding ? 1 : 0]) }
        geometry = axes?.map { Self.settled($0, countsPadding: countsPadding ?? false) }
    }

    /// The axis as its cells have it: without steps that are never taken and pads never reached.
    private static func settled(
        _ axis: SpatialWindow.Axis, countsPadding: Bool
    ) -> SpatialWindow.Axis {
        var axis = axis
        if axis.output == 1 { axis.stride = 1 }
        if axis.kernel == 1 { axis.dilation = 1 }
        if countsPadding { return axis }
        let reach = (axis.output - 1) * axis.stride + axis.extent
        axis.padEnd = max(0, reach - axis.input - axis.padBegin)
        return axis
    }

    /// Functions of one element.
    private static func pointwise(_ node: Node, _ inputs: [ValueInfo?]) -> OperatorForm? {
        let constants = inputs.map { $0?.constant }
        func number(_ index: Int) -> Double? {
            guard index < constants.count, let tensor = constants[index],
                tensor.elementCount == 1
            else { return nil }
            return tensor.doubles()[0]
        }
        switch node.op {
        case is Relu: return clamp(0, .infinity)
        case is Clip:
            let bounds = inputs.dropFirst().indices.filter { inputs[$0] != nil }
            guard bounds.allSatisfy({ number($0) != nil }) else { return nil }
            return clamp(number(1) ?? -.infinity, number(2) ?? .infinity)
        case is Max where inputs.count == 2:
            guard let bound = number(0) ?? number(1) else { return nil }
            return clamp(bound, .infinity)
        case is Min where inputs.count == 2:
            guard let bound = number(0) ?? number(1) else { return nil }
            return clamp(-.infinity, bound)
        case let leaky as LeakyRelu: return slope(Double(leaky.alpha))
        case is PRelu:
            if let alpha = number(1) { return slope(alpha) }
            return OperatorForm("LeakyRelu")
        default: return nil
        }
    }

    private static func clamp(_ low: Double, _ high: Double) -> OperatorForm {
        var form = OperatorForm("Clamp")
        form.set("low", low)
        form.set("high", high)
        return form
    }

    private static func slope(_ alpha: Double) -> OperatorForm {
        if alpha == 0 { return clamp(0, .infinity) }
        var form = OperatorForm("LeakyRelu")
        form.set("alpha", Double(Float(alpha)))
        return form
    }
}
