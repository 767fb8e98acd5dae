import KernelInterface

/// Reads a buffer from end to end: the machine's memory ceiling.
@inline(never)
func probeRead(_ buffer: UnsafeRawBufferPointer) -> Float {
    guard let base = buffer.baseAddress else { return 0 }
    var (sum0, sum1, sum2, sum3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var offset = 0
    while offset + 256 <= buffer.count {
        unsafe sum0 += base.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
        unsafe sum1 += base.loadUnaligned(fromByteOffset: offset + 64, as: Lanes.self)
        unsafe sum2 += base.loadUnaligned(fromByteOffset: offset + 128, as: Lanes.self)
        unsafe sum3 += base.loadUnaligned(fromByteOffset: offset + 192, as: Lanes.self)
        offset += 256
    }
    return sum((sum0 + sum1) + (sum2 + sum3))
}
