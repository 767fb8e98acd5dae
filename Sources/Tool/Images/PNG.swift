import CPNG
import Tensors

/// Decodes a PNG file to RGB as Pillow's `convert("RGB")`: alpha and colour profiles are dropped,
/// not applied; 16-bit colour keeps its high bytes; 16-bit grey is clipped at 255; an index beyond
/// the palette is black.
func decodePNG(_ storage: ByteStorage, path: String) throws(PictureError) -> DecodedPicture {
    let file = PictureFile(path: path, format: "PNG")
    let header = try PNGHeader(storage, file)
    let result = unsafe storage.withUnsafeBytes { bytes -> Result<[UInt8], PictureError> in
        do throws(PictureError) {
            let decoder = try unsafe PNGDecoder(bytes, file, header)
            return .success(try decoder.decode())
        } catch {
            return .failure(error)
        }
    }
    var samples = try result.get()
    var notes: [String] = []
    if header.isDeepGrey {
        let clipped = rgb(clippingDeepGrey: samples)
        samples = clipped.samples
        notes.append(
            "16-bit grey is clipped at 255, as Pillow does: \(clipped.count) of "
                + "\(header.width * header.height) pixels turned white")
    }
    return DecodedPicture(
        picture: Picture(width: header.width, height: header.height, samples: samples),
        orientation: header.orientation, notes: notes)
}

/// A PNG file's header chunk, and the orientation its EXIF chunk states.
private struct PNGHeader {
    let width: Int
    let height: Int
    /// Bits a pixel takes in the file.
    let bitsPerPixel: Int
    let isDeepGrey: Bool
    let orientation: Int?

    /// - Source: PNG, third edition, section 11.2.1.
    init(_ storage: ByteStorage, _ file: PictureFile) throws(PictureError) {
        guard storage.has(Array("IHDR".utf8), at: 12),
            let width = storage.integer(at: 16, size: 4),
            let height = storage.integer(at: 20, size: 4),
            let depth = storage.byte(at: 24), let color = storage.byte(at: 25)
        else {
            throw file.error("byte 8", expected: "an IHDR chunk", found: "\(storage.count) bytes")
        }
        try Picture.check(width: width, height: height, in: file)
        let samplesPerPixel = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color]
        guard let samplesPerPixel, [1, 2, 4, 8, 16].contains(depth) else {
            throw file.error(
                "IHDR", expected: "a known pixel format",
                found: "colour type \(color) with \(depth) bits")
        }
        self.width = width
        self.height = height
        bitsPerPixel = samplesPerPixel * Int(depth)
        isDeepGrey = color == 0 && depth == 16
        // Deflate makes at most 1,032 bytes of one.
        guard (width * bitsPerPixel / 8) * height <= storage.count * 1032 else {
            throw file.error(
                "IHDR", expected: "a size that \(storage.count) bytes can hold",
                found: "\(width)×\(height)")
        }
        orientation = Self.orientation(in: storage)
    }

    private static func orientation(in storage: ByteStorage) -> Int? {
        var offset = 8
        while let length = storage.integer(at: offset, size: 4),
            length <= storage.count - offset - 12
        {
            if storage.has(Array("eXIf".utf8), at: offset + 4) {
                return Images.orientation(
                    inEXIF: offset + 8..<offset + 8 + length, of: storage)
            }
            offset += length + 12
        }
        return nil
    }
}

/// One libpng decoder; the file's bytes must outlive it.
@safe
private struct PNGDecoder: ~Copyable {
    private let png: UnsafeMutablePointer<ferry_png>
    private let file: PictureFile
    private let header: PNGHeader

    init(
        _ bytes: UnsafeRawBufferPointer, _ file: PictureFile, _ header: PNGHeader
    ) throws(PictureError) {
        self.file = file
        self.header = header
        unsafe png = .allocate(capacity: 1)
        unsafe png.initialize(to: ferry_png())
        unsafe png.pointee.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe png.pointee.count = bytes.count
        guard unsafe ferry_png_read_header(png) != 0 else {
            throw file.error("header", expected: "a PNG header", found: failure)
        }
        let rowSize = unsafe png_get_rowbytes(png.pointee.png, png.pointee.info)
        guard rowSize == header.width * (header.isDeepGrey ? 2 : 3) else {
            throw file.error("header", expected: "RGB rows", found: "\(rowSize) bytes a row")
        }
    }

    deinit {
        unsafe png_destroy_read_struct(&png.pointee.png, &png.pointee.info, nil)
        unsafe png.deallocate()
    }

    /// RGB samples, or two bytes a pixel for 16-bit grey.
    func decode() throws(PictureError) -> [UInt8] {
        let size = header.width * header.height * (header.isDeepGrey ? 2 : 3)
        var isDecoded = false
        let samples = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            isDecoded = unsafe ferry_png_decode(png, buffer.baseAddress) != 0
            count = isDecoded ? size : 0
        }
        guard isDecoded else {
            let row = unsafe png.pointee.rows
            throw file.error(
                "row \(row) of \(header.height)", expected: "undamaged image data",
                found: failure)
        }
        return samples
    }

    private var failure: String {
        let text = unsafe withUnsafeBytes(of: &png.pointee.failure) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return text.isEmpty ? "no memory" : text
    }
}

/// RGB of big-endian 16-bit grey, with values above 255 taken as 255, and how many there were.
private func rgb(clippingDeepGrey samples: [UInt8]) -> (samples: [UInt8], count: Int) {
    var rgb: [UInt8] = []
    rgb.reserveCapacity(samples.count / 2 * 3)
    var clipped = 0
    for pixel in stride(from: 0, to: samples.count, by: 2) {
        let grey = samples[pixel] > 0 ? 255 : samples[pixel + 1]
        if samples[pixel] > 0 { clipped += 1 }
        for _ in 0..<3 { rgb.append(grey) }
    }
    return (rgb, clipped)
}
