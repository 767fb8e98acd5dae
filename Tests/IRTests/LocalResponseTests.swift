import IR
import Tensors
import Testing

/// A normalisation as PyTorch's exporters spell it out, with one thing changed at a time.
private struct Spelling {
    var size = 3
    var kernel = [3, 1, 1]
    var strides = [1, 1, 1]
    var pads: [Int64] = [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    var fill: Float?
    var seen: [Int64] = [2, 1, 4, 5, -1]
    var square = ["x", "x"]
    var power = "beta"
    var flips = false
    /// Pads once more, by nothing.
    var padsTwice = false

    var constants: [String: Tensor] {
        [
            "seen": Tensor(seen), "pads": Tensor(pads), "axes": list(1), "alpha": scalar(0.5),
            "k": scalar(2), "beta": scalar(0.75), "betas": row(1, 2, 3, 4, 5, 6),
            "nothing": Tensor([Int64](repeating: 0, count: 10)), "fill": scalar(fill ?? 0),
            "other": counting(2, 4, 5, 6),
        ]
    }

    var graph: Graph {
        let window = SpatialWindow(kernel: kernel, strides: strides)
        func pair(_ a: String, _ b: String) -> [String] { flips ? [b, a] : [a, b] }
        var graph = makeGraph([
            Node(name: "square", op: Mul(), inputs: square, outputs: ["s"]),
            Node(name: "see", op: Reshape(), inputs: ["s", "seen"], outputs: ["v"]),
            Node(
                name: "pad", op: Pad(), inputs: ["v", "pads"] + (fill == nil ? [] : ["fill"]),
                outputs: ["p"]),
            Node(name: "pad2", op: Pad(), inputs: ["p", "nothing"], outputs: ["p2"]),
            Node(
                name: "mean", op: AveragePool(window: window, countsPadding: true),
                inputs: [padsTwice ? "p2" : "p"], outputs: ["m"]),
            Node(name: "drop", op: Squeeze(), inputs: ["m", "axes"], outputs: ["q"]),
            Node(name: "scale", op: Mul(), inputs: pair("q", "alpha"), outputs: ["a"]),
            Node(name: "shift", op: Add(), inputs: pair("a", "k"), outputs: ["t"]),
            Node(name: "raise", op: Pow(), inputs: ["t", power], outputs: ["d"]),
            Node(name: "divide", op: Div(), inputs: ["x", "d"], outputs: ["y"]),
        ])
        graph.inputs[0].shape = [.fixed(2), .fixed(4), .fixed(5), .fixed(6)]
        return graph
    }
}

private func changed(_ change: (inout Spelling) -> Void) -> Spelling {
    var spelling = Spelling()
    change(&spelling)
    return spelling
}

struct LocalResponseTests {
    @Test(arguments: [false, true], [false, true])
    func `a normalisation spelled out becomes LRN and computes the same`(
        _ flips: Bool, _ padsTwice: Bool
    ) throws {
        let spelling = changed {
            $0.flips = flips; $0.padsTwice = padsTwice
        }
        let (folded, kept) = spelling.graph.folded(constants: spelling.constants)
        #expect(folded.nodes.map(\.name) == ["divide"])
        let lrn = try #require(folded.nodes[0].op as? LRN)
        #expect(lrn.size == 3 && lrn.alpha == 0.5 && lrn.beta == 0.75 && lrn.bias == 2)
        let x = counting(2, 4, 5, 6)
        let before = try spelling.graph.evaluate(["x": x], constants: spelling.constants)["y"]
        let after = try folded.evaluate(["x": x], constants: kept)["y"]
        expect(try #require(after), try #require(before).doubles(), shape: [2, 4, 5, 6])
    }

    private static let others: [(String, Spelling)] = [
        (
            "even size",
            changed {
                $0.kernel = [2, 1, 1]; $0.pads[7] = 0
            }
        ),
        (
            "pads of another size",
            changed {
                $0.pads[2] = 2; $0.pads[7] = 0
            }
        ),
        ("pads of another axis", changed { $0.pads = [0, 0, 1, 0, 1, 0, 0, 1, 0, -1] }),
        ("padding with ones", changed { $0.fill = 1 }),
        ("square of another value", changed { $0.square = ["x", "other"] }),
        ("exponents that differ", changed { $0.power = "betas" }),
        ("rows and columns exchanged", changed { $0.seen = [2, 1, 4, 6, 5] }),
        ("batch seen as channels", changed { $0.seen = [1, 1, 8, 5, 6] }),
    ]

    @Test(arguments: others.indices)
    func `anything else stays as it is`(_ index: Int) {
        let (name, spelling) = Self.others[index]
        let (folded, _) = spelling.graph.folded(constants: spelling.constants)
        #expect(!folded.nodes.contains { $0.op is LRN }, "\(name)")
    }
}
