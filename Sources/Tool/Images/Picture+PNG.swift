import CPNG

extension Picture {
    /// The picture as a PNG file, by libpng; the same bytes for the same picture.
    ///
    /// - Throws: `PictureError` when libpng lacks memory.
    package func png() throws(PictureError) -> [UInt8] {
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        unsafe image.width = png_uint_32(width)
        unsafe image.height = png_uint_32(height)
        unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
        var size = 0
        guard unsafe write(&image, to: nil, size: &size) else { throw noMemory }
        var file = [UInt8](repeating: 0, count: size)
        let isWritten = unsafe file.withUnsafeMutableBytes { bytes in
            unsafe write(&image, to: bytes.baseAddress, size: &size)
        }
        guard isWritten else { throw noMemory }
        return Array(file.prefix(size))
    }

    /// Writes the file to `memory`, or without it only counts its bytes.
    private func write(
        _ image: inout png_image, to memory: UnsafeMutableRawPointer?, size: inout Int
    ) -> Bool {
        unsafe samples.withUnsafeBytes { samples in
            unsafe png_image_write_to_memory(
                &image, memory, &size, 0, samples.baseAddress, png_int_32(width * 3), nil) != 0
        }
    }

    private var noMemory: PictureError {
        PictureError(
            file: "", format: "PNG", place: "", expected: "memory for \(width)×\(height)",
            found: "none")
    }
}
