import FormatInterface
import Tensors

/// What a safetensors file says about its tensors: an object of `dtype`, `shape` and
/// `data_offsets` for each name, and of strings under `__metadata__`.
struct SafetensorsHeader {
    static let metadataKey = "__metadata__"
    /// The reference library's own limit.
    static let lengthLimit = 100_000_000
    private static let rankLimit = 64

    struct Entry {
        var name: String
        var elementType: ElementType
        var shape: [Int]
        /// Where the elements lie, counted from the end of the header.
        var offsets: Range<Int>
    }

    /// In the order of the header.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]
    /// Where the data begins in the file.
    let dataStart: Int

    /// Reads the header of a file, and checks that its tensors fill the file without gaps.
    init(of storage: ByteStorage) throws(ContentError) {
        guard let stated = storage.integer(at: 0, as: UInt64.self) else {
            throw ContentError(
                "byte 0", expected: "the header's length in 8 bytes",
                found: "\(storage.count) bytes")
        }
        guard stated <= UInt64(Self.lengthLimit), Int(stated) <= storage.count - 8 else {
            throw ContentError(
                "byte 0",
                expected: "a header of at most \(min(Self.lengthLimit, storage.count - 8)) bytes",
                found: "\(stated)")
        }
        dataStart = 8 + Int(stated)
        var reader = JSONReader(ByteRegion(storage, 8..<dataStart).copy())
        do throws(JSONError) {
            try read(&reader)
        } catch {
            throw ContentError(error, in: "header", textAt: 8)
        }
        try checkTiling(storage.count - dataStart)
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        try reader.object { reader, name throws(JSONError) in
            if name == Self.metadataKey {
                metadata = try Self.metadata(&reader)
            } else {
                entries.append(try Self.entry(name, &reader))
            }
        }
        try reader.end()
        self.entries = entries
        self.metadata = metadata
    }

    private static func metadata(
        _ reader: inout JSONReader
    ) throws(JSONError) -> [String: String] {
        var metadata: [String: String] = [:]
        if reader.kind() == .null {
            try reader.null()
            return metadata
        }
        try reader.object { reader, key throws(JSONError) in
            metadata[key] = try reader.string()
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ reader: inout JSONReader
    ) throws(JSONError) -> Entry {
        let start = reader.position
        var elementType: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "dtype": elementType = try Self.elementType(name, &reader)
            case "shape": shape = try Self.sizes(&reader)
            case "data_offsets": offsets = try Self.sizes(&reader)
            default: try reader.skip()
            }
        }
        let place = "tensor '\(name.prefix(100))'"
        guard let elementType, let shape, let offsets, offsets.count == 2,
            offsets[0] <= offsets[1]
        else {
            throw JSONError(
                offset: start,
                expected: "\(place) to have dtype, shape, and data_offsets [begin, end]",
                found: "others")
        }
        guard shape.count <= rankLimit else {
            throw JSONError(
                offset: start, expected: "\(place) to have at most \(rankLimit) axes",
                found: "\(shape.count)")
        }
        guard let count = Tensor.byteCount(of: shape, elementType) else {
            throw JSONError(
                offset: start, expected: "\(place) to have sizes whose bytes can be counted",
                found: "\(shape)")
        }
        guard count == offsets[1] - offsets[0] else {
            throw JSONError(
                offset: start,
                expected: "\(place) of \(elementType) \(shape) to have \(count) bytes",
                found: "\(offsets[1] - offsets[0])")
        }
        return Entry(
            name: name, elementType: elementType, shape: shape, offsets: offsets[0]..<offsets[1])
    }

    private static func elementType(
        _ name: String, _ reader: inout JSONReader
    ) throws(JSONError) -> ElementType {
        let start = reader.position
        let dtype = try reader.string()
        guard let elementType = ElementType(dtype: dtype) else {
            throw JSONError(
                offset: start,
                expected: "tensor '\(name.prefix(100))' to have a dtype Ferry carries "
                    + "(\(ElementType.allCases.compactMap(\.dtype).joined(separator: ", ")))",
                found: "'\(dtype.prefix(40))'")
        }
        return elementType
    }

    private static func sizes(_ reader: inout JSONReader) throws(JSONError) -> [Int] {
        var sizes: [Int] = []
        try reader.array { reader throws(JSONError) in
            let start = reader.position
            let size = try reader.integer()
            guard size >= 0 else {
                throw JSONError(offset: start, expected: "no negative number", found: "\(size)")
            }
            sizes.append(size)
        }
        return sizes
    }

    /// In the order of their offsets, each tensor begins where the one before ends, the first at 0
    /// and the last ending with the file.
    private func checkTiling(_ dataCount: Int) throws(ContentError) {
        let order = entries.sorted {
            ($0.offsets.lowerBound, $0.offsets.upperBound)
                < ($1.offsets.lowerBound, $1.offsets.upperBound)
        }
        var end = 0
        for entry in order {
            guard entry.offsets.lowerBound == end, entry.offsets.upperBound <= dataCount else {
                throw ContentError(
                    tensor: entry.name, expected: "data from \(end), inside \(dataCount) bytes",
                    found: "\(entry.offsets.lowerBound) to \(entry.offsets.upperBound)")
            }
            end = entry.offsets.upperBound
        }
        guard end == dataCount else {
            throw ContentError(
                "byte \(dataStart + end)", expected: "the end of the data",
                found: "\(dataCount - end) bytes more")
        }
    }
}
