package import FormatInterface
import Synchronization
import Tensors

/// Whose HDF5 a file is, told from its root group and the names of its datasets.
package enum HDF5Dialect: Int, Sendable {
    /// A Keras model with its configuration.
    case wholeModel
    /// Keras' weights in lists by layer.
    case listedWeights
    /// Keras 3's weights in numbered groups.
    case numberedWeights
    /// Caffe's weights in numbered datasets of layers.
    case caffe
    /// Anything else: datasets by name.
    case plain

    /// The last answer; formats ask about one file, one after the other.
    private static let last = Mutex<Answer?>(nil)

    private struct Answer {
        weak var storage: ByteStorage?
        var dialect: HDF5Dialect
    }

    /// Nil for a file that is no HDF5. A damaged one is plain: reading it tells the damage.
    package static func of(_ file: InputFile) -> HDF5Dialect? {
        // HDF5 may begin at 512 · 2ⁿ, where a member of an archive may lie by chance.
        guard file.bytes(at: 0, count: 4) != Array("PK\u{3}\u{4}".utf8), HDF5File.isHDF5(file)
        else { return nil }
        let known = last.withLock { $0 }
        if let known, known.storage === file.storage { return known.dialect }
        let dialect = examine(HDF5Source(file))
        last.withLock { $0 = Answer(storage: file.storage, dialect: dialect) }
        return dialect
    }

    private static func examine(_ file: HDF5Source) -> HDF5Dialect {
        // Damage that keeps libhdf5 busy is met again by reading.
        let seconds = min(2, HDF5Limits.seconds(fileSize: file.count))
        let answer = try? HDF5Process.ask(file, seconds: seconds) { answers throws(InputError) in
            let reader = try HDF5Reader(file)
            answers.send(try Self(reader))
        } receive: { process throws(InputError) in
            try process.next(HDF5Dialect.self)
        }
        return answer ?? .plain
    }

    private init(_ reader: borrowing HDF5Reader) throws(InputError) {
        let lists = ["layer_names", "layer_names0", "nb_layers"]
        if reader.hasRootEntry(attributes: ["model_config"], links: []) {
            self = .wholeModel
        } else if reader.hasRootEntry(attributes: lists, links: ["model_weights"]) {
            self = .listedWeights
        } else if reader.hasRootEntry(
            attributes: [], links: ["layers", "_layer_checkpoint_dependencies", "vars"]),
            try reader.contents().hasNumberedWeights
        {
            self = .numberedWeights
        } else if reader.hasRootEntry(attributes: [], links: ["data"]),
            try reader.contents().hasCaffeBlobs
        {
            self = .caffe
        } else {
            self = .plain
        }
    }
}

extension HDF5Contents {
    /// Whether there are datasets, and all are numbered weights of some layer: `…/vars/0`.
    var hasNumberedWeights: Bool {
        !datasets.isEmpty
            && datasets.allSatisfy { dataset in
                let parts = dataset.path.split(separator: "/")
                return parts.count >= 2 && parts[parts.count - 2] == "vars"
                    && Int(parts[parts.count - 1]) != nil
            }
    }
}

extension HDF5Contents {
    /// Whether there are datasets, and all are numbered tensors of some layer: `data/LAYER/0`.
    var hasCaffeBlobs: Bool {
        !datasets.isEmpty
            && datasets.allSatisfy { dataset in
                let parts = dataset.path.split(separator: "/")
                return parts.count >= 3 && parts[0] == "data"
                    && Int(parts[parts.count - 1]) != nil
            }
    }
}

extension HDF5Dialect: HDF5Message {
    func encode(into bytes: inout [UInt8]) { bytes.append(integer: rawValue) }

    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed) {
        guard let dialect = HDF5Dialect(rawValue: try reader.integer()) else {
            throw HDF5MessageReader.Malformed()
        }
        self = dialect
    }
}
