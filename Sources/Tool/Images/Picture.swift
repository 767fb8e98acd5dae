/// Pixels of 8-bit red, green and blue, row by row from the top left; never empty.
package struct Picture: Equatable, Sendable {
    /// The most pixels a picture may have: beyond it Pillow, too, refuses to open a file.
    package static let maximumPixelCount = 178_956_970

    package let width: Int
    package let height: Int
    /// Samples [height, width, 3].
    package let samples: [UInt8]

    /// - Precondition: the sizes are positive and the samples fill them.
    package init(width: Int, height: Int, samples: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture of \(width)×\(height) pixels")
        precondition(samples.count == width * height * 3, "samples do not fill the picture")
        self.width = width
        self.height = height
        self.samples = samples
    }

    /// The part of `width`×`height` pixels whose first pixel is at (`left`, `top`).
    ///
    /// - Precondition: the part lies inside the picture.
    package func cropped(left: Int, top: Int, width: Int, height: Int) -> Picture {
        precondition(left >= 0 && top >= 0 && width > 0 && height > 0)
        precondition(left <= self.width - width && top <= self.height - height)
        if width == self.width, height == self.height { return self }
        var part: [UInt8] = []
        part.reserveCapacity(width * height * 3)
        for row in top..<top + height {
            let start = (row * self.width + left) * 3
            part += samples[start..<start + width * 3]
        }
        return Picture(width: width, height: height, samples: part)
    }

    /// The middle `width`×`height` pixels, on black where the picture is smaller.
    ///
    /// As torchvision's `CenterCrop`: the offset is `(W − w)/2` rounded half to even; a smaller
    /// picture is first padded by `(w − W)/2` rounded down on the left and up on the right.
    package func centerCropped(width: Int, height: Int) -> Picture {
        let missing = (width: max(width - self.width, 0), height: max(height - self.height, 0))
        let whole = padded(
            left: missing.width / 2, top: missing.height / 2,
            right: (missing.width + 1) / 2, bottom: (missing.height + 1) / 2)
        return whole.cropped(
            left: halfRoundedToEven(whole.width - width),
            top: halfRoundedToEven(whole.height - height), width: width, height: height)
    }

    /// The picture within a black border.
    package func padded(left: Int, top: Int, right: Int, bottom: Int) -> Picture {
        precondition(min(left, top, right, bottom) >= 0)
        if left + top + right + bottom == 0 { return self }
        let size = (width: width + left + right, height: height + top + bottom)
        var canvas = [UInt8](repeating: 0, count: size.width * size.height * 3)
        for row in 0..<height {
            let start = ((row + top) * size.width + left) * 3
            canvas.replaceSubrange(
                start..<start + width * 3, with: samples[row * width * 3..<(row + 1) * width * 3])
        }
        return Picture(width: size.width, height: size.height, samples: canvas)
    }

    /// The mirror image, left and right exchanged.
    package func flippedHorizontally() -> Picture {
        remapped(width: width, height: height) { x, y in (width - 1 - x, y) }
    }

    /// Luma in all three channels, as Pillow's `convert("L")`:
    /// `(19595·R + 38470·G + 7471·B + 32768) >> 16`.
    package func grey() -> Picture {
        var grey = samples
        for pixel in stride(from: 0, to: samples.count, by: 3) {
            let sum =
                19595 * Int(samples[pixel]) + 38470 * Int(samples[pixel + 1])
                + 7471 * Int(samples[pixel + 2]) + 32768
            let luma = UInt8(sum >> 16)
            grey[pixel] = luma
            grey[pixel + 1] = luma
            grey[pixel + 2] = luma
        }
        return Picture(width: width, height: height, samples: grey)
    }

    /// The picture turned upright, given the EXIF orientation it was stored with (1…8).
    package func upright(from orientation: Int) -> Picture {
        let (w, h) = (width, height)
        switch orientation {
        case 2: return flippedHorizontally()
        case 3: return remapped(width: w, height: h) { x, y in (w - 1 - x, h - 1 - y) }
        case 4: return remapped(width: w, height: h) { x, y in (x, h - 1 - y) }
        case 5: return remapped(width: h, height: w) { x, y in (y, x) }
        case 6: return remapped(width: h, height: w) { x, y in (y, h - 1 - x) }
        case 7: return remapped(width: h, height: w) { x, y in (w - 1 - y, h - 1 - x) }
        case 8: return remapped(width: h, height: w) { x, y in (w - 1 - y, x) }
        default: return self
        }
    }

    /// A picture whose pixel (x, y) is this one's pixel `source(x, y)`.
    private func remapped(
        width: Int, height: Int, from source: (Int, Int) -> (x: Int, y: Int)
    ) -> Picture {
        var moved: [UInt8] = []
        moved.reserveCapacity(samples.count)
        for y in 0..<height {
            for x in 0..<width {
                let origin = source(x, y)
                let start = (origin.y * self.width + origin.x) * 3
                moved.append(samples[start])
                moved.append(samples[start + 1])
                moved.append(samples[start + 2])
            }
        }
        return Picture(width: width, height: height, samples: moved)
    }
}

/// `value / 2` rounded to nearest, halves to even; `value` is not negative.
private func halfRoundedToEven(_ value: Int) -> Int {
    let half = value / 2
    return value % 2 == 1 && half % 2 == 1 ? half + 1 : half
}
