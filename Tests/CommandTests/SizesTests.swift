import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// The closed forms of `inspect --sizes`, computed again in another way: windows are counted one by
/// one, what a position sees is followed back window by window, and memory is that of a chain.
private struct Document: Decodable {
    struct Layer: Decodable {
        let name: String
        let output_shape: [Int]
        let matrix: [Int]?
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

/// `inspect --sizes` of a network with its published widths.
private func sizes(of name: String, batch: Int) throws -> Document {
    let folder = try TemporaryFolder()
    let published = try #require(PublishedNetwork.all[name])
    var file = "zeros.safetensors"
    var modules: [String] = []
    switch name {
    case "lenet5": file = model("lenet5.onnx")
    case "lenet5_1998": file = Fixtures.url("lenet5_1998/lenet5_1998.pth").path
    case "alexnet":
        modules = [0, 3, 6, 8, 10].map { "features.\($0)" } + [1, 4, 6].map { "classifier.\($0)" }
    case "alexnet_2012":
        modules = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    default:
        modules = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].map { "features.\($0)" }
        modules += [0, 3, 6].map { "classifier.\($0)" }
    }
    if !modules.isEmpty { try published.writeZeros(modules, as: file, in: folder) }
    let outcome = try Ferry(in: folder)(
        "inspect", file, "--arch", name, "--sizes", "--batch", "\(batch)", "--json")
    expectSuccess(outcome)
    return try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
}

@Test(arguments: ["lenet5", "lenet5_1998", "alexnet", "alexnet_2012", "vgg16"], [1, 5])
func `sizes are the closed forms' for every layer`(name: String, batch: Int) throws {
    let published = try #require(PublishedNetwork.all[name])
    let document = try sizes(of: name, batch: batch)
    #expect(document.layers.count == published.steps.count)
    var windows: [PublishedNetwork.Window] = []
    var last = published.flow[0]
    for (layer, wanted) in zip(document.layers, published.layers) {
        if let window = wanted.window {
            windows.append(window)
            let counts = [false, true].map { window.count(wanted.input[1], roundingUp: $0) }
            #expect(layer.floor == [counts[0], counts[0]])
            #expect(layer.ceil == [counts[1], counts[1]])
        } else {
            #expect(layer.floor == nil && layer.ceil == nil)
        }
        #expect(layer.output_shape == [batch] + wanted.output, "\(layer.name)")
        #expect(layer.matrix == (wanted.isDense ? [wanted.input[0], wanted.output[0]] : nil))
        #expect(layer.parameters == wanted.parameters, "\(layer.name)")
        #expect(layer.multiply_adds == batch * wanted.products, "\(layer.name)")
        try expectFields(layer, wanted.output, windows, published.side)
        #expect(layer.activation_bytes == batch * wanted.bytes)
        // In a chain, what a layer reads and what it gives are alive.
        #expect(layer.live_bytes == batch * (last + wanted.bytes), "\(layer.name)")
        if wanted.bytes > 0 { last = wanted.bytes }
    }
    #expect(document.batch == batch)
    #expect(document.parameters == published.parameters)
    #expect(document.parameter_bytes == 4 * published.numbers)
    #expect(document.multiply_adds == batch * published.products)
    #expect(document.activation_bytes == batch * published.flow.reduce(0, +))
    #expect(document.peak_activation_bytes == batch * published.peak)
    #expect(document.peak_bytes == batch * published.peak + 4 * published.numbers)
}

/// Follows the first and the last position back to the picture.
private func expectFields(
    _ layer: Document.Layer, _ shape: [Int], _ windows: [PublishedNetwork.Window], _ side: Int
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

@Test func `VGG's maps are those of its table`() throws {
    let layers = try sizes(of: "vgg16", batch: 1).layers
    let pools = layers.indices.filter { layers[$0].floor != nil && layers[$0].parameters == 0 }
    let before = pools.map { Array(layers[$0 - 1].output_shape.dropFirst()) }
    let behind = pools.map { Array(layers[$0].output_shape.dropFirst()) }
    #expect(
        before == [
            [64, 224, 224], [128, 112, 112], [256, 56, 56], [512, 28, 28], [512, 14, 14],
        ])
    #expect(
        behind == [[64, 112, 112], [128, 56, 56], [256, 28, 28], [512, 14, 14], [512, 7, 7]])
    #expect(layers.compactMap(\.matrix) == [[25_088, 4096], [4096, 4096], [4096, 1000]])
    #expect(layers.map(\.parameters).contains(102_764_544))
}

/// Pools of any side, kernel, stride and pad, which round up, as a file.
private func writePools(
    _ windows: [PublishedNetwork.Window], side: Int, as name: String, in folder: TemporaryFolder
) throws {
    var graph = Graph(
        name: "pools",
        inputs: [
            ValueDeclaration(
                name: "x", elementType: .float32,
                shape: [.symbolic("N"), .fixed(2), .fixed(side), .fixed(side)])
        ],
        outputs: [
            ValueDeclaration(
                name: "y\(windows.count)", elementType: .float32,
                shape: [.symbolic("N"), .fixed(2), .symbolic("h"), .symbolic("w")])
        ], nodes: [])
    for (index, window) in windows.enumerated() {
        let form = SpatialWindow(
            kernel: [window.kernel, window.kernel], strides: [window.stride, window.stride],
            pads: Array(repeating: window.pad, count: 4), ceilMode: true)
        let op: any Operator = index % 2 == 0 ? MaxPool(window: form) : AveragePool(window: form)
        graph.nodes.append(
            Node(
                name: "pool\(index + 1)", op: op, inputs: [index == 0 ? "x" : "y\(index)"],
                outputs: ["y\(index + 1)"]))
    }
    let checkpoint = Checkpoint(convention: .onnx, tensors: [], graph: graph)
    let format = try FormatRegistry.format(forWriting: name, named: nil)
    try OutputFile.write(to: folder.path(name), replacing: true) { file in
        try format.write(checkpoint, to: file)
    }
}

@Test func `pools that round up are as large as their windows, counted one by one`() throws {
    typealias Window = PublishedNetwork.Window
    // The third's last window would begin behind the input, and is none.
    let windows = [
        Window(kernel: 3, stride: 2), Window(kernel: 3, stride: 2, pad: 1),
        Window(kernel: 2, stride: 3, pad: 1), Window(kernel: 2, stride: 2),
    ]
    let folder = try TemporaryFolder()
    try writePools(windows, side: 54, as: "pools.onnx", in: folder)
    let outcome = try Ferry(in: folder)("inspect", "pools.onnx", "--sizes", "--json")
    expectSuccess(outcome)
    let document = try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
    var side = 54
    var shapes: [Int] = []
    for (index, (layer, window)) in zip(document.layers, windows).enumerated() {
        let (down, up) = (window.count(side), window.count(side, roundingUp: true))
        #expect(layer.floor == [down, down], "\(index)")
        #expect(layer.ceil == [up, up], "\(index)")
        #expect(layer.output_shape == [1, 2, up, up], "\(index)")
        let seen = Array(windows.prefix(index + 1))
        try expectFields(layer, [2, up, up], seen, 54)
        side = up
        shapes.append(up)
    }
    #expect(shapes == [27, 14, 5, 3])
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

@Test func `sizes as text, and wrong usage`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(
        try ferry("inspect", model("vgg16_narrow.onnx"), "--sizes", "--batch", "8"),
        "vgg16_narrow.onnx: vgg16, batch 8\n", "3×3+1", "2×2/2", "784×16", "at the peak (")
    expectRefusal(
        try ferry("inspect", model("lenet5.onnx"), "--sizes", "--plan"), 2,
        "--plan and --sizes exclude each other")
}
