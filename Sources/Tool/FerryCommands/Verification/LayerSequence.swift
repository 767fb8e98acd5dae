import Architectures
import FormatInterface
import IR
import Tensors

/// Activations that are looked at more than once.
final class KeptActivations {
    var values: [String: Tensor]?
}

/// A network's layers in an order that does not depend on how its file lists them.
struct LayerSequence {
    struct Layer {
        let node: Node
        let kind: LayerKind
        /// The operator with its attributes, as one text.
        let description: String
        let shape: [Int]
        let elementType: ElementType
        /// Of the constants it reads.
        let weightShapes: [[Int]]
        /// Some numbers of its smallest constant, by which layers of equal shapes are told apart.
        let sample: [Double]
        /// The shape without axes of one element, in no order: what changes of layout keep.
        let extent: [Int]
        /// [C, H, W] of the picture whose numbers a row of the value is, where the graph has
        /// flattened one: a file with its channels last has them in another order.
        fileprivate(set) var flattened: [Int]?

        var value: String { node.outputs[0] }
        var type: String { node.op.type }
    }

    private(set) var layers: [Layer]
    /// The graph's inputs, which no layer computes.
    let inputs: [ValueDeclaration]
    let outputs: [String]
    /// What is the same for every input: values that shapes decide.
    let constants: [String: Tensor]
    /// The layers' values on those inputs, once they have been computed.
    let kept = KeptActivations()
    /// The layer behind each value.
    private var places: [String: Int] = [:]
    private var readers: [String: [Int]] = [:]

    /// Layers whose values depend on the graph's inputs, for inputs of the given tensors.
    init(_ file: ModelFile, inputs: [String: Tensor]) throws {
        let file = file.givenShapes(in: inputs)
        let graph = file.model.graph
        let types: [String: ValueInfo]
        do {
            types = try graph.inferTypes(
                inputShapes: inputs.mapValues(\.shape), constants: file.model.weights)
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
        layers = Self.order(graph).compactMap { index in
            let node = graph.nodes[index]
            guard let value = node.outputs.first, let type = types[value], type.constant == nil
            else { return nil }
            return Layer(node, type, file.model.weights)
        }
        self.inputs = graph.inputs
        outputs = graph.outputs.map(\.name)
        constants = types.compactMapValues(\.constant)
        for (index, layer) in layers.enumerated() {
            for output in layer.node.outputs where !output.isEmpty { places[output] = index }
            for input in Set(layer.node.inputs) { readers[input, default: []].append(index) }
            layers[index].flattened = flattened(by: layer, types)
        }
    }

    private func flattened(by layer: Layer, _ types: [String: ValueInfo]) -> [Int]? {
        guard layer.shape.count == 2, let input = layer.node.inputs.first,
            let shape = types[input]?.shape
        else { return nil }
        let source = places[input].map { layers[$0] }
        switch layer.kind {
        case .movement where shape.count == 4 && !(source?.node.op is Transpose):
            return shape.dropFirst().reduce(1, *) == layer.shape[1]
                ? Array(shape.dropFirst()) : nil
        case .movement, .pointwise, .affine, .arithmetic:
            return shape == layer.shape ? source?.flattened : nil
        case .pool, .linear, .other: return nil
        }
    }

    /// Bytes of all activations, as float32.
    var byteCount: Int {
        layers.reduce(0) { $0 + 4 * (Tensor.elementCount(of: $1.shape) ?? 0) }
    }

    /// The layer that computes a value; nil for inputs and constants.
    func index(of value: String) -> Int? { places[value] }

    func layer(of value: String) -> Layer? { index(of: value).map { layers[$0] } }

    /// The one layer that reads what `index` computes; nil when there are several or none.
    func soleReader(of index: Int) -> Int? {
        let readers = layers[index].node.outputs.flatMap { self.readers[$0] ?? [] }
        return readers.count == 1 ? readers[0] : nil
    }

    // MARK: Order

    /// Operators whose inputs may be exchanged.
    private static let commutative: Set = ["Add", "Mul", "Max", "Min", "Sum", "Mean"]

    /// Each node behind those it reads, a branch at a time, from the outputs' side. Of inputs that
    /// may be exchanged, the one with more layers behind it comes first.
    private static func order(_ graph: Graph) -> [Int] {
        var producers: [String: Int] = [:]
        var depths: [Int] = []
        for (index, node) in graph.nodes.enumerated() {
            let deepest = node.inputs.compactMap { producers[$0] }.map { depths[$0] }.max()
            depths.append((deepest ?? 0) + 1)
            for output in node.outputs where !output.isEmpty { producers[output] = index }
        }
        func sources(of index: Int) -> [Int] {
            let node = graph.nodes[index]
            let sources = node.inputs.compactMap { producers[$0] }
            guard commutative.contains(node.op.type) else { return sources }
            return sources.enumerated().sorted {
                (depths[$1.element], $0.offset) < (depths[$0.element], $1.offset)
            }.map(\.element)
        }
        var order: [Int] = []
        var isSeen = [Bool](repeating: false, count: graph.nodes.count)
        var stack: [(node: Int, rest: ArraySlice<Int>)] = []
        func visit(_ index: Int) {
            if isSeen[index] { return }
            isSeen[index] = true
            stack.append((index, sources(of: index)[...]))
        }
        for output in graph.outputs {
            if let index = producers[output.name] { visit(index) }
            while let top = stack.last {
                if let next = top.rest.first {
                    stack[stack.count - 1].rest = top.rest.dropFirst()
                    visit(next)
                } else {
                    order.append(top.node)
                    stack.removeLast()
                }
            }
        }
        return order
    }
}

extension LayerSequence.Layer {
    fileprivate init(_ node: Node, _ type: ValueInfo, _ weights: [String: Tensor]) {
        let constants = node.inputs.compactMap { weights[$0] }
        self.node = node
        shape = type.shape
        elementType = type.elementType
        extent = shape.filter { $0 != 1 }.sorted()
        flattened = nil
        kind = LayerKind(node, weights)
        description = "\(node.op)"
        weightShapes = constants.map(\.shape)
        let smallest = constants.min { $0.elementCount < $1.elementCount }
        sample =
            if let smallest, smallest.elementCount <= 1 << 16 {
                Array(smallest.doubles().prefix(64))
            } else { [] }
    }
}

extension LayerSequence {
    /// What stands for what in another network's layers.
    func aligned(with other: LayerSequence) -> Alignment {
        func cost(_ layer: Layer) -> Int { layer.kind == .movement ? 0 : -2 }
        return Alignment(
            counts: (layers.count, other.layers.count),
            costs: ({ cost(layers[$0]) }, { cost(other.layers[$0]) }),
            score: { layers[$0].likeness(to: other.layers[$1]) })
    }
}

extension LayerSequence.Layer {
    /// How likely two layers are the same one; nil when they cannot be.
    fileprivate func likeness(to other: Self) -> Int? {
        let hasShape = extent == other.extent
        guard type == other.type else {
            return hasShape && kind.mayReplace(other.kind) ? 1 : nil
        }
        var score = kind == .movement ? 1 : 6
        if hasShape { score += 3 }
        if weightShapes == other.weightShapes { score += 2 }
        if description == other.description { score += 1 }
        if node.name == other.node.name { score += 2 }
        if !sample.isEmpty, sample == other.sample { score += 2 }
        return score
    }
}
