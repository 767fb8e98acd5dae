import FormatInterface
import HDF5Format
import IR
import Tensors

/// A tensor of a layer, in the shape its file states.
struct CaffeBlob {
    var tensor: Tensor
    /// Whether the shape is one of four sizes, as all were before 2014.
    var isLegacy: Bool

    /// The tensor in the shape its layer gives it, if the two are the same by Caffe's rule: an old
    /// shape, or one of up to four sizes, may have ones before its own.
    func tensor(of shape: [Int]) -> Tensor? {
        if tensor.shape == shape { return tensor }
        guard isLegacy, shape.count <= 4 else { return nil }
        let ones = [Int](repeating: 1, count: 4 - shape.count)
        return tensor.shape == ones + shape ? tensor.reshaped(shape) : nil
    }
}

extension CaffeBlob {
    /// - Throws: `CaffeError` for a shape that its numbers do not fill.
    init(
        _ message: CaffeMessage, in storage: ByteStorage, at place: CaffeError.Place
    ) throws(CaffeError) {
        let old = ["num", "channels", "height", "width"]
        isLegacy = old.contains(where: message.has)
        let shape =
            isLegacy
            ? old.map { message.integer($0) ?? 0 } : message.message("shape")?.integers("dim") ?? []
        guard shape.count <= 32, let count = Tensor.elementCount(of: shape) else {
            throw CaffeError(
                place, expected: "a shape of up to 32 sizes that memory can hold",
                found: "\(shape.prefix(32))")
        }
        // Both lists may be there: the one of doubles counts.
        guard let elements = message.elements("double_data") ?? message.elements("data") else {
            guard count == 0 else {
                throw CaffeError(place, expected: "\(count) numbers", found: "none")
            }
            tensor = Tensor([Float](), shape: shape)
            return
        }
        guard elements.count == count else {
            throw CaffeError(
                place, expected: "\(count) numbers for shape \(shape)", found: "\(elements.count)")
        }
        tensor = Tensor(
            elementType: elements.width == 8 ? .float64 : .float32, shape: shape,
            storage: elements.mapped == nil ? ByteStorage(elements.copied) : storage,
            byteOffset: elements.mapped?.lowerBound ?? 0)
    }
}

/// The tensors of a file by layer and number.
struct CaffeWeights {
    /// Layers in the file's order.
    private(set) var layers: [String] = []
    private var blobs: [String: [Int: CaffeBlob]] = [:]

    func blob(_ layer: String, _ index: Int) -> CaffeBlob? { blobs[layer]?[index] }

    func count(of layer: String) -> Int { blobs[layer]?.count ?? 0 }

    /// The name of a tensor: as Caffe's HDF5 files have it.
    static func name(_ layer: String, _ index: Int) -> String { "\(layer)/\(index)" }

    /// All tensors as the file has them.
    var tensors: [NamedTensor] {
        layers.flatMap { layer in
            (blobs[layer] ?? [:]).sorted { $0.key < $1.key }.map { index, blob in
                NamedTensor(name: Self.name(layer, index), layer: layer, tensor: blob.tensor)
            }
        }
    }

    private mutating func add(
        _ blob: CaffeBlob, _ layer: String, _ index: Int
    ) -> Bool {
        if blobs[layer] == nil { layers.append(layer) }
        return blobs[layer, default: [:]].updateValue(blob, forKey: index) == nil
    }
}

extension CaffeWeights {
    /// The tensors of a binary network.
    ///
    /// - Throws: `CaffeError` for damaged tensors, and two layers of a name that both have some.
    init(_ layers: [CaffeLayer], in storage: ByteStorage) throws(CaffeError) {
        for layer in layers where !layer.blobs.isEmpty {
            guard blobs[layer.name] == nil else {
                throw CaffeError(
                    .layer(layer.name), expected: "one layer of that name with weights",
                    found: "two")
            }
            for (index, message) in layer.blobs.enumerated() {
                let place = CaffeError.Place.blob(layer: layer.name, index)
                _ = add(try CaffeBlob(message, in: storage, at: place), layer.name, index)
            }
        }
    }

    /// The tensors of Caffe's HDF5 form: datasets `data/LAYER/NUMBER`.
    ///
    /// - Throws: `InputError`.
    init(_ file: InputFile) throws {
        let datasets = try HDF5File.contents(of: file).datasets
        let tensors = try HDF5File.tensors(datasets, of: file)
        for (dataset, tensor) in zip(datasets, tensors) {
            let parts = dataset.path.split(separator: "/")
            guard parts.count >= 3, parts[0] == "data", let index = Int(parts[parts.count - 1])
            else {
                throw CaffeError(
                    .file, expected: "datasets data/LAYER/NUMBER",
                    found: "'\(dataset.path.prefix(100))'"
                ).inputError(file: file.path)
            }
            let layer = parts.dropFirst().dropLast().joined(separator: "/")
            let place = CaffeError.Place.blob(layer: layer, index)
            guard tensor.elementType == .float32 || tensor.elementType == .float64 else {
                throw CaffeError(
                    place, expected: "float32 or float64", found: tensor.elementType.rawValue
                ).inputError(file: file.path)
            }
            guard add(CaffeBlob(tensor: tensor, isLegacy: true), layer, index) else {
                throw CaffeError(place, expected: "each number once", found: "it twice")
                    .inputError(file: file.path)
            }
        }
    }
}
