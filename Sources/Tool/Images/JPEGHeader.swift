import Tensors

/// What the marker segments before a JPEG file's first scan say.
///
/// Damage is left for libjpeg to find: this reads as far as it can.
struct JPEGHeader {
    /// The frame's kind of coding: the marker's low nibble, as in SOF0…SOF15.
    private(set) var process: Int?
    /// Bits per sample.
    private(set) var precision: Int?
    /// Pixels the frame claims to have; 0 where it does not say.
    private(set) var pixelCount = 0
    private(set) var orientation: Int?

    init(_ storage: ByteStorage) {
        var offset = 2
        while let marker = Self.nextMarker(in: storage, from: &offset) {
            switch marker {
            case 0xD9, 0xDA: return
            case 0x01, 0xD0...0xD8: continue
            default: break
            }
            guard let length = storage.integer(at: offset, size: 2), length >= 2 else { return }
            read(marker, storage, offset + 2..<offset + length)
            offset += length
        }
    }

    private mutating func read(_ marker: UInt8, _ storage: ByteStorage, _ segment: Range<Int>) {
        switch marker {
        case 0xC4, 0xC8, 0xCC: return
        case 0xC0...0xCF where process == nil:
            process = Int(marker & 0x0F)
            precision = storage.integer(at: segment.lowerBound, size: 1)
            let sides = [1, 3].map { storage.integer(at: segment.lowerBound + $0, size: 2) ?? 0 }
            pixelCount = sides[0] * sides[1]
        case 0xE1 where orientation == nil:
            guard segment.count > 6, segment.upperBound <= storage.count,
                storage.has(Array("Exif\0\0".utf8), at: segment.lowerBound)
            else { return }
            orientation = Images.orientation(
                inEXIF: segment.lowerBound + 6..<segment.upperBound, of: storage)
        default: return
        }
    }

    /// The marker at `offset` or after it; `offset` moves behind it.
    private static func nextMarker(in storage: ByteStorage, from offset: inout Int) -> UInt8? {
        while let byte = storage.byte(at: offset) {
            offset += 1
            guard byte == 0xFF else { continue }
            while storage.byte(at: offset) == 0xFF { offset += 1 }
            guard let marker = storage.byte(at: offset) else { return nil }
            offset += 1
            if marker != 0 { return marker }
        }
        return nil
    }

    /// The coding's name when no library here can decode it.
    var refusedCoding: String? {
        switch process {
        case 3: "lossless coding (SOF3)"
        case 11: "lossless arithmetic coding (SOF11)"
        case .some(let number) where number >= 5 && number != 9 && number != 10:
            "hierarchical coding (SOF\(number))"
        default: nil
        }
    }

    /// Whether the entropy coder is arithmetic, which has no least number of bits a block.
    var isArithmetic: Bool { process.map { $0 >= 9 } ?? false }
}
