package import FormatInterface
package import IR
import Tensors

/// PyTorch parameters in HDF5: one dataset per parameter in the root group, named as in the
/// state dict ("features.0.weight").
///
/// Groups are read as well: the dataset "features/0/weight" is the same parameter. Text attributes
/// of the root group are the metadata. bfloat16 is refused, since HDF5 has no such type; truth
/// values and float16 are stored as h5py stores them.
package enum StateDictHDF5Format: ModelFormat {
    package static let name = "hdf5"
    package static let fileExtensions: [String] = []
    package static let convention = Convention.pytorch

    package static func recognizes(_ file: InputFile) -> Bool {
        HDF5Dialect.of(file) == .plain
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let contents = try HDF5File.contents(of: file)
        var names: Set<String> = []
        for dataset in contents.datasets {
            let name = parameterName(of: dataset)
            guard names.insert(name).inserted else {
                throw InputError(
                    file: file.path, format: Self.name, place: "dataset \(dataset.path)",
                    expected: "each parameter once", found: "two datasets for \(name)")
            }
        }
        let tensors = try HDF5File.tensors(contents.datasets, of: file)
        var metadata: [String: String] = [:]
        for case (let key, .string(let text)) in contents.groups[""] ?? [:] {
            metadata[key] = text
        }
        return Checkpoint(
            convention: convention,
            tensors: zip(contents.datasets, tensors).map { dataset, tensor in
                NamedTensor(name: parameterName(of: dataset), tensor: tensor)
            },
            metadata: metadata)
    }

    private static func parameterName(of dataset: HDF5Dataset) -> String {
        dataset.path.replacing("/", with: ".")
    }

    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        var names: Set<String> = []
        for tensor in checkpoint.tensors {
            try HDF5Path.check(tensor.name, file.destination)
            guard !tensor.name.contains("/") else {
                throw OutputError(
                    file: file.destination,
                    problem: "tensor \(tensor.name): expected a name without \"/\"")
            }
            guard names.insert(tensor.name).inserted else {
                throw OutputError(
                    file: file.destination, problem: "two tensors are named \(tensor.name)")
            }
        }
        try HDF5Metadata.check(checkpoint.metadata, file.destination)
        try HDF5Writer.write(to: file) {
            writer throws(OutputError) in
            for (key, text) in checkpoint.metadata.sorted(by: { $0.key < $1.key }) {
                try writer.write(text, attribute: key, of: "/")
            }
            for tensor in checkpoint.tensors {
                try writer.write(tensor.tensor, to: tensor.name)
            }
        }
    }
}

/// Paths of objects to write.
enum HDF5Path {
    /// Checks that libhdf5 takes every component of a path for a name.
    ///
    /// - Throws: `OutputError` for empty and "." components, and NUL.
    static func check(_ path: String, _ destination: String) throws(OutputError) {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        if components.contains(where: { $0.isEmpty || $0 == "." }) || path.utf8.contains(0) {
            throw OutputError(
                file: destination,
                problem: "expected a name that HDF5 can hold, found \"\(path)\"")
        }
    }
}

/// Strings that travel as attributes of the root group.
package enum HDF5Metadata {
    /// Attributes that tell a reader what the file is.
    static let reserved = [
        "layer_names", "weight_names", "model_config", "training_config", "model_weights",
        "nb_layers",
    ]

    static func isReserved(_ key: String) -> Bool {
        reserved.contains { key.hasPrefix($0) }
    }

    /// Checks that metadata does not change what the file is taken for.
    ///
    /// - Throws: `OutputError` for reserved and empty keys, and too many entries.
    package static func check(_ metadata: [String: String], _ destination: String)
        throws(OutputError)
    {
        for key in metadata.keys.sorted() where key.isEmpty || isReserved(key) {
            throw OutputError(
                file: destination,
                problem: "expected metadata under a free name, found \"\(key)\"")
        }
        if metadata.count > HDF5Limits.attributesPerObject - 2 {
            throw OutputError(
                file: destination,
                problem: "expected at most \(HDF5Limits.attributesPerObject - 2) metadata entries, "
                    + "found \(metadata.count)")
        }
    }
}
