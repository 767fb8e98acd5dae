import IR
import Tensors
import TestSupport
import Testing

@Suite struct RandomGraphs {
    /// Layers put together at random mix layouts, aliases, fusion and reuse of memory.
    @Test(arguments: UInt64(0)..<60)
    func `layers in any order compute what the plain evaluation does`(_ seed: UInt64) throws {
        var random = RandomGraph(seed: seed)
        let (builder, inputs) = random.make()
        try builder.check(inputs)
    }
}

/// A seeded network of pictures [N, C, H, W].
struct RandomGraph {
    private var generator: SeededGenerator
    private var builder = GraphBuilder()
    /// Values so far, with their shapes.
    private var values: [(name: String, shape: [Int])] = []

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func make() -> (GraphBuilder, [String: Tensor]) {
        let shape = [pick([1, 2, 3]), pick([1, 3, 6, 17]), pick([1, 5, 8]), pick([1, 6, 9])]
        values = [(builder.input("x"), shape)]
        for index in 0..<Int.random(in: 3...12, using: &generator) { append("n\(index)") }
        // The last value, and some on the way that others read as well.
        var outputs = [values[values.count - 1].name]
        for value in values where pick([0, 1, 2, 3]) == 0 { outputs.append(value.name) }
        for name in outputs { builder.outputs(name) }
        return (builder, ["x": picture(shape)])
    }

    private mutating func pick<Item>(_ items: [Item]) -> Item {
        items[Int.random(in: items.indices, using: &generator)]
    }

    private mutating func append(_ name: String) {
        // Mostly the newest value, so that chains grow.
        let (source, shape) = pick([0, 1, 2]) > 0 ? values[values.count - 1] : pick(values)
        switch pick(Array(0..<13)) {
        case 0, 1: conv(name, source, shape)
        case 2: add(name, builder.normalization(name, source, channels: shape[1]), shape)
        case 3, 4: add(name, builder.node(name, Relu(), source), shape)
        case 5: pool(name, source, shape)
        case 6:
            let partners = values.filter { $0.shape == shape }
            add(name, builder.node(name, Add(), source, pick(partners).name), shape)
        case 7: add(name, builder.node(name, Tanh(), source), shape)
        case 8:
            add(
                name,
                builder.node(name, LRN(size: 5, alpha: 0.1, beta: 0.75, bias: 1), source), shape)
        case 9: swap(name, source, shape)
        case 10: add(name, builder.node(name, Sigmoid(), source), shape)
        case 11: add(name, arithmetic(name, source, shape), shape)
        default: dense(name, source, shape)
        }
    }

    private mutating func add(_ name: String, _ value: String, _ shape: [Int]) {
        values.append((value, shape))
    }

    /// A number, or one for each channel, added, subtracted, multiplied or divided by.
    private mutating func arithmetic(
        _ name: String, _ source: String, _ shape: [Int]
    ) -> String {
        let count = pick([1, shape[1]])
        let numbers = randomFloats(count, seed: name.count + count).map { $0 < 0 ? $0 - 1 : $0 + 1 }
        let constant = builder.constant("\(name).c", Tensor(numbers, shape: [count, 1, 1]))
        let op: any Operator = pick([Add() as any Operator, Sub(), Mul(), Div()])
        return builder.node(name, op, source, constant)
    }

    private mutating func conv(_ name: String, _ source: String, _ shape: [Int]) {
        let outputs = pick([1, 4, 18])
        let stride = pick([1, 1, 2])
        let window = SpatialWindow(strides: [stride, 1], pads: [1, 1, 1, 1])
        let group = shape[1] % 3 == 0 && outputs == 18 ? pick([1, 3]) : 1
        let value = builder.conv(
            name, source, from: shape[1], to: outputs, window: window, group: group)
        add(name, value, [shape[0], outputs, (shape[2] - 1) / stride + 1, shape[3]])
    }

    private mutating func pool(_ name: String, _ source: String, _ shape: [Int]) {
        let window = SpatialWindow(kernel: [3, 3], pads: [1, 1, 1, 1])
        let op: any Operator =
            pick([true, false])
            ? MaxPool(window: window)
            : AveragePool(window: window, countsPadding: pick([true, false]))
        add(name, builder.node(name, op, source), shape)
    }

    /// Exchanges height and width by a reshape, which only a row-major value has as an alias.
    private mutating func swap(_ name: String, _ source: String, _ shape: [Int]) {
        let target = [shape[0], shape[1], shape[3], shape[2]]
        let sizes = builder.constant("\(name).shape", Tensor(target.map { Int64($0) }))
        add(name, builder.node(name, Reshape(), source, sizes), target)
    }

    /// Flatten → dense → a picture of one pixel.
    private mutating func dense(_ name: String, _ source: String, _ shape: [Int]) {
        let depth = shape[1] * shape[2] * shape[3]
        let outputs = pick([1, 5, 16])
        let flat = builder.node("\(name).flat", Flatten(axis: 1), source)
        let weight = builder.constant("\(name).w", [outputs, depth])
        let fc = builder.node("\(name).fc", Gemm(transposesB: true), flat, weight)
        let axes = builder.constant("\(name).axes", Tensor([Int64(2), 3]))
        add(name, builder.node(name, Unsqueeze(), fc, axes), [shape[0], outputs, 1, 1])
    }
}
