import CJPEG
import Tensors

/// Decodes a JPEG file to RGB with libjpeg's defaults (slow integer DCT, fancy upsampling), which
/// are Pillow's.
func decodeJPEG(_ storage: ByteStorage, path: String) throws(PictureError) -> DecodedPicture {
    let file = PictureFile(path: path, format: "JPEG")
    let header = JPEGHeader(storage)
    if let coding = header.refusedCoding {
        throw file.error("header", expected: "baseline or progressive coding", found: coding)
    }
    if let precision = header.precision, precision != 8 {
        throw file.error("header", expected: "8 bits per sample", found: "\(precision)")
    }
    let result = unsafe storage.withUnsafeBytes { bytes -> Result<DecodedPicture, PictureError> in
        do throws(PictureError) {
            let decoder = try unsafe JPEGDecoder(bytes, file, header)
            return .success(try decoder.decode())
        } catch {
            return .failure(error)
        }
    }
    var decoded = try result.get()
    decoded.orientation = header.orientation
    return decoded
}

/// One libjpeg decoder; the file's bytes must outlive it.
@safe
private struct JPEGDecoder: ~Copyable {
    /// Bytes libjpeg may hold, most of them the coefficients of a progressive picture: with the
    /// pixels it stays below 1 GiB.
    private static let maximumMemory = 448 << 20
    /// Pictures up to this size are decoded whatever the size of their file.
    private static let plausiblePixelCount = 1 << 24

    private let jpeg: UnsafeMutablePointer<ferry_jpeg>
    private let file: PictureFile
    private let width: Int
    private let height: Int
    private let components: Int

    init(
        _ bytes: UnsafeRawBufferPointer, _ file: PictureFile, _ header: JPEGHeader
    ) throws(PictureError) {
        self.file = file
        unsafe jpeg = .allocate(capacity: 1)
        unsafe jpeg.initialize(to: ferry_jpeg())
        let isHeaderRead = unsafe ferry_jpeg_read_header(
            jpeg, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count),
            Self.maximumMemory)
        width = unsafe Int(jpeg.pointee.info.image_width)
        height = unsafe Int(jpeg.pointee.info.image_height)
        components = unsafe Int(jpeg.pointee.info.num_components)
        guard isHeaderRead != 0 else {
            throw file.error("header", expected: "a JPEG header", found: failure)
        }
        try Picture.check(width: width, height: height, in: file)
        try checkContent(fileSize: bytes.count, header)
    }

    deinit {
        unsafe jpeg_destroy_decompress(&jpeg.pointee.info)
        unsafe jpeg.deallocate()
    }

    /// Refuses component counts Pillow cannot read, and sizes the file cannot hold.
    private func checkContent(fileSize: Int, _ header: JPEGHeader) throws(PictureError) {
        guard [1, 3, 4].contains(components) else {
            throw file.error("header", expected: "1, 3 or 4 components", found: "\(components)")
        }
        // Huffman coding spends at least one bit on each 8×8 block, and subsampling leaves at least
        // 9 blocks for the area of 16: 910 pixels a byte. Arithmetic coding has no such bound;
        // its allowance is what flat colour needs.
        let pixelsPerByte = header.isArithmetic ? 1 << 14 : 1024
        let pixelCount = width * height
        guard pixelCount <= max(Self.plausiblePixelCount, fileSize * pixelsPerByte) else {
            throw file.error(
                "header", expected: "a size that \(fileSize) bytes can hold",
                found: "\(width)×\(height)")
        }
    }

    func decode() throws(PictureError) -> DecodedPicture {
        let samplesPerPixel = components == 4 ? 4 : 3
        unsafe jpeg.pointee.info.out_color_space = components == 4 ? JCS_CMYK : JCS_RGB
        unsafe jpeg.pointee.max_scans = Int32(maximumScanCount)
        let size = width * height * samplesPerPixel
        var isDecoded = false
        var samples = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            isDecoded = unsafe ferry_jpeg_decode(jpeg, buffer.baseAddress) != 0
            count = isDecoded ? size : 0
        }
        guard isDecoded else {
            let row = unsafe jpeg.pointee.info.output_scanline
            throw file.error(
                "row \(row) of \(height)", expected: "undamaged image data", found: failure)
        }
        if components == 4 { convertToRGB(invertedCMYK: &samples) }
        var decoded = DecodedPicture(
            picture: Picture(width: width, height: height, samples: samples))
        let remark = unsafe text(of: &jpeg.pointee.remark)
        if !remark.isEmpty { decoded.notes.append("\(remark); loaded as Pillow does") }
        return decoded
    }

    /// Every scan of a progressive file passes over the whole picture, however short it is: large
    /// pictures may have fewer, so that a small file cannot keep the decoder busy for minutes.
    private var maximumScanCount: Int {
        min(500, max(32, 250 * Self.plausiblePixelCount / (width * height)))
    }

    private var failure: String {
        let code = unsafe jpeg.pointee.errors.msg_code
        return code == Int32(JERR_NO_BACKING_STORE.rawValue)
            ? "a picture whose coefficients take more than \(Self.maximumMemory >> 20) MiB"
            : unsafe text(of: &jpeg.pointee.failure)
    }
}

/// The C string in a fixed array.
private func text<Characters>(of characters: inout Characters) -> String {
    unsafe withUnsafeBytes(of: &characters) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Makes CMYK samples RGB; they are stored inverted, as Pillow assumes of every JPEG file.
///
/// With stored c, m, y, k: `R = max(k − (255 − c)·k/255, 0)`, the quotient rounded; so G and B.
private func convertToRGB(invertedCMYK samples: inout [UInt8]) {
    let pixelCount = samples.count / 4
    for pixel in 0..<pixelCount {
        let light = Int(samples[pixel * 4 + 3])
        for channel in 0..<3 {
            let product = (255 - Int(samples[pixel * 4 + channel])) * light + 128
            let dark = ((product >> 8) + product) >> 8
            samples[pixel * 3 + channel] = UInt8(clamping: light - dark)
        }
    }
    samples.removeLast(pixelCount)
}
