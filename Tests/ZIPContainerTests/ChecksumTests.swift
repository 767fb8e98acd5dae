import CZlib
import TestSupport
import Testing

/// The checksum by carry-less products, where the CPU has them, and zlib's.
@Suite struct Checksums {
    @Test func `bytes of any length and address have the checksum that zip defines`() {
        var generator = SeededGenerator(seed: 7)
        let bytes = (0..<1200).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        for count in 0..<400 {
            let start = count % 17
            let part = Array(bytes[start..<start + count])
            #expect(unsafe ferry_crc32(part, count) == UInt(crc32(part)), "\(count) bytes")
        }
    }

    @Test(arguments: [63, 64, 65, 127, 128, 129, 1 << 16, 1 << 20 + 5])
    func `long runs of one byte have zlib's checksum`(_ count: Int) {
        for byte in [UInt8(0), 0xFF, 0x5A] {
            let bytes = [UInt8](repeating: byte, count: count)
            let zlib = unsafe crc32_z(0, bytes, count)
            #expect(unsafe ferry_crc32(bytes, count) == zlib, "\(byte)")
        }
    }
}
