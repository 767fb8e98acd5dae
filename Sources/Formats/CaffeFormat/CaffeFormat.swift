package import FormatInterface
import HDF5Format
package import IR
import Tensors

/// Caffe's networks, read only: `.caffemodel`, `.caffemodel.h5` and `.prototxt`.
///
/// A `.caffemodel` is the network as it was trained, weights and all, so it is read alone. A
/// prototxt given beside it decides instead. Files in HDF5 hold weights alone. A prototxt read by
/// itself finds its weights beside it: `NAME.prototxt` those of `NAME.caffemodel`, or
/// `NAME.caffemodel.h5`.
///
/// Source: BVLC's caffe.proto and layers. Phase TEST; of what training needs, losses and measures
/// are left out, and sources of data become inputs.
package enum CaffeFormat: ModelFormat {
    package static let name = "caffe"
    package static let fileExtensions: [String] = []
    package static let convention = Convention.caffe
    package static let holdsGraph = true
    package static let isWritten = false

    /// Bytes of a binary file, by Caffe's own limit.
    private static let sizeLimit = Int(Int32.max)

    private enum Kind {
        case binary, hdf5, prototxt
    }

    private static func kind(of file: InputFile) -> Kind {
        if HDF5File.isHDF5(file) { return .hdf5 }
        return looksLikePrototxt(file) ? .prototxt : .binary
    }

    package static func recognizes(_ file: InputFile) -> Bool {
        switch kind(of: file) {
        case .hdf5: HDF5Dialect.of(file) == .caffe
        case .prototxt: true
        case .binary: looksLikeNetwork(file)
        }
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        try read(file, topology: nil)
    }

    /// Reads weights into the network of a prototxt, or into the file's own.
    ///
    /// - Throws: `InputError`, naming the file that is at fault.
    package static func read(_ file: InputFile, topology: InputFile?) throws -> Checkpoint {
        switch kind(of: file) {
        case .prototxt:
            guard topology == nil else {
                throw CaffeError(.file, expected: "weights", found: "another prototxt")
                    .inputError(file: file.path)
            }
            return try read(weightsBeside(file), topology: file)
        case .hdf5:
            let weights = try CaffeWeights(file)
            guard let topology else { return bag(weights) }
            return try read(
                network(topology), weights, topology: topology.path, weightsFile: file.path)
        case .binary: return try readBinary(file, topology: topology)
        }
    }

    private static func readBinary(_ file: InputFile, topology: InputFile?) throws -> Checkpoint {
        let message = try naming(file) { () throws(CaffeError) -> CaffeMessage in
            try Self.message(file)
        }
        let weights = try naming(file) { () throws(CaffeError) -> CaffeWeights in
            let layers = try CaffeNetwork.layers(of: message)
            return try CaffeWeights(layers, in: file.storage)
        }
        let network =
            if let topology { try network(topology) } else {
                try naming(file) { () throws(CaffeError) -> CaffeNetwork in
                    try CaffeNetwork(message)
                }
            }
        return try read(
            network, weights, topology: topology?.path ?? file.path, weightsFile: file.path)
    }

    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        throw OutputError(
            file: file.destination, problem: "expected a format that Ferry writes, found \(name)")
    }

    private static func read(
        _ network: CaffeNetwork, _ weights: CaffeWeights, topology: String, weightsFile: String
    ) throws -> Checkpoint {
        do throws(CaffeError) {
            return try CaffeReading(network: network, weights: weights).checkpoint()
        } catch {
            if case .blob = error.place { throw error.inputError(file: weightsFile) }
            throw error.inputError(file: topology)
        }
    }

    /// Weights without a network: a bag of tensors to recognise.
    private static func bag(_ weights: CaffeWeights) -> Checkpoint {
        Checkpoint(convention: convention, tensors: weights.tensors, producer: "caffe")
    }

    // MARK: Files

    private static func message(_ file: InputFile) throws(CaffeError) -> CaffeMessage {
        guard file.count > 0 else {
            throw CaffeError(.file, expected: "a network", found: "an empty file")
        }
        guard file.count <= sizeLimit else {
            throw CaffeError(
                .file, expected: "less than 2 GiB, all that a protobuf message can hold",
                found: "\(file.count) bytes")
        }
        var reader = CaffeWireReader(file.storage)
        return try reader.message(.net, in: 0..<file.count)
    }

    /// The network of a prototxt.
    private static func network(_ file: InputFile) throws -> CaffeNetwork {
        try naming(file) { () throws(CaffeError) -> CaffeNetwork in
            guard file.count <= PrototxtReader.sizeLimit else {
                throw CaffeError(
                    .file, expected: "a prototxt of at most \(PrototxtReader.sizeLimit >> 20) MiB",
                    found: "\(file.count) bytes")
            }
            var reader = try PrototxtReader(file.bytes(at: 0, count: file.count))
            return try CaffeNetwork(reader.network())
        }
    }

    private static func weightsBeside(_ file: InputFile) throws -> InputFile {
        let ending = ".prototxt"
        let own = file.path.split(separator: "/").last.map(String.init) ?? ""
        let stem = own.hasSuffix(ending) ? String(own.dropLast(ending.count)) : own
        let folder = try ModelFolder(of: file, format: name)
        let names = ["\(stem).caffemodel", "\(stem).caffemodel.h5"]
        for name in names {
            if let found = try? folder.file(name), kind(of: found) != .prototxt { return found }
        }
        throw CaffeError(
            .file,
            expected: "its weights beside it (\(names.joined(separator: " or "))); else read the "
                + "weights with --prototxt",
            found: "no such file"
        ).inputError(file: file.path)
    }

    private static func naming<Result>(
        _ file: InputFile, _ body: () throws(CaffeError) -> Result
    ) throws(InputError) -> Result {
        do throws(CaffeError) {
            return try body()
        } catch {
            throw error.inputError(file: file.path)
        }
    }
}
