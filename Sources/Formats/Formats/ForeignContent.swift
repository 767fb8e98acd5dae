import FormatInterface

/// Files that are no model of a known format, by their first bytes.
enum ForeignContent {
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
        ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
        ([0x47, 0x49, 0x46, 0x38], "a GIF picture"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive (perhaps .keras)"),
        ([0x50, 0x4B, 0x05, 0x06], "an empty zip archive"),
        ([0x1F, 0x8B], "gzip-compressed data; decompress it first"),
        ([0x42, 0x5A, 0x68], "bzip2-compressed data; decompress it first"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz-compressed data; decompress it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "Zstandard-compressed data; decompress it first"),
        ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a NumPy array"),
        ([0x47, 0x47, 0x55, 0x46], "a GGUF model"),
        ([0x08, 0x01, 0x10, 0x03, 0x18], "a mean image of Caffe's"),
        ([0x25, 0x50, 0x44, 0x46], "a PDF document"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program"),
    ]

    /// What the file holds, in words for "found …".
    static func describe(_ file: InputFile) -> String {
        let start = file.bytes(at: 0, count: 512)
        if start.isEmpty { return "an empty file" }
        if holdsExportedProgram(start) {
            return "a program of torch.export; save its state_dict with PyTorch, or export ONNX"
        }
        if let known = signatures.first(where: { start.starts(with: $0.bytes) }) {
            return known.name
        }
        if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
            return "a Python pickle without PyTorch's magic number"
        }
        if file.bytes(at: 4, count: 4) == Array("TFL3".utf8) { return "a TensorFlow Lite model" }
        if file.bytes(at: 257, count: 5) == Array("ustar".utf8) {
            return "a tar archive (perhaps of PyTorch before 0.2; load and save it with PyTorch)"
        }
        if start.starts(with: Array("version https://git-lfs".utf8)) {
            return "a Git LFS pointer; fetch the file itself with git lfs pull"
        }
        return isText(start) ? "text" : "unknown content"
    }

    /// Whether a zip archive begins as `.pt2` files do, with a weight or the archive's kind.
    private static func holdsExportedProgram(_ start: [UInt8]) -> Bool {
        start.starts(with: [0x50, 0x4B, 0x03, 0x04])
            && ["/data/weights/weight_0", "/archive_format"].contains {
                start.dropFirst(30).contains(Array($0.utf8))
            }
    }

    /// Whether the bytes are UTF-8 (but for a cut last letter) without control characters.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        let isPlain = bytes.allSatisfy { $0 >= 0x20 || (0x09...0x0D).contains($0) }
        guard isPlain else { return false }
        return (0...3).contains { cut in
            cut < bytes.count && String(validating: bytes.dropLast(cut), as: UTF8.self) != nil
        }
    }
}
