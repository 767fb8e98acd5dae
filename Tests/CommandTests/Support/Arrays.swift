import Foundation
import TestSupport

/// NumPy's own form, version 1.
func write(
    _ values: [Float], shape: [Int], as name: String, in folder: TemporaryFolder
) throws {
    let sizes = shape.map { "\($0)," }.joined()
    var header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    header += [UInt8](repeating: 0x20, count: 117 - header.count) + [0x0A]
    let data = values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> ($0 * 8) & 255) } }
    try folder.write([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + header + data, as: name)
}
