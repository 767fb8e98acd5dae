/// Pictures put together byte by byte, for what no encoder writes.
enum PictureBytes {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func bigEndian(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - $0))) }
    }

    static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(kind.utf8) + data
        return bigEndian(data.count, 4) + body + bigEndian(Int(crc32(body)), 4)
    }

    static func header(width: Int, height: Int, depth: Int = 8, color: Int = 0) -> [UInt8] {
        let size = bigEndian(width, 4) + bigEndian(height, 4)
        return chunk("IHDR", size + [UInt8(depth), UInt8(color), 0, 0, 0] as [UInt8])
    }

    /// A zlib stream of one stored block.
    static func stored(_ data: [UInt8]) -> [UInt8] {
        var (low, high) = (1, 0)
        for byte in data {
            low = (low + Int(byte)) % 65521
            high = (high + low) % 65521
        }
        let length = [UInt8(data.count & 255), UInt8(data.count >> 8)]
        var stream: [UInt8] = [0x78, 0x01, 1]
        stream += length
        stream += length.map { ~$0 }
        stream += data
        return stream + bigEndian(high << 16 | low, 4)
    }

    static func png(_ chunks: [[UInt8]]) -> [UInt8] {
        signature + chunks.flatMap { $0 } + chunk("IEND", [])
    }

    /// `file` with the checksum of every chunk made right again.
    static func mended(_ file: [UInt8]) -> [UInt8] {
        var file = file
        var offset = 8
        while offset + 12 <= file.count {
            let length = file[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= file.count - offset - 12 else { break }
            let end = offset + 8 + length
            file.replaceSubrange(
                end..<end + 4, with: bigEndian(Int(crc32(file[offset + 4..<end])), 4))
            offset = end + 4
        }
        return file
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
        }
    }

    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            remainder = crcTable[Int((remainder ^ UInt32(byte)) & 255)] ^ (remainder >> 8)
        }
        return ~remainder
    }

    static func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
        [0xFF, marker] + bigEndian(data.count + 2, 2) + data
    }

    /// A grey JPEG of one Huffman code (the bit 0: no difference), with the same scan `scans` times.
    ///
    /// Each scan has one byte of data: enough for up to 7 blocks.
    static func grayJPEG(
        width: Int, height: Int, process: UInt8 = 0xC2, precision: UInt8 = 8,
        components: Int = 1, scans: Int = 1, extra: [UInt8] = []
    ) -> [UInt8] {
        let quantization = segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
        var frame = [precision]
        frame += bigEndian(height, 2)
        frame += bigEndian(width, 2)
        frame.append(UInt8(components))
        for component in 0..<components { frame += [UInt8(component + 1), 0x11, 0] }
        let codes: [UInt8] = [0, 1] + [UInt8](repeating: 0, count: 16)
        let scan: [UInt8] = segment(0xDA, [1, 1, 0, 0, 0, 0]) + [0x01]
        var file: [UInt8] = [0xFF, 0xD8]
        file += extra
        file += quantization
        file += segment(process, frame)
        file += segment(0xC4, codes)
        for _ in 0..<scans { file += scan }
        return file + [0xFF, 0xD9]
    }

    /// A black-and-grey baseline JPEG with a restart marker after every block but the last.
    static func restartingJPEG(blocksWide: Int, blocksHigh: Int) -> [UInt8] {
        var file: [UInt8] = [0xFF, 0xD8]
        file += segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
        let size = bigEndian(blocksHigh * 8, 2) + bigEndian(blocksWide * 8, 2)
        file += segment(0xC0, [8] + size + [1, 1, 0x11, 0])
        for table: UInt8 in [0x00, 0x10] {
            file += segment(0xC4, [table, 1] + [UInt8](repeating: 0, count: 16))
        }
        file += segment(0xDD, [0, 1])
        file += segment(0xDA, [1, 1, 0, 0, 63, 0])
        for block in 0..<blocksWide * blocksHigh {
            if block > 0 { file += [0xFF, 0xD0 + UInt8((block - 1) % 8)] }
            // No difference, end of block, and ones up to the byte's end.
            file.append(0x3F)
        }
        return file + [0xFF, 0xD9]
    }
}
