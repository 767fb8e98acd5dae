import IR

/// Which pixels of a picture a value's positions see, along one axis.
///
/// Position p sees the pixels first + p·jump … last + p·jump; those before 0 or behind the picture
/// are padding. Behind a window of extent k′ = (k−1)·d + 1, stride s and pad b:
/// jump′ = jump·s, first′ = first − b·jump, last′ = last + (k′ − 1 − b)·jump.
struct ReceptiveField: Hashable {
    var jump = 1
    var first = 0
    var last = 0

    /// Pixels a position sees.
    var size: Int { last - first + 1 }
    /// The middle of what the first position sees.
    var start: Double { (Double(first) + Double(last)) / 2 }

    /// Files may have any windows; fields beyond this are of no picture.
    private static let limit = 1 << 40

    /// Nil where numbers grow out of hand.
    private init?(_ jump: Int, _ first: Int, _ last: Int) {
        guard jump.magnitude < Self.limit, first.magnitude < Self.limit,
            last.magnitude < Self.limit
        else { return nil }
        self.init(jump: jump, first: first, last: last)
    }

    init(jump: Int = 1, first: Int = 0, last: Int = 0) {
        self.jump = jump
        self.first = first
        self.last = last
    }

    func behind(_ axis: SpatialWindow.Axis) -> ReceptiveField? {
        let (step, stepOverflow) = jump.multipliedReportingOverflow(by: axis.stride)
        let (before, beforeOverflow) = jump.multipliedReportingOverflow(by: axis.padBegin)
        let (reach, reachOverflow) = jump.multipliedReportingOverflow(by: axis.extent - 1)
        guard !stepOverflow, !beforeOverflow, !reachOverflow, reach < Self.limit,
            before < Self.limit
        else { return nil }
        return ReceptiveField(step, first - before, last + reach - before)
    }

    /// What `count` positions see together.
    func whole(of count: Int) -> ReceptiveField? {
        let (reach, overflow) = jump.multipliedReportingOverflow(by: max(0, count - 1))
        guard !overflow, reach < Self.limit else { return nil }
        return ReceptiveField(jump, first, last + reach)
    }

    /// What the same positions of two values see together; nil where these stand at other pixels.
    func joined(with other: ReceptiveField) -> ReceptiveField? {
        guard jump == other.jump else { return nil }
        return ReceptiveField(jump, min(first, other.first), max(last, other.last))
    }

    /// Pixels beyond the picture that its `count` positions see, before and behind it.
    func padding(count: Int, side: Int) -> (before: Int, behind: Int) {
        let end = whole(of: count)?.last ?? last
        return (max(0, -first), max(0, end - (side - 1)))
    }
}

/// The receptive fields of a graph's values.
struct ReceptiveFields {
    /// By value: one field for the rows and one for the columns.
    private(set) var fields: [String: [ReceptiveField]] = [:]
    private let types: [String: ValueInfo]

    /// Operators that move what they read to other positions.
    private static let movers: Set = [
        "Transpose", "Slice", "Pad", "Resize", "Upsample", "Split", "Gather", "Expand",
    ]

    init(_ graph: Graph, _ types: [String: ValueInfo]) {
        self.types = types
        for input in graph.inputs where types[input.name]?.shape.count == 4 {
            fields[input.name] = [ReceptiveField(), ReceptiveField()]
        }
        for node in graph.nodes { follow(node) }
    }

    private mutating func follow(_ node: Node) {
        let known = node.inputs.filter { fields[$0] != nil }
        guard let input = known.first, let field = fields[input],
            let from = types[input]?.shape, let to = types[node.outputs[0]]?.shape
        else { return }
        let result: [ReceptiveField?]
        if let axes = node.windowAxes(types) {
            result = zip(field, axes).map { $0.behind($1) }
        } else if from.count == 4, to.count != 4 || node.op is any GlobalPool {
            result = zip(field, from.dropFirst(2)).map { $0.whole(of: $1) }
        } else if Self.movers.contains(node.op.type)
            || from.count == 4 && from.dropFirst(2) != to.dropFirst(2)
        {
            return
        } else {
            result = (0..<2).map { axis in
                known.dropFirst().reduce(Optional(field[axis])) { joined, name in
                    fields[name].flatMap { joined?.joined(with: $0[axis]) }
                }
            }
        }
        let complete = result.compactMap(\.self)
        if complete.count == 2 { fields[node.outputs[0]] = complete }
    }
}

extension Node {
    var window: SpatialWindow? {
        (op as? Conv)?.window ?? (op as? MaxPool)?.window ?? (op as? AveragePool)?.window
    }

    /// The settled window of a convolution or pool over pictures.
    func windowAxes(_ types: [String: ValueInfo]) -> [SpatialWindow.Axis]? {
        guard let window, let shape = types[inputs[0]]?.shape, shape.count == 4 else { return nil }
        var kernel: [Int]?
        if op is Conv {
            guard inputs.count > 1, let weight = types[inputs[1]]?.shape else { return nil }
            kernel = Array(weight.dropFirst(2))
        }
        return try? window.axes(input: Array(shape.dropFirst(2)), kernel: kernel)
    }
}

extension SpatialWindow.Axis {
    /// ⌊(I + b + e − k′)/s⌋ + 1.
    var floor: Int { (input + padBegin + padEnd - extent) / stride + 1 }

    /// ⌈(I + b + e − k′)/s⌉ + 1, less a last window that would begin behind the input.
    var ceil: Int {
        let rest = (input + padBegin + padEnd - extent) % stride
        let hasMore = rest != 0 && floor * stride < input + padBegin
        return hasMore ? floor + 1 : floor
    }
}
