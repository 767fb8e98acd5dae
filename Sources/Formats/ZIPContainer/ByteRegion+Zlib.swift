import CZlib
import Tensors

extension ByteRegion {
    /// The CRC-32 (polynomial 0x04C11DB7, reflected) that zip archives keep.
    func checksum(after previous: UInt32 = 0) -> UInt32 {
        unsafe withUnsafeBytes { bytes in unsafe crc32(of: bytes, after: previous) }
    }
}

/// The CRC-32 of what had `previous`, continued with `bytes`.
func crc32(of bytes: UnsafeRawBufferPointer, after previous: UInt32) -> UInt32 {
    // Without an address zlib gives the start value.
    guard bytes.count > 0, let base = bytes.baseAddress else { return previous }
    return unsafe UInt32(
        truncatingIfNeeded: crc32_z(
            UInt(previous), base.assumingMemoryBound(to: UInt8.self), bytes.count))
}

extension ZIPArchive {
    /// What a deflated member holds, in memory of its own.
    func inflated(_ data: ByteRegion, _ entry: ZIPEntry) throws(ZIPError) -> ByteRegion {
        // No deflate stream gives more than 1032 bytes for one.
        guard entry.size / 1032 <= data.count else {
            throw ZIPError(
                member: entry.name, expected: "at most 1032 bytes for each deflated one",
                found: "\(entry.size) for \(data.count)")
        }
        var result = ferry_inflation_damaged
        let storage = unsafe ByteStorage(count: entry.size) { output in
            unsafe data.withUnsafeBytes { input in
                result = unsafe ferry_inflate(
                    input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count,
                    output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count)
            }
        }
        if result != ferry_inflated {
            throw ZIPError(
                member: entry.name, expected: "\(entry.size) bytes of deflated data",
                found: Self.words(result))
        }
        return ByteRegion(storage)
    }

    private static func words(_ result: ferry_inflation) -> String {
        switch result {
        case ferry_inflation_too_short: "fewer"
        case ferry_inflation_too_long: "more"
        case ferry_inflation_trailing: "other bytes behind them"
        case ferry_inflation_no_memory: "no memory to inflate them"
        default: "damaged data"
        }
    }
}
