import FormatInterface
import IR
import Tensors

/// A value while a graph is built: in the order of axes that Keras gives it and, for pictures whose
/// channels are last, as the [N, C, H, W] that operators take. Either is made from the other when a
/// layer asks for it.
struct KerasValue {
    /// Name in Keras' own order of axes.
    var literal: String?
    /// Name as [N, C, H, W], where Keras has [N, H, W, C].
    var picture: String?
    /// Axes, the batch included.
    var rank: Int
}

/// Builds the graph that a configuration describes.
///
/// The graph reads the file's tensors as they are: Transpose nodes say how. So it means by itself
/// what the file means, and translation finds nothing to guess.
struct KerasGraphBuilder {
    private(set) var nodes: [Node] = []
    private(set) var inputs: [ValueDeclaration] = []
    let weights: [String: [String: Tensor]]
    let elementType: ElementType
    let version: KerasVersion
    private var names: UniqueNames
    /// Values that exist in both orders, by either name.
    private var turned: [String: String] = [:]

    static let nodeLimit = 100_000

    init(weights: [String: [String: Tensor]], version: KerasVersion) {
        self.weights = weights
        self.version = version
        let types = Set(weights.values.flatMap(\.values).map(\.elementType))
        let floating = types.filter(\.isFloatingPoint)
        elementType = floating.count == 1 ? floating.first ?? .float32 : .float32
        names = UniqueNames(
            taken: weights.flatMap { layer, tensors in tensors.keys.map { Self.weight(layer, $0) } }
        )
    }

    static func weight(_ layer: String, _ leaf: String) -> String { "\(layer)/\(leaf):0" }

    mutating func declare(_ input: ValueDeclaration) {
        names.insert(input.name)
        inputs.append(input)
    }

    /// `wish`, or a longer name when it is taken.
    mutating func fresh(_ wish: String) -> String {
        names.fresh(wish)
    }

    /// Adds a node whose output is named after it; returns the output's name.
    @discardableResult
    mutating func add(
        _ op: any Operator, _ inputs: [String], named wish: String
    ) throws(ContentError) -> String {
        guard nodes.count < Self.nodeLimit else {
            throw ContentError("model", expected: "at most \(Self.nodeLimit) steps", found: "more")
        }
        let name = fresh(wish)
        nodes.append(Node(name: name, op: op, inputs: inputs, outputs: [name]))
        return name
    }

    /// Gives a value another name, as a graph's output must have.
    mutating func addAlias(_ name: String, of value: String) {
        nodes.append(Node(name: name, op: Identity(), inputs: [value], outputs: [name]))
    }

    mutating func constant(_ tensor: Tensor, named wish: String) throws(ContentError) -> String {
        try add(Constant(value: tensor), [], named: wish)
    }

    /// A floating-point constant in the network's element type.
    mutating func number(
        _ values: [Double], shape: [Int] = [], named wish: String
    ) throws(ContentError) -> String {
        try constant(Tensor(rounding: values, to: elementType, shape: shape), named: wish)
    }

    mutating func integers(_ values: [Int], named wish: String) throws(ContentError) -> String {
        try constant(Tensor(values.map { Int64($0) }), named: wish)
    }

    // MARK: Orders of axes

    mutating func literal(_ value: KerasValue) throws(ContentError) -> String {
        if let literal = value.literal { return literal }
        return try turn(value.picture ?? "", [0, 2, 3, 1], "nhwc")
    }

    mutating func picture(_ value: KerasValue) throws(ContentError) -> String {
        if let picture = value.picture { return picture }
        return try turn(value.literal ?? "", [0, 3, 1, 2], "nchw")
    }

    private mutating func turn(
        _ name: String, _ axes: [Int], _ suffix: String
    ) throws(ContentError) -> String {
        if let known = turned[name] { return known }
        let other = try add(Transpose(permutation: axes), [name], named: "\(name)/\(suffix)")
        turned[name] = other
        turned[other] = name
        return other
    }

    /// A picture in the order that a layer's `data_format` names.
    mutating func channelsFirst(
        _ value: KerasValue, isLast: Bool
    ) throws(ContentError) -> String {
        try isLast ? picture(value) : literal(value)
    }

    /// The result of a layer that has taken pictures as `channelsFirst` gives them.
    func pictureValue(_ name: String, isLast: Bool) -> KerasValue {
        isLast
            ? KerasValue(literal: nil, picture: name, rank: 4)
            : KerasValue(literal: name, picture: nil, rank: 4)
    }

    /// Names of values to combine element by element, in one order for all of them: as pictures
    /// where one is a picture already.
    mutating func aligned(
        _ values: [KerasValue]
    ) throws(ContentError) -> (names: [String], arePictures: Bool) {
        let arePictures =
            values.allSatisfy { $0.rank == 4 } && values.contains { $0.picture != nil }
        var names: [String] = []
        for value in values { names.append(try arePictures ? picture(value) : literal(value)) }
        return (names, arePictures)
    }

    func value(_ name: String, rank: Int, isPicture: Bool) -> KerasValue {
        isPicture
            ? KerasValue(literal: nil, picture: name, rank: rank)
            : KerasValue(literal: name, picture: nil, rank: rank)
    }
}

/// Which Keras wrote a file, as far as meaning depends on it.
struct KerasVersion: Equatable {
    /// 1, 2 or 3.
    var major: Int
    /// "theano", "tensorflow" …; nil where the file says nothing.
    var backend: String?
    /// The whole version as the file has it, for messages.
    var text: String

    /// A file without a version is one of Keras 1, which wrote none.
    init(_ text: String?, backend: String?) {
        self.text = text ?? "1"
        major = text.flatMap { $0.split(separator: ".").first.flatMap { Int($0) } } ?? 1
        self.backend = backend
    }
}
