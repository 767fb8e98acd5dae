/// What a parameterised layer is called by each framework.
package struct LayerNames: Hashable, Sendable {
    /// The module's name in a PyTorch state_dict, and the node's name in the graph.
    package let pytorch: String
    package let keras: String
    package let caffe: String

    package init(_ pytorch: String, keras: String? = nil, caffe: String? = nil) {
        self.pytorch = pytorch
        self.keras = keras ?? pytorch
        self.caffe = caffe ?? self.keras
    }
}

/// A convolution's published numbers; sides and pads are the same along both axes.
package struct ConvolutionSpec: Hashable, Sendable {
    /// Outputs; a file's tensors may say otherwise.
    package var width: Int
    package var kernel: Int
    package var stride: Int
    package var pad: Int
    /// Into how many towers channels are divided, each seeing its own alone.
    package var groups = 1
    /// The input maps that each output map is connected to, where that is not all: the kernel is
    /// zero elsewhere, and widths are these.
    package var connections: [[Int]]?
}

/// The constants of local response normalisation, α as ONNX counts it: n times the papers' α.
package struct ResponseSpec: Hashable, Sendable {
    package var size: Int
    package var alpha: Float
    package var beta: Float
    package var bias: Float

    /// k 2, n 5, α 10⁻⁴, β ¾, the sum not divided by n.
    ///
    /// Source: Krizhevsky, Sutskever and Hinton, 2012, section 3.3.
    static let published = ResponseSpec(size: 5, alpha: 5e-4, beta: 0.75, bias: 2)
    /// Caffe's models: `local_size: 5`, `alpha: 0.0001`, `beta: 0.75`, k 1, the sum divided by n.
    static let caffe = ResponseSpec(size: 5, alpha: 1e-4, beta: 0.75, bias: 1)
}

/// One step of a known network. Layers without parameters carry only their own name.
package enum LayerSpec: Hashable, Sendable {
    package enum Activation: Hashable, Sendable {
        case relu, tanh
        /// 1.7159 · tanh(2x/3), so that ±1 go to ±1.
        case scaledTanh
    }

    package enum Pooling: Hashable, Sendable { case max, average }

    case conv(LayerNames, ConvolutionSpec)
    case batchNorm(LayerNames)
    case activation(String, Activation)
    case localResponse(String, ResponseSpec)
    case pool(String, Pooling, kernel: Int, stride: Int)
    /// The sum over squares that do not overlap, times one coefficient a map, plus one bias a map.
    case subsampling(LayerNames, kernel: Int)
    case flatten(String)
    /// `width` is the published number of outputs; a file's tensors may say otherwise.
    case dense(LayerNames, width: Int)
    /// yᵢ = Σⱼ (xⱼ − wᵢⱼ)²: distances to codes, which training leaves as they are.
    case radialBasis(LayerNames, width: Int)

    package static func conv(
        _ names: LayerNames, width: Int, kernel: Int, stride: Int = 1, pad: Int = 0,
        groups: Int = 1, connections: [[Int]]? = nil
    ) -> LayerSpec {
        .conv(
            names,
            ConvolutionSpec(
                width: width, kernel: kernel, stride: stride, pad: pad, groups: groups,
                connections: connections))
    }

    package var name: String {
        switch self {
        case .activation(let name, _), .localResponse(let name, _), .pool(let name, _, _, _),
            .flatten(let name):
            name
        default: parameterNames?.pytorch ?? ""
        }
    }

    /// Names of a layer that has parameters.
    package var parameterNames: LayerNames? {
        switch self {
        case .conv(let names, _), .batchNorm(let names), .subsampling(let names, _),
            .dense(let names, _), .radialBasis(let names, _):
            names
        case .activation, .localResponse, .pool, .flatten: nil
        }
    }

    /// What its parameters are, in the order of a state_dict.
    var roles: [ParameterRole] {
        switch self {
        case .conv, .subsampling, .dense: [.weight, .bias]
        case .batchNorm: [.scale, .shift, .mean, .variance]
        case .radialBasis: [.weight]
        case .activation, .localResponse, .pool, .flatten: []
        }
    }

    /// Inputs of each of its outputs, for the size of seeded weights.
    func fanIn(weight shape: [Int]) -> Int {
        if case .subsampling(_, let kernel) = self { return kernel * kernel }
        return shape.dropFirst().reduce(1, *)
    }
}
