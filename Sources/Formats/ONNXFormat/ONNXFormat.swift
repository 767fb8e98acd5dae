package import FormatInterface
package import IR
package import Tensors

/// ONNX models: protobuf messages holding a graph and its weights.
///
/// Weights are neither copied when read nor gathered when written.
///
/// Source: ONNX IR specification; IR versions 1 to 14.
package enum ONNXFormat: ModelFormat {
    package static let name = "onnx"
    package static let fileExtensions = ["onnx"]
    package static let convention = Convention.onnx
    package static let holdsGraph = true

    /// Bytes a protobuf message may have.
    static let messageLimit = Int(Int32.max)

    package static func recognizes(_ file: InputFile) -> Bool {
        looksLikeModel(file) || textForm(of: file) != nil
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        do throws(ONNXError) {
            return try checkpoint(file)
        } catch {
            throw error.inputError(file: file.path)
        }
    }

    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        try write(checkpoint, to: file, options: WritingOptions())
    }

    /// How a model is written.
    package struct WritingOptions: Sendable {
        /// The version of the standard operators.
        package var opset = WrittenOpset.usual.number
        /// Whether weights go to a file beside the model; above `externalLimit` they do anyway.
        package var keepsDataBeside = false

        package init() {}
    }

    /// Versions of the standard operators that can be written.
    package static var writtenOpsets: ClosedRange<Int> { WrittenOpset.range }

    /// Bytes of weights up to which they lie in the model itself.
    package static let externalLimit = 1536 << 20

    /// Whether a checkpoint's weights are written to a file of their own.
    package static func keepsDataBeside(
        _ checkpoint: Checkpoint, options: WritingOptions
    ) -> Bool {
        options.keepsDataBeside
            || checkpoint.tensors.reduce(0) { $0 + $1.tensor.byteCount } > externalLimit
    }

    /// As `write(_:to:)`, in the way that `options` say.
    ///
    /// - Throws: `OutputError` also for what the version of the operators cannot say.
    package static func write(
        _ checkpoint: Checkpoint, to file: borrowing OutputFile, options: WritingOptions
    ) throws {
        precondition(writtenOpsets.contains(options.opset), "opset \(options.opset)")
        let writer = try ModelWriter(
            checkpoint, opset: WrittenOpset(number: options.opset), destination: file.destination)
        guard keepsDataBeside(checkpoint, options: options) else {
            try write(writer.model(), to: file)
            return
        }
        // What cannot be written is found before the weights are.
        _ = try writer.model()
        let layout = try ExternalLayout(writing: checkpoint.tensors, beside: file)
        try write(writer.model(external: layout), to: file)
    }

    /// Reads a file that holds one tensor alone, such as `input_0.pb` of ONNX's recorded test data.
    ///
    /// - Throws: `InputError`, naming the place in the file.
    package static func readTensor(_ file: InputFile) throws -> Tensor {
        do throws(ONNXError) {
            try checkSize(file)
            var reduction = ModelReduction(file.storage)
            let reduced = try reduction.reduce(.tensor, 0..<file.count)
            let description = try unsafe withUnpackedTensor(reduced) {
                unsafe TensorDescription($0)
            }
            let decoder = TensorDecoder(
                storage: file.storage, elements: reduction.elements,
                externalFiles: ExternalFiles(of: file))
            return try decoder.tensor(description, at: .tensor(description.name))
        } catch {
            throw error.inputError(file: file.path)
        }
    }

    /// Writes one tensor alone, as `readTensor` reads it.
    ///
    /// - Throws: `OutputError`.
    package static func writeTensor(
        _ tensor: Tensor, name: String, to file: borrowing OutputFile
    ) throws {
        try write(MessagePieces(tensor: tensor, name: name), to: file)
    }

    private static func checkpoint(_ file: InputFile) throws(ONNXError) -> Checkpoint {
        try checkSize(file)
        if let form = textForm(of: file) ?? compressedForm(of: file) {
            throw ONNXError(.file, expected: "ONNX in binary form", found: form)
        }
        var reduction = ModelReduction(file.storage)
        let reduced = try reduction.reduce(.model, 0..<file.count)
        let description = try unsafe withUnpackedModel(reduced) { unsafe ModelDescription($0) }
        let decoder = TensorDecoder(
            storage: file.storage, elements: reduction.elements,
            externalFiles: ExternalFiles(of: file))
        var builder = try CheckpointBuilder(description, decoder)
        return try builder.checkpoint()
    }

    private static func checkSize(_ file: InputFile) throws(ONNXError) {
        guard file.count > 0 else {
            throw ONNXError(.file, expected: "a protobuf message", found: "an empty file")
        }
        guard file.count <= messageLimit else {
            throw ONNXError(
                .file, expected: "less than 2 GiB, all that a protobuf message can hold",
                found: "\(file.count) bytes")
        }
    }

    private static func write(
        _ message: MessagePieces, to file: borrowing OutputFile
    ) throws(OutputError) {
        guard message.count <= messageLimit else {
            throw OutputError(
                file: file.destination,
                problem: "expected less than 2 GiB, all that a protobuf message can hold, "
                    + "found \(message.count) bytes")
        }
        for piece in message.pieces {
            switch piece {
            case .packed(let bytes): try file.write(bytes)
            case .elements(let tensor): try file.write(tensor)
            }
        }
    }
}
