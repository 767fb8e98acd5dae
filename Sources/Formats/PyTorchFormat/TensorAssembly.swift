import FormatInterface
import IR
import Tensors

/// Makes tensors from references: ranges of the file where the elements lie in order, copies where
/// strides or the byte order ask for them.
struct TensorAssembly {
    /// A file may name the same numbers more than once (tied weights, views), but tensors that are
    /// many times as large as the file are made to fill memory or disk.
    private static let growthLimit = (factor: 4, bytes: 16 << 20)

    private let isBigEndian: Bool
    private let storages: [String: ByteRegion]
    private var remaining: Int

    /// - Parameter storages: the bytes of each storage, by key.
    private init(_ storages: [String: ByteRegion], fileSize: Int, isBigEndian: Bool) {
        self.storages = storages
        self.isBigEndian = isBigEndian
        remaining = Self.growthLimit.factor * fileSize + Self.growthLimit.bytes
    }

    /// The checkpoint of a file's tensors.
    static func checkpoint(
        _ found: StateDictSearch.Result, _ storages: [String: ByteRegion], fileSize: Int,
        isBigEndian: Bool
    ) throws(ContentError) -> Checkpoint {
        var assembly = TensorAssembly(storages, fileSize: fileSize, isBigEndian: isBigEndian)
        var checkpoint = Checkpoint(convention: .pytorch, tensors: [])
        for (name, reference) in found.tensors {
            checkpoint.tensors.append(try assembly.tensor(name, reference))
        }
        checkpoint.notes = found.notes
        return checkpoint
    }

    private mutating func tensor(
        _ name: String, _ reference: TensorReference
    ) throws(ContentError) -> NamedTensor {
        guard let elementType = reference.type.elementType else {
            throw ContentError(
                tensor: name, expected: "elements that Ferry carries",
                found: reference.type.name)
        }
        guard let size = Tensor.byteCount(of: reference.shape, elementType) else {
            throw ContentError(
                tensor: name, expected: "a shape whose bytes can be counted",
                found: "\(reference.shape)")
        }
        guard size <= remaining else {
            throw ContentError(
                tensor: name, expected: "tensors of a size that the file's own justifies",
                found: "\(reference.shape) with strides \(reference.strides)")
        }
        remaining -= size
        guard size > 0 else {
            let nothing = ByteStorage([])
            return NamedTensor(
                name: name,
                tensor: Tensor(
                    elementType: elementType, shape: reference.shape, storage: nothing))
        }
        let start = try self.start(name, reference)
        guard let region = storages[reference.storage.key] else {
            throw ContentError(
                tensor: name, expected: "its storage '\(reference.storage.key.prefix(40))'",
                found: "none")
        }
        let tensor = Self.tensor(
            elementType, reference, in: region.storage,
            at: region.range.lowerBound + start * elementType.size)
        return NamedTensor(name: name, tensor: isBigEndian ? tensor.byteSwapped() : tensor)
    }

    /// The first element's place in the whole storage, once all elements are known to lie in it.
    private func start(
        _ name: String, _ reference: TensorReference
    ) throws(ContentError) -> Int {
        let outside = ContentError(
            tensor: name, expected: "elements inside a storage of \(reference.storage.count)",
            found: "offset \(reference.offset), shape \(reference.shape), strides "
                + "\(reference.strides)")
        // An untyped storage counts bytes.
        let unit = reference.type.size / reference.storage.type.size
        guard unit > 0, reference.type.size.isMultiple(of: reference.storage.type.size),
            reference.storage.view.lowerBound.isMultiple(of: unit), reference.offset >= 0
        else { throw outside }
        var last = reference.offset
        for (size, stride) in zip(reference.shape, reference.strides) {
            let (span, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(span)
            guard stride >= 0, !overflow, !carry else { throw outside }
            last = sum
        }
        guard last < reference.storage.view.count / unit else { throw outside }
        return reference.storage.view.lowerBound / unit + reference.offset
    }

    private static func tensor(
        _ elementType: ElementType, _ reference: TensorReference, in storage: ByteStorage,
        at offset: Int
    ) -> Tensor {
        isRowMajor(reference)
            ? Tensor(
                elementType: elementType, shape: reference.shape, storage: storage,
                byteOffset: offset)
            : Tensor(
                copying: elementType, shape: reference.shape, strides: reference.strides,
                from: storage, byteOffset: offset)
    }

    private static func isRowMajor(_ reference: TensorReference) -> Bool {
        var expected = 1
        for (size, stride) in zip(reference.shape, reference.strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }
}
