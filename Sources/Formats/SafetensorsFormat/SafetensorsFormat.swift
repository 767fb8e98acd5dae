package import FormatInterface
package import IR
import Tensors

/// safetensors: a header in JSON and the tensors' bytes behind it; or an index of such files.
///
/// Tensors are ranges of the mapping. Every file starts at byte 0 with the header's length, and its
/// tensors fill the rest without gaps. Source: the format's description in the safetensors
/// repository.
package enum SafetensorsFormat: ModelFormat {
    package static let name = "safetensors"
    package static let fileExtensions = ["safetensors"]
    package static let convention = Convention.pytorch

    /// The key by which libraries say whose names and layouts the tensors have; "pt" is PyTorch's.
    private static let originKey = "format"
    private static let origin = "pt"

    package static func recognizes(_ file: InputFile) -> Bool {
        isTensorFile(file) || SafetensorsIndex.recognizes(file)
    }

    /// Whether JSON follows 8 bytes that are a length, not text.
    private static func isTensorFile(_ file: InputFile) -> Bool {
        let start = file.bytes(at: 0, count: 10)
        guard start.count == 10, start[8] == UInt8(ascii: "{") else { return false }
        let follows = [UInt8](" \t\r\n\"}".utf8)
        return follows.contains(start[9]) && start[4..<8].contains { $0 < 0x20 || $0 >= 0x7F }
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        if SafetensorsIndex.recognizes(file) { return try SafetensorsIndex.read(file) }
        do throws(ContentError) {
            let header = try SafetensorsHeader(of: file.storage)
            var metadata = header.metadata
            // The writer states it again.
            if metadata[originKey] == origin { metadata[originKey] = nil }
            return Checkpoint(
                convention: convention, tensors: tensors(header, in: file), metadata: metadata)
        } catch {
            throw error.inputError(file: file.path, format: name)
        }
    }

    private static func tensors(
        _ header: SafetensorsHeader, in file: InputFile
    ) -> [NamedTensor] {
        header.entries.map { entry in
            NamedTensor(
                name: entry.name,
                tensor: Tensor(
                    elementType: entry.elementType, shape: entry.shape, storage: file.storage,
                    byteOffset: header.dataStart + entry.offsets.lowerBound))
        }
    }

    /// Writes the header in the checkpoint's order; data of wider elements first, so that every
    /// tensor is aligned to its elements, and from a multiple of 64 bytes.
    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        try check(checkpoint, file.destination)
        let order = checkpoint.tensors.indices.sorted { left, right in
            let (a, b) = (checkpoint.tensors[left].tensor, checkpoint.tensors[right].tensor)
            return (-a.elementType.size, left) < (-b.elementType.size, right)
        }
        var offsets = [Int](repeating: 0, count: order.count)
        var end = 0
        for index in order {
            offsets[index] = end
            end += checkpoint.tensors[index].tensor.byteCount
        }
        try file.write(header(checkpoint, offsets, file.destination))
        for index in order {
            let tensor = checkpoint.tensors[index].tensor
            try file.write(tensor)
        }
    }

    private static func check(
        _ checkpoint: Checkpoint, _ destination: String
    ) throws(OutputError) {
        var names: Set<String> = []
        for tensor in checkpoint.tensors {
            guard tensor.name != SafetensorsHeader.metadataKey, names.insert(tensor.name).inserted
            else {
                throw OutputError(
                    file: destination,
                    problem: "expected tensor names, each once, found '\(tensor.name)'")
            }
        }
    }

    /// The header's length and text, padded with spaces.
    private static func header(
        _ checkpoint: Checkpoint, _ offsets: [Int], _ destination: String
    ) throws(OutputError) -> [UInt8] {
        var metadata = checkpoint.metadata
        metadata[originKey] = metadata[originKey] ?? origin
        let pairs = metadata.sorted { $0.key < $1.key }.map { key, value in
            "\(key.quotedForJSON):\(value.quotedForJSON)"
        }
        var members = [
            "\(SafetensorsHeader.metadataKey.quotedForJSON):{\(pairs.joined(separator: ","))}"
        ]
        for (tensor, begin) in zip(checkpoint.tensors, offsets) {
            guard let dtype = tensor.tensor.elementType.dtype else {
                throw OutputError(
                    file: destination,
                    problem: "tensor '\(tensor.name)': expected elements that safetensors has a "
                        + "dtype for, found \(tensor.tensor.elementType)")
            }
            let shape = tensor.tensor.shape.map { "\($0)" }.joined(separator: ",")
            let end = begin + tensor.tensor.byteCount
            members.append(
                "\(tensor.name.quotedForJSON):"
                    + "{\"dtype\":\"\(dtype)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(begin),\(end)]}")
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        text += [UInt8](repeating: 0x20, count: (64 - (8 + text.count) % 64) % 64)
        guard text.count <= SafetensorsHeader.lengthLimit else {
            throw OutputError(
                file: destination,
                problem: "expected names and metadata of at most "
                    + "\(SafetensorsHeader.lengthLimit) bytes, found \(text.count)")
        }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return length + text
    }
}
