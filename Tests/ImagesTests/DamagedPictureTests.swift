import Images
import Tensors
import Testing

/// Damaged and hostile files end in one line, soon, without much memory.
struct DamagedPictureTests {
    /// What decoding says: the picture's size, or the error.
    static func outcome(_ bytes: [UInt8]) -> String {
        do throws(PictureError) {
            let picture = try Picture.decode(ByteStorage(bytes), path: "file").picture
            return "\(picture.width)×\(picture.height)"
        } catch {
            return error.description
        }
    }

    static let samples = [
        "jpeg_420.jpg", "jpeg_progressive.jpg", "jpeg_restart.jpg", "jpeg_cmyk.jpg",
        "jpeg_arithmetic.jpg", "png_rgb8.png", "png_palette_trns.png", "png_interlaced_rgba16.png",
        "png_grey16.png",
    ]

    @Test(arguments: samples)
    func `a file cut anywhere is refused`(_ name: String) throws {
        let whole = try PictureFixtures.bytes("formats/\(name)")
        let format = name.hasSuffix("jpg") ? "JPEG" : "PNG"
        for cut in 0..<120 {
            let length = whole.count - 1 - cut * cut * (whole.count - 1) / (119 * 119)
            let outcome = Self.outcome(Array(whole.prefix(length)))
            let start = length < (format == "PNG" ? 8 : 3) ? "file: picture: " : "file: \(format): "
            #expect(outcome.hasPrefix(start), "cut to \(length) bytes")
            #expect(outcome.contains("expected") && outcome.contains(", found"))
        }
    }

    @Test(arguments: samples)
    func `random damage never crashes`(_ name: String) throws {
        let whole = try PictureFixtures.bytes("formats/\(name)")
        var random = SeededGenerator(state: 0xF3)
        for round in 0..<1000 {
            var bytes = whole
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            if round % 2 == 0, name.hasSuffix("png") { bytes = PictureBytes.mended(bytes) }
            #expect(!Self.outcome(bytes).contains("\n"))
        }
    }

    @Test func `a wrong checksum in any chunk is an error`() throws {
        let pixels = PictureBytes.chunk("IDAT", PictureBytes.stored([0, 7]))
        let comment = PictureBytes.chunk("tEXt", Array("a\0b".utf8))
        let header = PictureBytes.header(width: 1, height: 1)
        #expect(Self.outcome(PictureBytes.png([header, comment, pixels])) == "1×1")
        for damaged in 0..<3 {
            var chunks = [header, comment, pixels]
            chunks[damaged][chunks[damaged].count - 1] ^= 1
            #expect(Self.outcome(PictureBytes.png(chunks)).contains("CRC error"))
        }
    }

    @Test(arguments: [
        (0, 1, "expected a size, found 0×1 pixels"), (1, 0, "expected a size, found 1×0 pixels"),
        (30_000, 30_000, "expected at most 178956970 pixels, found 30000×30000"),
        (1 << 31, 1 << 31, "expected at most 178956970 pixels"),
        (13_000, 13_000, "expected a size that 69 bytes can hold, found 13000×13000"),
        (0xFFFF_FFFF, 0xFFFF_FFFF, "found 4294967295×4294967295"),
        (0xFFFF_FFFF, 1, "expected at most 178956970 pixels"),
        (100_000_000, 1, "expected a size that 69 bytes can hold"),
    ])
    func `a PNG of impossible size is refused`(_ width: Int, _ height: Int, _ problem: String) {
        let pixels = PictureBytes.chunk("IDAT", PictureBytes.stored([0]))
        let file = PictureBytes.png([PictureBytes.header(width: width, height: height), pixels])
        #expect(Self.outcome(file).contains(problem))
    }

    @Test func `a PNG with missing pixels, too many, or none`() {
        let header = PictureBytes.header(width: 2, height: 2)
        func file(_ data: [UInt8]) -> [UInt8] {
            PictureBytes.png([header, PictureBytes.chunk("IDAT", PictureBytes.stored(data))])
        }
        #expect(Self.outcome(file([0, 1, 2, 0, 3, 4])) == "2×2")
        #expect(Self.outcome(file([0, 1, 2, 0, 3])).contains("row 1 of 2: expected undamaged"))
        #expect(
            Self.outcome(file([0, 1, 2, 0, 3, 4] + [UInt8](repeating: 0, count: 60_000))) == "2×2")
        #expect(Self.outcome(PictureBytes.png([header])).hasPrefix("file: PNG: header: expected"))
    }

    @Test func `a palette index without a colour is black`() throws {
        let palette = PictureBytes.chunk("PLTE", [1, 2, 3, 4, 5, 6])
        let indices = PictureBytes.chunk("IDAT", PictureBytes.stored([0, 1, 2, 255]))
        let header = PictureBytes.header(width: 3, height: 1, color: 3)
        let file = ByteStorage(PictureBytes.png([header, palette, indices]))
        let picture = try Picture.decode(file, path: "file").picture
        #expect(picture.samples == [4, 5, 6, 0, 0, 0, 0, 0, 0])
    }

    @Test func `an animated PNG is its first picture`() throws {
        let animation = PictureBytes.chunk("acTL", PictureBytes.bigEndian(1, 4) + [0, 0, 0, 0])
        let pixels = PictureBytes.chunk("IDAT", PictureBytes.stored([0, 7]))
        let frame = PictureBytes.chunk("fdAT", [0, 0, 0, 1, 9, 9])
        let header = PictureBytes.header(width: 1, height: 1)
        #expect(Self.outcome(PictureBytes.png([header, animation, pixels, frame])) == "1×1")
    }

    @Test func `a JPEG of impossible size is refused`() {
        #expect(Self.outcome(PictureBytes.grayJPEG(width: 8, height: 8)) == "8×8")
        #expect(
            Self.outcome(PictureBytes.grayJPEG(width: 30_000, height: 30_000))
                == "file: JPEG: header: expected at most 178956970 pixels, found 30000×30000")
        #expect(
            Self.outcome(PictureBytes.grayJPEG(width: 13_000, height: 13_000))
                .contains("expected a size that"))
        for (width, height) in [(0, 8), (8, 0)] {
            #expect(
                Self.outcome(PictureBytes.grayJPEG(width: width, height: height))
                    .hasPrefix("file: JPEG: header: expected a JPEG header, found"))
        }
    }

    @Test func `a JPEG may repeat its scans only so often`() {
        #expect(Self.outcome(PictureBytes.grayJPEG(width: 8, height: 8, scans: 400)) == "8×8")
        #expect(
            Self.outcome(PictureBytes.grayJPEG(width: 8, height: 8, scans: 600))
                == "file: JPEG: row 0 of 8: expected undamaged image data, found more than 500 scans"
        )
    }

    @Test func `a hundred thousand restart markers load`() throws {
        let file = PictureBytes.restartingJPEG(blocksWide: 400, blocksHigh: 250)
        let picture = try Picture.decode(ByteStorage(file), path: "file").picture
        #expect(picture == Picture(3200, 2000) { _, _, _ in 128 })
    }

    @Test func `a large progressive picture beyond the memory allowance is refused by name`() {
        let scanned = [UInt8](repeating: 0, count: 200_000)
        var file = PictureBytes.grayJPEG(width: 13_000, height: 13_000, components: 3)
        file.insert(contentsOf: scanned, at: file.count - 2)
        #expect(Self.outcome(file).contains("coefficients take more than 448 MiB"))
    }

    @Test func `compressed text and profiles are passed over, however large they would become`() {
        let bomb = PictureBytes.stored([UInt8](repeating: 0, count: 60_000))
        let pixels = PictureBytes.chunk("IDAT", PictureBytes.stored([0, 7]))
        let text = PictureBytes.chunk("zTXt", Array("a\0\0".utf8) + bomb)
        let profile = PictureBytes.chunk("iCCP", Array("b\0\0".utf8) + bomb)
        let header = PictureBytes.header(width: 1, height: 1)
        #expect(Self.outcome(PictureBytes.png([header, profile, text, pixels])) == "1×1")
    }
}
