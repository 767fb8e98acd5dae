import Foundation
import TestSupport

/// A network as its paper's tables give it, to count anew what Ferry counts.
struct PublishedNetwork: Sendable {
    enum Step: Sendable {
        /// `maps`: how many input maps each output map sees, where that is not all of them.
        case conv(Int, Window, groups: Int = 1, maps: [Int]? = nil)
        case pool(Window)
        /// Pool, coefficient and bias.
        case subsampling
        case batchNorm
        case relu
        /// Another activation, or a normalisation without parameters.
        case pointwise
        case flatten
        case dense(Int)
        /// Distances to fixed codes.
        case codes(Int)
    }

    struct Window: Sendable {
        var kernel: Int
        var stride = 1
        var pad = 0

        /// Windows that fit, counted one by one.
        func count(_ side: Int, roundingUp: Bool = false) -> Int {
            var count = 0
            while count * stride + kernel <= side + 2 * pad { count += 1 }
            // One more that is partly outside, where it begins before the input's end and is needed.
            let isCovered = (count - 1) * stride + kernel >= side + 2 * pad
            return roundingUp && !isCovered && count * stride < side + pad ? count + 1 : count
        }
    }

    /// What a step makes of one picture.
    struct Layer {
        var step: Step
        /// [C, H, W], or [n].
        var input: [Int]
        var output: [Int]
        var window: Window?
        var parameters = 0
        /// Numbers that belong to it, statistics and fixed ones included.
        var numbers = 0
        var products = 0

        /// Bytes of its result; 0 where that is the input in another shape.
        var bytes: Int {
            if case .flatten = step { 0 } else { 4 * output.reduce(1, *) }
        }
        var isConv: Bool { if case .conv = step { true } else { false } }
        var isDense: Bool { if case .dense = step { true } else { false } }
    }

    var name: String
    var side: Int
    var channels: Int
    var steps: [Step]

    var layers: [Layer] {
        var shape = [channels, side, side]
        return steps.map { step in
            let layer = Self.layer(step, shape)
            shape = layer.output
            return layer
        }
    }

    private static func layer(_ step: Step, _ input: [Int]) -> Layer {
        var layer = Layer(step: step, input: input, output: input)
        func slide(_ window: Window, _ channels: Int) {
            let side = window.count(input[1])
            layer.output = [channels, side, side]
            layer.window = window
        }
        switch step {
        case .conv(let width, let window, let groups, let maps):
            slide(window, width)
            let square = window.kernel * window.kernel
            let stored = width * (input[0] / groups) * square
            let seen = maps.map { $0.reduce(0, +) * square } ?? stored
            layer.parameters = seen + width
            layer.numbers = stored + width
            layer.products = stored * layer.output[1] * layer.output[2]
        case .pool(let window): slide(window, input[0])
        case .subsampling:
            slide(Window(kernel: 2, stride: 2), input[0])
            layer.parameters = 2 * input[0]
            layer.numbers = layer.parameters
        case .batchNorm:
            layer.parameters = 2 * input[0]
            layer.numbers = 4 * input[0]
        case .relu, .pointwise: break
        case .flatten: layer.output = [input.reduce(1, *)]
        case .dense(let width):
            layer.output = [width]
            layer.products = width * input[0]
            layer.parameters = layer.products + width
            layer.numbers = layer.parameters
        case .codes(let width):
            layer.output = [width]
            layer.numbers = width * input[0]
        }
        return layer
    }

    /// Bytes of what flows through a chain of layers for one picture: the input and each result.
    var flow: [Int] { [4 * channels * side * side] + layers.map(\.bytes).filter { $0 > 0 } }

    /// The most that two neighbours of the chain take together.
    var peak: Int { zip(flow, flow.dropFirst()).map { $0 + $1 }.max() ?? 0 }

    var parameters: Int { layers.reduce(0) { $0 + $1.parameters } }
    var numbers: Int { layers.reduce(0) { $0 + $1.numbers } }
    var products: Int { layers.reduce(0) { $0 + $1.products } }
}

extension PublishedNetwork {
    private static func conv(
        _ width: Int, _ kernel: Int, stride: Int = 1, pad: Int = 0, groups: Int = 1,
        _ activation: Step = .relu
    ) -> [Step] {
        [
            .conv(width, Window(kernel: kernel, stride: stride, pad: pad), groups: groups),
            activation,
        ]
    }

    private static func pool(_ kernel: Int) -> [Step] {
        [.pool(Window(kernel: kernel, stride: 2))]
    }

    private static func head(_ widths: Int..., activation: Step = .relu) -> [Step] {
        [.flatten] + widths.dropLast().flatMap { [.dense($0), activation] }
            + [.dense(widths.last ?? 0)]
    }

    static func lenet5(_ name: String, _ activation: Step) -> PublishedNetwork {
        PublishedNetwork(
            name: name, side: 28, channels: 1,
            steps: conv(6, 5, pad: 2, activation) + pool(2) + conv(16, 5, activation) + pool(2)
                + head(120, 84, 10, activation: activation))
    }

    /// C3's maps see 3, 4 or 6 of S2's.
    static let lenet5Original = PublishedNetwork(
        name: "lenet5_1998", side: 32, channels: 1,
        steps: conv(6, 5, .pointwise) + [.subsampling, .pointwise]
            + [
                .conv(
                    16, Window(kernel: 5),
                    maps: Array(repeating: 3, count: 6) + Array(repeating: 4, count: 9) + [6]),
                .pointwise,
            ] + [.subsampling, .pointwise] + conv(120, 5, .pointwise)
            + [.flatten, .dense(84), .pointwise, .codes(10)])

    static let alexnet = PublishedNetwork(
        name: "alexnet", side: 224, channels: 3,
        steps: conv(64, 11, stride: 4, pad: 2) + pool(3) + conv(192, 5, pad: 2) + pool(3)
            + conv(384, 3, pad: 1) + conv(256, 3, pad: 1) + conv(256, 3, pad: 1) + pool(3)
            + head(4096, 4096, 1000))

    /// - Parameter towers: 2 as published.
    static func alexnet2012(
        _ name: String, poolsFirst: Bool = false, towers: Int = 2
    ) -> PublishedNetwork {
        let reduction = poolsFirst ? pool(3) + [.pointwise] : [.pointwise] + pool(3)
        return PublishedNetwork(
            name: name, side: 227, channels: 3,
            steps: conv(96, 11, stride: 4) + reduction + conv(256, 5, pad: 2, groups: towers)
                + reduction + conv(384, 3, pad: 1) + conv(384, 3, pad: 1, groups: towers)
                + conv(256, 3, pad: 1, groups: towers) + pool(3) + head(4096, 4096, 1000))
    }

    static func vgg(
        _ name: String, _ depths: [Int], isNormalized: Bool = false, responds: Bool = false,
        narrowThirds: Bool = false
    ) -> PublishedNetwork {
        var steps: [Step] = []
        for (block, (depth, width)) in zip(depths, [64, 128, 256, 512, 512]).enumerated() {
            for place in 0..<depth {
                let kernel = narrowThirds && place == 2 ? 1 : 3
                let conv = conv(width, kernel, pad: kernel / 2)
                steps += isNormalized ? [conv[0], .batchNorm, conv[1]] : conv
            }
            steps += responds && block == 0 ? [.pointwise] : []
            steps += pool(2)
        }
        return PublishedNetwork(
            name: name, side: 224, channels: 3, steps: steps + head(4096, 4096, 1000))
    }

    /// Every network that Ferry knows.
    static let all: [String: PublishedNetwork] = {
        var all = [
            lenet5("lenet5", .relu), lenet5("lenet5_tanh", .pointwise), lenet5Original, alexnet,
            alexnet2012("alexnet_2012"), alexnet2012("caffenet", poolsFirst: true),
            vgg("vgg11_lrn", [1, 1, 2, 2, 2], responds: true),
            vgg("vgg16_c", [2, 2, 3, 3, 3], narrowThirds: true),
        ]
        for (name, depths) in [
            ("vgg11", [1, 1, 2, 2, 2]), ("vgg13", [2, 2, 2, 2, 2]), ("vgg16", [2, 2, 3, 3, 3]),
            ("vgg19", [2, 2, 4, 4, 4]),
        ] {
            all.append(vgg(name, depths))
            all.append(vgg("\(name)_bn", depths, isNormalized: true))
        }
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }()
}

extension PublishedNetwork {
    /// Writes the network as safetensors of zeros, which take no room on the disk.
    ///
    /// - Parameter modules: of the layers with weights, in their order.
    func writeZeros(_ modules: [String], as name: String, in folder: TemporaryFolder) throws {
        let weighted = layers.filter { $0.isConv || $0.isDense }
        var entries: [String] = []
        var end = 0
        func add(_ name: String, _ shape: [Int]) {
            let start = end
            end += 4 * shape.reduce(1, *)
            entries.append(
                #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#)
        }
        for (module, layer) in zip(modules, weighted) {
            let outputs = layer.output[0]
            let kernel = layer.window.map { [$0.kernel, $0.kernel] } ?? []
            let inputs = (layer.numbers / outputs - 1) / kernel.reduce(1, *)
            add("\(module).weight", [outputs, inputs] + kernel)
            add("\(module).bias", [outputs])
        }
        let header = "{\(entries.joined(separator: ","))}"
        let length = UInt64(header.utf8.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        let path = try folder.write(bytes + Array(header.utf8), as: name)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: length + 8 + UInt64(end))
        try file.close()
    }
}
