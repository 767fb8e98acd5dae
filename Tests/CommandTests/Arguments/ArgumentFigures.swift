import Foundation

/// The numbers of `compare-architectures`, each by a closed form or a count of its own.
enum ArgumentFigures {
    /// A number as it must be, or within a millionth of what it is measured by.
    enum Figure {
        case exactly(Double)
        case near(Double)
        case range([Int?])

        static func count(_ number: Int) -> Figure { .exactly(Double(number)) }
        static func share(_ part: Int, _ whole: Int) -> Figure {
            .near(Double(part) / Double(whole))
        }
    }

    /// By row, then by column.
    typealias Table = [String: [String: Figure]]

    static let tables: [String: Table] = [
        "sharing": sharing, "activations": activations, "towers": towers, "overlap": overlap,
        "lrn": localResponse, "stacks": stacks, "narrow": narrow, "pooled_head": pooledHeads,
        "dense": dense, "memory": memory,
    ]

    static func network(_ name: String) -> PublishedNetwork {
        PublishedNetwork.all[name] ?? PublishedNetwork.alexnet
    }

    // MARK: LeNet-5

    /// Every unit's connections, one by one, beside the paper's words.
    private static var sharing: Table {
        let names = ["C1", "S2", "C3", "S4", "C5", "F6"]
        let paper = [
            (156, 122_304), (12, 5_880), (1_516, 151_600), (32, 2_000), (48_120, 48_120),
            (10_164, 10_164),
        ]
        let layers = PublishedNetwork.lenet5Original.layers.filter { $0.parameters > 0 }
        var table: Table = [:]
        for (index, name) in names.enumerated() {
            let layer = layers[index]
            let units = layer.output.reduce(1, *)
            var connections = 0
            for unit in 0..<units {
                let map = unit / (units / layer.output[0])
                switch layer.step {
                case .conv(_, let window, _, let maps):
                    connections += (maps?[map] ?? layer.input[0]) * window.kernel * window.kernel
                case .subsampling: connections += 4
                default: connections += layer.input[0]
                }
                connections += 1
            }
            table[name] = [
                "parameters": .count(layer.parameters),
                "published_parameters": .count(paper[index].0),
                "connections": .count(connections), "published_connections": .count(paper[index].1),
                "connections_per_parameter": .share(connections, layer.parameters),
                "fully_connected": .count((layer.input.reduce(1, *) + 1) * units),
            ]
        }
        return table
    }

    /// ∫ f(z) φ(z) dz by Simpson's rule on −9 … 9, of which 0 is a node.
    private static func mean(_ f: (Double) -> Double) -> Double {
        let (cells, width) = (36_000, 18.0 / 36_000)
        return (0...cells).reduce(0) { sum, index in
            let z = Double(index) * width - 9
            let weight = index == 0 || index == cells ? 1.0 : index % 2 == 1 ? 4 : 2
            return sum + weight * f(z) * exp(-z * z / 2)
        } * width / 3 / (2 * .pi).squareRoot()
    }

    private static var activations: Table {
        func row(
            _ ends: (Double, Double), mean: Figure, variance: Double, slope: Double
        ) -> [String: Figure] {
            [
                "lower": .near(ends.0), "upper": .near(ends.1), "mean": mean,
                "deviation": .near(variance.squareRoot()), "slope": .near(slope),
            ]
        }
        func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }
        /// The derivative of tanh is 1 − tanh².
        func squared(_ z: Double) -> Double { tanh(z) * tanh(z) }
        let a = 1.7159
        return [
            "sigmoid": row(
                (0, 1), mean: .near(0.5), variance: mean { sigmoid($0) * sigmoid($0) } - 0.25,
                slope: mean { sigmoid($0) * (1 - sigmoid($0)) }),
            "tanh": row(
                (-1, 1), mean: .near(0), variance: mean(squared), slope: 1 - mean(squared)),
            "1.7159 tanh(2x/3)": row(
                (-a, a), mean: .near(0), variance: a * a * mean { squared(2 * $0 / 3) },
                slope: a * 2 / 3 * (1 - mean { squared(2 * $0 / 3) })),
            // Half of the normal distribution: E = 1/√(2π), E[x²] = ½.
            "ReLU": row(
                (0, .infinity), mean: .near(1 / (2 * Double.pi).squareRoot()),
                variance: 0.5 - 1 / (2 * .pi), slope: 0.5),
        ]
    }

    // MARK: AlexNet

    private static var towers: Table {
        let networks = [2, 1].map { PublishedNetwork.alexnet2012("", towers: $0) }
        func row(_ pick: (PublishedNetwork) -> (Int, Int)) -> [String: Figure] {
            let (two, one) = (pick(networks[0]), pick(networks[1]))
            return [
                "parameters": .count(two.0), "parameters_one": .count(one.0),
                "multiply_adds": .count(two.1), "multiply_adds_one": .count(one.1),
                "work": .share(two.1, one.1),
            ]
        }
        var table: Table = ["whole network": row { ($0.parameters, $0.products) }]
        for place in 0..<5 {
            table["conv\(place + 1)"] = row { network in
                let layer = network.layers.filter(\.isConv)[place]
                return (layer.parameters, layer.products)
            }
        }
        return table
    }

    private static var overlap: Table {
        let pools = [
            ("alexnet_2012, pool1", 55), ("alexnet_2012, pool2", 27), ("alexnet_2012, pool5", 13),
            ("vgg16, features.4", 224), ("vgg16, features.9", 112), ("vgg16, features.16", 56),
            ("vgg16, features.23", 28), ("vgg16, features.30", 14),
        ]
        return Dictionary(
            uniqueKeysWithValues: pools.map { name, side in
                func count(_ kernel: Int, _ isUp: Bool) -> Figure {
                    let window = PublishedNetwork.Window(kernel: kernel, stride: 2)
                    return .count(window.count(side, roundingUp: isUp))
                }
                return (
                    name,
                    [
                        "side": .count(side), "overlapping": count(3, false),
                        "plain": count(2, false), "overlapping_up": count(3, true),
                        "plain_up": count(2, true),
                    ]
                )
            })
    }

    // MARK: VGG

    private static var localResponse: Table {
        var table: Table = [:]
        for (name, error) in [("vgg11", 29.6), ("vgg11_lrn", 29.7)] {
            let network = network(name)
            table[name] = [
                "parameters": .count(132_863_336),
                "kept_bytes": .count(network.flow.reduce(0, +)),
                "peak_bytes": .count(network.peak),
                "planned_bytes": .count(PlannedMemory(network).activations),
                "top1_error": .exactly(error),
            ]
        }
        return table
    }

    private static var stacks: Table {
        func row(_ kernel: Int, _ depth: Int, weights: Int, field: Int) -> [String: Figure] {
            [
                "weights_per_square": .count(weights), "weights": .count(weights * 65_536),
                "parameters": .count(weights * 65_536 + depth * 256),
                "multiply_adds": .count(weights * 65_536 * 3_136), "field": .count(field),
                "activations": .count(depth),
            ]
        }
        return [
            "three 3 × 3": row(3, 3, weights: 27, field: 7),
            "one 7 × 7": row(7, 1, weights: 49, field: 7),
            "two 3 × 3": row(3, 2, weights: 18, field: 5),
            "one 5 × 5": row(5, 1, weights: 25, field: 5),
        ]
    }

    /// The picture's pixels that a position of a map sees, window by window from the end.
    private static func field(_ layers: some Collection<PublishedNetwork.Layer>) -> Int {
        layers.compactMap(\.window).reversed().reduce(1) { ($0 - 1) * $1.stride + $1.kernel }
    }

    private static var narrow: Table {
        let (c, d) = (network("vgg16_c"), network("vgg16"))
        func row(
            _ own: [PublishedNetwork.Layer], _ others: [PublishedNetwork.Layer],
            _ fields: (Int, Int)
        ) -> [String: Figure] {
            let sums = [own, others].map { layers in
                layers.reduce((0, 0)) { ($0.0 + $1.parameters, $0.1 + $1.products) }
            }
            return [
                "parameters": .count(sums[0].0), "multiply_adds": .count(sums[0].1),
                "parameter_share": .share(sums[0].0, 133_638_952),
                "work_share": .share(sums[0].1, 11_770_888_192),
                "parameters_3x3": .count(sums[1].0), "multiply_adds_3x3": .count(sums[1].1),
                "field": .count(fields.0), "field_3x3": .count(fields.1),
            ]
        }
        let places = c.layers.indices.filter { c.layers[$0].window?.kernel == 1 }
        let ends = (field(c.layers), field(d.layers))
        var table = [
            "whole network": row(c.layers, d.layers, ends),
            "all 1 × 1": row(places.map { c.layers[$0] }, places.map { d.layers[$0] }, ends),
        ]
        for (name, place) in zip(["conv3_3", "conv4_3", "conv5_3"], places) {
            table[name] = row(
                [c.layers[place]], [d.layers[place]],
                (field(c.layers[...place]), field(d.layers[...place])))
        }
        return table
    }
}
