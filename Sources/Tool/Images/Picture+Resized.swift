/// Resizing, bit for bit as Pillow's `Image.resize` on 8-bit pictures.
extension Picture {
    /// The picture stretched to `size`.
    ///
    /// Every filter but `nearest` widens when shrinking, works in two passes, one along each axis
    /// whose size changes, and rounds to 8 bits after each. The vertical pass comes first exactly
    /// when it removes rows, and more than twice as many as columns go: the rule of Pillow 13
    /// (Pillow up to 12.1 always went horizontally first).
    ///
    /// - Precondition: the size is positive.
    package func resized(
        to size: (width: Int, height: Int), filter: ResamplingFilter
    ) -> Picture {
        precondition(size.width > 0 && size.height > 0)
        if size == (width, height) { return self }
        if filter == .nearest { return nearest(size) }
        if size.height < height, height - size.height > 2 * (width - size.width) {
            return resampledRows(to: size.height, filter).resampledColumns(to: size.width, filter)
        }
        return resampledColumns(to: size.width, filter).resampledRows(to: size.height, filter)
    }

    /// The picture with its shorter side at `short` and its proportions kept, as torchvision's
    /// `Resize(short)`, which is bilinear: the long side is `short · long / short side`, truncated.
    ///
    /// - Throws: `PictureError` when the picture is so thin that the result would be too large.
    package func withShortSide(
        _ short: Int, filter: ResamplingFilter = .bilinear
    ) throws(PictureError) -> Picture {
        if min(width, height) == short { return self }
        let long = Int(Double(short * max(width, height)) / Double(min(width, height)))
        guard short > 0, short * long <= Picture.maximumPixelCount, long <= 1 << 20 else {
            throw PictureError(
                file: "", format: "", place: "resizing", expected: "a picture less thin",
                found: "\(width)×\(height), resized \(short)×\(long)")
        }
        return resized(
            to: width <= height ? (width: short, height: long) : (width: long, height: short),
            filter: filter)
    }

    private func nearest(_ size: (width: Int, height: Int)) -> Picture {
        let columns = nearestPositions(from: width, to: size.width)
        var samples: [UInt8] = []
        samples.reserveCapacity(size.width * size.height * 3)
        for row in nearestPositions(from: height, to: size.height) {
            for column in columns {
                let pixel = (row * width + column) * 3
                samples.append(self.samples[pixel])
                samples.append(self.samples[pixel + 1])
                samples.append(self.samples[pixel + 2])
            }
        }
        return Picture(width: size.width, height: size.height, samples: samples)
    }

    /// The picture with `newWidth` columns.
    private func resampledColumns(to newWidth: Int, _ filter: ResamplingFilter) -> Picture {
        if newWidth == width { return self }
        let resampling = ResamplingWeights(from: width, to: newWidth, filter: filter)
        let weights = resampling.weights.span
        let source = samples.span
        var output: [UInt8] = []
        output.reserveCapacity(newWidth * height * 3)
        for row in 0..<height {
            for (column, window) in resampling.windows.enumerated() {
                var pixel = (row * width + window.first) * 3
                let first = column * resampling.stride
                var (red, green, blue) = (half, half, half)
                for index in first..<first + window.count {
                    let weight = weights[index]
                    red &+= weight &* Int32(source[pixel])
                    green &+= weight &* Int32(source[pixel + 1])
                    blue &+= weight &* Int32(source[pixel + 2])
                    pixel += 3
                }
                output.append(rounded(red))
                output.append(rounded(green))
                output.append(rounded(blue))
            }
        }
        return Picture(width: newWidth, height: height, samples: output)
    }

    /// The picture with `newHeight` rows.
    private func resampledRows(to newHeight: Int, _ filter: ResamplingFilter) -> Picture {
        if newHeight == height { return self }
        let resampling = ResamplingWeights(from: height, to: newHeight, filter: filter)
        let length = width * 3
        var output: [UInt8] = []
        output.reserveCapacity(newHeight * length)
        var sums = [Int32](repeating: half, count: length)
        for (row, window) in resampling.windows.enumerated() {
            for index in 0..<length { sums[index] = half }
            for offset in 0..<window.count {
                add(
                    row: window.first + offset, of: samples.span,
                    times: resampling.weights[row * resampling.stride + offset], to: &sums)
            }
            for sum in sums { output.append(rounded(sum)) }
        }
        return Picture(width: width, height: newHeight, samples: output)
    }
}

/// ½ in the fixed point of the weights: sums start from it, so that shifting rounds.
private let half: Int32 = 1 << (ResamplingWeights.fractionBits - 1)

private func rounded(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> Int32(ResamplingWeights.fractionBits))
}

private func add(row: Int, of samples: Span<UInt8>, times weight: Int32, to sums: inout [Int32]) {
    let line = samples.extracting(row * sums.count..<(row + 1) * sums.count)
    for index in sums.indices {
        sums[index] &+= weight &* Int32(line[index])
    }
}

/// Which of `inputSize` pixels each of `outputSize` pixels takes: the one that holds its centre.
private func nearestPositions(from inputSize: Int, to outputSize: Int) -> [Int] {
    let scale = Double(inputSize) / Double(outputSize)
    // Pillow steps by addition; a product would sometimes round to the neighbour.
    var center = scale * 0.5
    var positions: [Int] = []
    positions.reserveCapacity(outputSize)
    for _ in 0..<outputSize {
        positions.append(min(Int(center), inputSize - 1))
        center += scale
    }
    return positions
}
