import CZlib
import FormatInterface
import Synchronization
import Tensors

extension ByteRegion {
    /// The CRC-32 that zip archives keep.
    func checksum() -> UInt32 {
        let whole = PiecewiseChecksum()
        unsafe Pieces.each(of: (count + Pieces.size - 1) / Pieces.size, bufferBytes: 0) {
            number, _ in
            let start = number * Pieces.size
            let end = min(start + Pieces.size, count)
            whole.add(bytes.extracting(start..<end), at: start)
        }
        return whole.value()
    }
}

/// The CRC-32 (polynomial 0x04C11DB7, reflected) of bytes whose pieces several threads see, in any
/// order.
final class PiecewiseChecksum: Sendable {
    private struct Piece {
        var start: Int
        var count: Int
        var checksum: UInt
    }

    private let pieces = Mutex<[Piece]>([])

    func add(_ bytes: RawSpan, at start: Int) {
        let count = bytes.byteCount
        let checksum = unsafe bytes.withUnsafeBytes { bytes in
            unsafe ferry_crc32(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        pieces.withLock { $0.append(Piece(start: start, count: count, checksum: checksum)) }
    }

    /// The checksum of all pieces behind bytes whose checksum is `previous`.
    func value(after previous: UInt32 = 0) -> UInt32 {
        let ordered = pieces.withLock { $0.sorted { $0.start < $1.start } }
        let sum = ordered.reduce(UInt(previous)) { sum, piece in
            crc32_combine(sum, piece.checksum, piece.count)
        }
        return UInt32(truncatingIfNeeded: sum)
    }
}

extension ZIPArchive {
    /// What a deflated member holds, in memory of its own.
    func inflated(_ data: ByteRegion, _ entry: ZIPEntry) throws(ContentError) -> ByteRegion {
        // No deflate stream gives more than 1032 bytes for one.
        guard entry.size / 1032 <= data.count else {
            throw ContentError(
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
            throw ContentError(
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
