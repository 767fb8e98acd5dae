package import Tensors

/// What to do with a picture that its EXIF data calls turned or mirrored.
package enum EXIFHandling: String, CaseIterable, Sendable {
    /// Leave it as stored, as Pillow, torchvision and Keras do.
    case ignore
    /// Turn it upright.
    case apply
}

/// Reading picture files.
extension Picture {
    /// Decodes a JPEG or PNG file to the pixels that Pillow's `open(path).convert("RGB")` gives.
    ///
    /// - Parameters:
    ///   - storage: the whole file.
    ///   - path: its name in messages.
    /// - Returns: the picture, and what its user should hear about: one sentence each.
    /// - Throws: `PictureError` when the file is neither JPEG nor PNG, is damaged, cut short or too
    ///   large, or holds a kind of JPEG or PNG that cannot be read.
    package static func decode(
        _ storage: ByteStorage, path: String, exif: EXIFHandling = .ignore
    ) throws(PictureError) -> (picture: Picture, notes: [String]) {
        var decoded: DecodedPicture
        switch PictureKind(of: storage) {
        case .jpeg: decoded = try decodeJPEG(storage, path: path)
        case .png: decoded = try decodePNG(storage, path: path)
        case .other(let name):
            throw PictureError(
                file: path, format: "picture", place: "byte 0", expected: "a JPEG or PNG file",
                found: name)
        }
        if let orientation = decoded.orientation, orientation != 1 {
            switch exif {
            case .apply: decoded.picture = decoded.picture.upright(from: orientation)
            case .ignore:
                decoded.notes.append(
                    "EXIF orientation \(orientation) ignored, as the reference loaders do")
            }
        }
        return (decoded.picture, decoded.notes)
    }

    /// Whether a file begins as those that `decode` reads; it may still be damaged.
    package static func isPicture(_ storage: ByteStorage) -> Bool {
        switch PictureKind(of: storage) {
        case .jpeg, .png: true
        case .other: false
        }
    }

    /// Pixels a file claims to have, before any is decoded; 0 when it does not say.
    package static func claimedPixelCount(of storage: ByteStorage) -> Int {
        switch PictureKind(of: storage) {
        case .jpeg: return JPEGHeader(storage).pixelCount
        case .png:
            let sides = [16, 20].map { storage.integer(at: $0, size: 4) ?? 0 }
            let (count, overflow) = sides[0].multipliedReportingOverflow(by: sides[1])
            return overflow ? .max : count
        case .other: return 0
        }
    }

    /// Refuses sizes that cannot be pictures, before anything is allocated for them.
    static func check(width: Int, height: Int, in file: PictureFile) throws(PictureError) {
        guard width > 0, height > 0 else {
            throw file.error("header", expected: "a size", found: "\(width)×\(height) pixels")
        }
        guard width <= maximumPixelCount / height else {
            throw file.error(
                "header", expected: "at most \(maximumPixelCount) pixels",
                found: "\(width)×\(height)")
        }
    }
}

/// What a decoder hands back.
struct DecodedPicture {
    var picture: Picture
    /// EXIF orientation, 1…8, when the file states one.
    var orientation: Int?
    var notes: [String] = []
}

/// Names a file and its format in errors.
struct PictureFile {
    let path: String
    let format: String

    func error(_ place: String, expected: String, found: String) -> PictureError {
        PictureError(file: path, format: format, place: place, expected: expected, found: found)
    }
}

/// What a file is, told from its first bytes.
enum PictureKind: Equatable {
    case jpeg
    case png
    /// Not read; the name says what it seems to be.
    case other(String)

    /// Beginnings of files, after `offset` bytes, that are refused by name.
    private static let refused: [(offset: Int, magic: String, name: String)] = [
        (0, "GIF8", "a GIF file"), (8, "WEBP", "a WebP file"), (0, "BM", "a BMP file"),
        (0, "II*\0", "a TIFF file"), (0, "MM\0*", "a TIFF file"), (0, "%PDF", "a PDF file"),
        (0, "8BPS", "a Photoshop file"), (0, "<svg", "an SVG file"),
        (4, "ftypavif", "an AVIF file"), (4, "ftypavis", "an AVIF file"),
        (4, "ftyphei", "a HEIC file"), (4, "ftyphev", "a HEIC file"),
        (4, "ftypmif1", "a HEIC file"), (4, "ftypmsf1", "a HEIC file"),
        (4, "JXL ", "a JPEG XL file"), (4, "jP  ", "a JPEG 2000 file"),
    ]

    init(of storage: ByteStorage) {
        if storage.has([0xFF, 0xD8, 0xFF], at: 0) {
            self = .jpeg
        } else if storage.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) {
            self = .png
        } else if let kind = Self.refused.first(where: {
            storage.has(Array($0.magic.utf8), at: $0.offset)
        }) {
            self = .other(kind.name)
        } else if storage.count == 0 {
            self = .other("an empty file")
        } else {
            self = .other(Self.describe(storage))
        }
    }

    private static func describe(_ storage: ByteStorage) -> String {
        let start = (0..<min(storage.count, 1024)).compactMap { storage.byte(at: $0) }
        let text = String(decoding: start, as: UTF8.self)
        if text.hasPrefix("<?xml"), text.contains("<svg") { return "an SVG file" }
        let digits = start.prefix(4).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }
        return "bytes " + digits.joined(separator: " ")
    }
}

/// Reading numbers at any place of a file, nil beyond its end.
extension ByteStorage {
    func byte(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < count else { return nil }
        return unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    func has(_ magic: [UInt8], at offset: Int) -> Bool {
        magic.indices.allSatisfy { byte(at: offset + $0) == magic[$0] }
    }

    /// An unsigned number of `size` bytes, most significant first unless `isLittleEndian`.
    func integer(at offset: Int, size: Int, isLittleEndian: Bool = false) -> Int? {
        var value = 0
        for index in 0..<size {
            let place = isLittleEndian ? size - 1 - index : index
            guard let byte = byte(at: offset + place) else { return nil }
            value = value << 8 | Int(byte)
        }
        return value
    }
}
