import Architectures
import Tensors

/// How many numbers a model's constants hold, as far as they are there.
struct ParameterCounts {
    /// Numbers that training may change.
    private(set) var trainable = 0
    /// All numbers: statistics, codes and fixed zeros too.
    private(set) var all = 0
    /// Bytes of all.
    private(set) var bytes = 0
    /// The trainable numbers of each constant.
    private var ofConstant: [String: Int] = [:]

    init(_ model: Model) {
        let counts = model.trainableCounts
        for (name, tensor) in model.weights where !model.missing.contains(name) {
            let count = counts[name] ?? tensor.elementCount
            ofConstant[name] = count
            trainable += count
            all += tensor.elementCount
            bytes += tensor.byteCount
        }
    }

    /// The trainable numbers that a layer reads.
    func trainable(_ group: Model.NodeGroup, of model: Model) -> Int {
        group.constants(of: model).reduce(0) { $0 + (ofConstant[$1] ?? 0) }
    }
}
