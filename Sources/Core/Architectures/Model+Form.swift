import IR
import Tensors

extension Model {
    /// The recipe that is usual for the architecture, the file's convention and its producer.
    var usualPreprocess: String? {
        // Caffe's pictures and digits are prepared alike whatever the network.
        if origin == .caffe { return "caffe" }
        guard let architecture else { return nil }
        switch origin {
        case .pytorch: return architecture.preprocess
        case .keras: return architecture.preprocessInKeras
        case .onnx, .caffe:
            let producer = producer.lowercased()
            // PyTorch's own networks take their channels first; Keras exports its own through it.
            let isOfKeras = producer.contains("pytorch") && inputLayout == .nhwc
            if isOfKeras || producer.contains("tf2onnx") || producer.contains("keras") {
                return architecture.preprocessInKeras
            }
            if producer.contains("caffe") {
                return architecture.preprocess == nil ? nil : "caffe"
            }
            return architecture.preprocess
        }
    }

    /// The numbers behind the graph of a known network, read back from it.
    var form: NetworkForm? {
        guard let architecture else { return nil }
        var sizes = NetworkSizes(inputChannels: 0, convs: [], dense: [])
        for layer in architecture.layers {
            guard let shape = weights["\(layer.name).weight"]?.shape else { continue }
            switch layer {
            case .conv(_, let spec):
                if sizes.convs.isEmpty { sizes.inputChannels = shape[1] * spec.groups }
                sizes.convs.append(shape[0])
            case .dense, .radialBasis: sizes.dense.append(shape[0])
            default: continue
            }
        }
        return NetworkForm(
            sizes: sizes, endsInSoftmax: graph.nodes.last?.op is Softmax,
            epsilon: layers.compactMap(\.epsilon).first ?? Convention.pytorch.epsilon,
            elementType: graph.inputs.first?.elementType ?? .float32)
    }
}
