import Images
import Tensors
import Testing

/// Files that are fine, but of a kind that is not read, are refused by name.
struct RefusedPictureTests {
    @Test(arguments: [
        ("GIF89a", "a GIF file"), ("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ", "a WebP file"),
        ("BM______", "a BMP file"), ("II*\0", "a TIFF file"), ("MM\0*", "a TIFF file"),
        ("%PDF-1.7", "a PDF file"), ("\0\0\0 ftypheic", "a HEIC file"),
        ("\0\0\0 ftypavif", "an AVIF file"), ("<svg xmlns=", "an SVG file"),
        ("<?xml version='1.0'?>\n<svg>", "an SVG file"), ("", "an empty file"),
        ("text", "bytes 74 65 78 74"),
    ])
    func `other kinds of files are named`(_ content: String, _ name: String) {
        #expect(
            DamagedPictureTests.outcome(Array(content.utf8))
                == "file: picture: byte 0: expected a JPEG or PNG file, found \(name)")
    }

    @Test(
        arguments: [
            (0xC3, "lossless coding (SOF3)"), (0xC5, "hierarchical coding (SOF5)"),
            (0xCB, "lossless arithmetic coding (SOF11)"), (0xCF, "hierarchical coding (SOF15)"),
        ] as [(UInt8, String)])
    func `JPEG codings that no library here knows are named`(_ process: UInt8, _ name: String) {
        #expect(
            DamagedPictureTests.outcome(
                PictureBytes.grayJPEG(width: 8, height: 8, process: process))
                == "file: JPEG: header: expected baseline or progressive coding, found \(name)")
    }

    @Test func `12-bit JPEGs and odd component counts are named`() {
        #expect(
            DamagedPictureTests.outcome(
                PictureBytes.grayJPEG(width: 8, height: 8, process: 0xC1, precision: 12))
                == "file: JPEG: header: expected 8 bits per sample, found 12")
        #expect(
            DamagedPictureTests.outcome(
                PictureBytes.grayJPEG(width: 8, height: 8, components: 2))
                == "file: JPEG: header: expected 1, 3 or 4 components, found 2")
    }

    @Test func `an orientation is ignored with a note, or applied`() throws {
        let ignored = try PictureFixtures.decode("formats/jpeg_exif_6.jpg")
        #expect(ignored.picture.width == 53)
        #expect(ignored.notes == ["EXIF orientation 6 ignored, as the reference loaders do"])
        let applied = try PictureFixtures.decode("formats/jpeg_exif_6.jpg", exif: .apply)
        #expect(applied.picture == ignored.picture.upright(from: 6))
        #expect(applied.picture.width == 37)
        #expect(applied.notes.isEmpty)
    }

    @Test(arguments: [
        "Exif\0\0", "Exif\0\0MM\0*", "Exif\0\0II*\0\u{7F}\u{7F}\u{7F}\u{7F}",
        "Exif\0\0MM\0*\0\0\0\u{8}\u{7F}\u{7F}", "Exif\0\0XX\0*\0\0\0\u{8}\0\u{1}",
        "Exif\0\0MM\0*\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{3}\0\0\0\u{1}\0\u{9}\0\0",
    ])
    func `broken EXIF data is passed over`(_ data: String) throws {
        let file = PictureBytes.grayJPEG(
            width: 8, height: 4, extra: PictureBytes.segment(0xE1, Array(data.utf8)))
        let decoded = try Picture.decode(ByteStorage(file), path: "file", exif: .apply)
        #expect(decoded.picture.width == 8)
        #expect(decoded.notes.isEmpty)
    }

    @Test func `what Pillow changes silently is noted`() throws {
        let grey = try PictureFixtures.decode("formats/png_grey16.png").notes
        #expect(grey.count == 1)
        #expect(grey.first?.hasPrefix("16-bit grey is clipped at 255") == true)
        let extraneous = try PictureFixtures.decode("formats/jpeg_extraneous.jpg").notes
        #expect(extraneous.count == 1)
        #expect(extraneous.first?.contains("extraneous bytes before marker 0xd9") == true)
    }

    @Test func `a file name stays on one line`() {
        let error = PictureError(
            file: "a\nb", format: "PNG", place: "IHDR", expected: "a size", found: "0×1")
        #expect(error.description == #"a\u{a}b: PNG: IHDR: expected a size, found 0×1"#)
    }
}
