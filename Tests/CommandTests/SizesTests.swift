import Foundation
import TestSupport
import Testing

/// The closed forms of `inspect --sizes`, computed again in another way: what a position sees is
/// followed back window by window, and memory is counted for a chain of layers.
private struct Document: Decodable {
    struct Layer: Decodable {
        let name: String
        let operation: String
        let output_shape: [Int]
        let floor: [Int]?
        let ceil: [Int]?
        let receptive_field: [Int]?
        let jump: [Int]?
        let start: [Double]?
        let padding: [Int]?
        let parameters: Int
        let multiply_adds: Int
        let activation_bytes: Int
        let live_bytes: Int
    }

    let batch: Int
    let layers: [Layer]
    let parameters: Int
    let parameter_bytes: Int
    let multiply_adds: Int
    let activation_bytes: Int
    let peak_activation_bytes: Int
    let peak_bytes: Int
}

/// A window: kernel, stride, pad.
private struct Window {
    var kernel: Int
    var stride = 1
    var pad = 0
    /// A convolution's outputs; nil for a pool.
    var width: Int?

    /// Windows that fit, counted one by one.
    func count(_ side: Int, roundingUp: Bool) -> Int {
        var count = 0
        while count * stride + kernel <= side + 2 * pad { count += 1 }
        // One more that is partly outside, where it begins before the input's end and is needed.
        let isCovered = (count - 1) * stride + kernel >= side + 2 * pad
        return roundingUp && !isCovered && count * stride < side + pad ? count + 1 : count
    }
}

private enum Step {
    case window(Window)
    case pointwise
    case flatten
    case dense(Int)
}

private struct Network: Sendable {
    var file: String
    var side: Int
    var channels: Int
    var steps: [Step]
}

private func conv(_ width: Int, _ kernel: Int, stride: Int = 1, pad: Int = 0) -> [Step] {
    [.window(Window(kernel: kernel, stride: stride, pad: pad, width: width)), .pointwise]
}

private func pool(_ kernel: Int, _ stride: Int) -> [Step] {
    [.window(Window(kernel: kernel, stride: stride))]
}

private func head(_ widths: [Int]) -> [Step] {
    [.flatten] + widths.dropLast().flatMap { [.dense($0), .pointwise] } + [.dense(widths.last ?? 0)]
}

private let networks = [
    Network(
        file: "lenet5.onnx", side: 28, channels: 1,
        steps: conv(6, 5, pad: 2) + pool(2, 2) + conv(16, 5) + pool(2, 2) + head([120, 84, 10])),
    Network(
        file: "alexnet_narrow.onnx", side: 224, channels: 3,
        steps: conv(4, 11, stride: 4, pad: 2) + pool(3, 2) + conv(6, 5, pad: 2) + pool(3, 2)
            + conv(8, 3, pad: 1) + conv(6, 3, pad: 1) + conv(6, 3, pad: 1) + pool(3, 2)
            + head([32, 32, 10])),
    Network(
        file: "vgg16_narrow.onnx", side: 224, channels: 3,
        steps: [(2, 4), (2, 6), (3, 8), (3, 10), (3, 12)].flatMap { count, width in
            (0..<count).flatMap { _ in conv(width, 3, pad: 1) } + pool(2, 2)
        } + head([32, 32, 10])),
]

@Test(arguments: [0, 1, 2], [1, 3])
func `sizes are the closed forms' for every layer`(place: Int, batch: Int) throws {
    let network = networks[place]
    let outcome = try Ferry(in: try TemporaryFolder())(
        "inspect", model(network.file), "--sizes", "--batch", "\(batch)", "--json")
    expectSuccess(outcome)
    let document = try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
    #expect(document.layers.count == network.steps.count)
    var windows: [Window] = []
    /// [C, H, W], or the length of a vector.
    var shape = [network.channels, network.side, network.side]
    var bytes = [batch * shape.reduce(1, *) * 4]
    var parameters = 0
    var products = 0
    for (layer, step) in zip(document.layers, network.steps) {
        let before = shape
        switch step {
        case .window(let window):
            windows.append(window)
            let sides = (before[1], layer.output_shape[2])
            let down = window.count(sides.0, roundingUp: false)
            let up = window.count(sides.0, roundingUp: true)
            #expect(layer.floor == [down, down])
            #expect(layer.ceil == [up, up])
            #expect(sides.1 == down, "\(layer.name)")
            // Widths are the file's own: the narrow networks' differ from what is published.
            shape = [layer.output_shape[1], sides.1, sides.1]
            if window.width != nil {
                let weights = shape[0] * before[0] * window.kernel * window.kernel
                #expect(layer.parameters == weights + shape[0])
                #expect(layer.multiply_adds == batch * weights * sides.1 * sides.1)
            } else {
                #expect(shape[0] == before[0])
            }
        case .pointwise: break
        case .flatten: shape = [shape.reduce(1, *)]
        case .dense:
            shape = [layer.output_shape[1]]
            #expect(layer.parameters == shape[0] * before[0] + shape[0])
            #expect(layer.multiply_adds == batch * shape[0] * before[0])
        }
        #expect(layer.output_shape == [batch] + shape)
        try expectFields(layer, shape, windows, network.side)
        let isFlat = if case .flatten = step { true } else { false }
        #expect(layer.activation_bytes == (isFlat ? 0 : batch * shape.reduce(1, *) * 4))
        // In a chain, what a layer reads and what it gives are alive.
        #expect(layer.live_bytes == (bytes.last ?? 0) + layer.activation_bytes, "\(layer.name)")
        if !isFlat { bytes.append(layer.activation_bytes) }
        parameters += layer.parameters
        products += layer.multiply_adds
    }
    #expect(document.parameters == parameters)
    #expect(document.parameter_bytes == 4 * parameters)
    #expect(document.multiply_adds == products)
    #expect(document.activation_bytes == bytes.reduce(0, +))
    let peak = zip(bytes, bytes.dropFirst()).map { $0 + $1 }.max() ?? 0
    #expect(document.peak_activation_bytes == peak)
    #expect(document.peak_bytes == peak + 4 * parameters)
}

/// Follows the first and the last position back to the picture.
private func expectFields(
    _ layer: Document.Layer, _ shape: [Int], _ windows: [Window], _ side: Int
) throws {
    func seen(_ position: Int) -> (first: Int, last: Int) {
        windows.reversed().reduce((position, position)) { range, window in
            (
                range.0 * window.stride - window.pad,
                range.1 * window.stride - window.pad + window.kernel - 1
            )
        }
    }
    let one = seen(0)
    let field = try #require(layer.receptive_field)
    guard shape.count == 3 else {
        // A dense layer sees what all positions of the last map see.
        #expect(layer.jump == nil && layer.start == nil && layer.padding == nil)
        #expect(field[0] == field[1] && field[0] > side / 2)
        return
    }
    let last = seen(shape[1] - 1)
    #expect(field == [one.last - one.first + 1, one.last - one.first + 1], "\(layer.name)")
    let jump = seen(1).first - one.first
    #expect(layer.jump == [jump, jump])
    let middle = Double(one.first + one.last) / 2
    #expect(layer.start == [middle, middle])
    let (before, behind) = (max(0, -one.first), max(0, last.last - side + 1))
    #expect(layer.padding == [before, before, behind, behind])
}

@Test func `LeNet-5's published counts are told by both tables`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("init", "lenet5_1998", "-o", "a.onnx"), "a.onnx: lenet5_1998, seed 1")
    for words in [["inspect", "a.onnx"], ["inspect", "a.onnx", "--sizes"]] {
        let outcome = try ferry.run(words)
        expectSuccess(outcome)
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
        let counts = [
            ("c1", "156"), ("s2", "12"), ("c3", "1,516"), ("s4", "32"), ("c5", "48,120"),
            ("f6", "10,164"), ("total", "60,000"),
        ]
        for (name, count) in counts {
            let row = try #require(rows.first { $0.first == Substring(name) })
            #expect(row.contains(Substring(count)), "\(name): \(row)")
        }
    }
    expectSuccess(
        try ferry("inspect", "a.onnx"), "AveragePool + Mul + Mul + Add", "recipe  lenet5-1998",
        "note    'c3.weight' is zero in 900 of its 2,400 places",
        "note    'rbf.weight' holds 840 fixed numbers")
}

@Test func `sizes of a network that ends in a softmax, and wrong usage`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(
        try ferry("inspect", model("vgg16_narrow.onnx"), "--sizes", "--batch", "8"),
        "vgg16_narrow.onnx: vgg16, batch 8\n", "3×3+1", "2×2/2", "at the peak (")
    expectRefusal(
        try ferry("inspect", model("lenet5.onnx"), "--sizes", "--plan"), 2,
        "--plan and --sizes exclude each other")
}
