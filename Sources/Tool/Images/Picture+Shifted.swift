package import Tensors

/// Colour moved by one amount a channel.
extension Picture {
    /// The picture with `shift` added to each pixel, rounded to nearest and kept in 0…255.
    ///
    /// - Parameter shift: of red, green and blue, in units of 255.
    package func shifted(by shift: [Double]) -> Picture {
        precondition(shift.count == 3)
        if shift == [0, 0, 0] { return self }
        let tables = shift.map { shift in
            (0..<256).map { value in
                UInt8(min(max((Double(value) + 255 * shift).rounded(), 0), 255))
            }
        }
        var moved = samples
        for start in stride(from: 0, to: moved.count, by: 3) {
            for channel in 0..<3 {
                moved[start + channel] = tables[channel][Int(moved[start + channel])]
            }
        }
        return Picture(width: width, height: height, samples: moved)
    }

    /// The values v/255 + `shift`, neither rounded nor clipped: float32 [3, height, width], red,
    /// green, blue; each is rounded once, from double precision.
    package func planes(shiftedBy shift: [Double]) -> Tensor {
        precondition(shift.count == 3)
        var values: [Float] = []
        values.reserveCapacity(samples.count)
        for channel in 0..<3 {
            let table = (0..<256).map { Float(Double($0) / 255 + shift[channel]) }
            for sample in stride(from: channel, to: samples.count, by: 3) {
                values.append(table[Int(samples[sample])])
            }
        }
        return Tensor(values, shape: [3, height, width])
    }
}
