package import Tensors

extension Picture {
    /// A network's input as people can look at it: three channels as red, green and blue, else the
    /// first as grey; values stretched so that the smallest is black and the largest white.
    ///
    /// Larger inputs are averaged over squares until both sides have at most `side` pixels.
    ///
    /// - Parameter tensor: [channels, height, width].
    /// - Returns: nil when the tensor has another rank, no elements, or a side above 65,535.
    package init?(stretching tensor: Tensor, side: Int) {
        guard tensor.rank == 3, tensor.elementCount > 0, side > 0,
            max(tensor.shape[1], tensor.shape[2]) <= 0xFFFF
        else { return nil }
        let (height, width) = (tensor.shape[1], tensor.shape[2])
        let channels = tensor.shape[0] == 3 ? 3 : 1
        let values = tensor.doubles().prefix(channels * height * width)
        let finite = values.lazy.filter(\.isFinite)
        let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
        let scale = high > low ? 255 / (high - low) : 0
        let step = (max(height, width) + side - 1) / side
        let size = (width: (width + step - 1) / step, height: (height + step - 1) / step)
        var samples: [UInt8] = []
        samples.reserveCapacity(size.width * size.height * 3)
        for row in 0..<size.height {
            for column in 0..<size.width {
                for channel in 0..<3 {
                    let plane = min(channel, channels - 1) * height * width
                    var (sum, count) = (0.0, 0.0)
                    for y in row * step..<min((row + 1) * step, height) {
                        for x in column * step..<min((column + 1) * step, width) {
                            let value = values[plane + y * width + x]
                            sum += value.isFinite ? value : low
                            count += 1
                        }
                    }
                    samples.append(UInt8(min(max((sum / count - low) * scale, 0), 255)))
                }
            }
        }
        self.init(width: size.width, height: size.height, samples: samples)
    }
}
