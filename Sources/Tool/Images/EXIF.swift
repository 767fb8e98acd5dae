import Tensors

/// The orientation (tag 0x0112) in EXIF data, or nil when there is none or the data is broken.
///
/// - Parameter range: where in `storage` the data, a TIFF header and its first directory, lies.
///   Offsets inside count from its start.
/// - Source: EXIF 2.32, sections 4.5 and 4.6.4.
func orientation(inEXIF range: Range<Int>, of storage: ByteStorage) -> Int? {
    let isLittleEndian = storage.has([0x49, 0x49], at: range.lowerBound)
    guard isLittleEndian || storage.has([0x4D, 0x4D], at: range.lowerBound) else { return nil }
    func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset <= range.count - size else { return nil }
        return storage.integer(
            at: range.lowerBound + offset, size: size, isLittleEndian: isLittleEndian)
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else {
        return nil
    }
    for entry in 0..<count {
        let start = directory + 2 + entry * 12
        guard let tag = number(start, 2) else { return nil }
        if tag == 0x0112 {
            let isOneShort = number(start + 2, 2) == 3 && number(start + 4, 4) == 1
            guard isOneShort, let value = number(start + 8, 2), 1...8 ~= value else { return nil }
            return value
        }
    }
    return nil
}
