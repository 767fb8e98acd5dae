package import Tensors

/// Whose names and axis orders a checkpoint's tensors follow.
package enum Convention: String, CaseIterable, Sendable {
    /// Dotted module names; OIHW kernels; dense weights [out, in]; flatten in CHW order.
    case pytorch
    /// Layer and weight names; HWIO kernels; dense weights [in, out]; flatten in HWC order.
    case keras
    /// A graph says what each tensor means; canonical layouts.
    case onnx
    /// Layers' numbered tensors, "conv1/0"; canonical layouts.
    case caffe
}

/// A tensor under the name its file gives it.
package struct NamedTensor: Sendable {
    package var name: String
    /// The layer a Keras or Caffe file lists the tensor under; nil elsewhere.
    package var layer: String?
    package var tensor: Tensor

    package init(name: String, layer: String? = nil, tensor: Tensor) {
        self.name = name
        self.layer = layer
        self.tensor = tensor
    }
}

/// What a model file holds, literally: names and layouts as the file has them.
package struct Checkpoint: Sendable {
    package var convention: Convention
    /// In the file's own order, which carries meaning in Keras files.
    package var tensors: [NamedTensor]
    /// Present when the file says how its tensors are used.
    package var graph: Graph?
    /// Strings that travel with the file, `ferry.architecture` and `ferry.preprocess` among them.
    package var metadata: [String: String]
    /// The program that wrote the file, where the file tells.
    package var producer: String
    /// What a person should know about what was read, such as parts of the file left out.
    package var notes: [String] = []

    package init(
        convention: Convention, tensors: [NamedTensor], graph: Graph? = nil,
        metadata: [String: String] = [:], producer: String = ""
    ) {
        self.convention = convention
        self.tensors = tensors
        self.graph = graph
        self.metadata = metadata
        self.producer = producer
    }
}
