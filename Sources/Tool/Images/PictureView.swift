/// One look at a picture: how large, which part of it, mirrored or not.
package struct PictureView: Hashable, Sendable {
    /// Which part of the rescaled picture is looked at.
    package enum Part: String, CaseIterable, Sendable {
        case center
        case topLeft = "top-left"
        case topRight = "top-right"
        case bottomLeft = "bottom-left"
        case bottomRight = "bottom-right"
        /// All of it, whatever its proportions.
        case whole

        /// The order in which torchvision's `FiveCrop` gives them.
        package static let five: [Part] = [.topLeft, .topRight, .bottomLeft, .bottomRight, .center]
    }

    /// The shorter side to which the picture is rescaled, its proportions kept; nil for what the
    /// recipe does by itself, which may be to stretch it, and for a whole picture's own size.
    package var shortSide: Int?
    /// Whether a part is one of the central square instead of the whole rescaled picture.
    package var isOfSquare: Bool
    package var part: Part
    package var isMirrored: Bool

    package init(
        shortSide: Int?, part: Part, isMirrored: Bool = false, isOfSquare: Bool = false
    ) {
        self.shortSide = shortSide
        self.part = part
        self.isMirrored = isMirrored
        self.isOfSquare = isOfSquare
    }
}

extension Picture {
    /// Whole pictures of more pixels than these are refused as inputs: the first activations of a
    /// VGG would take 1 GiB.
    package static let maximumWholePixelCount = 1 << 22

    /// A part of `size`, or the whole.
    ///
    /// - Parameter roundsDown: whether the middle's offset is rounded down, as Caffe does, instead
    ///   of half to even, as torchvision.
    /// - Throws: `PictureError` when the picture is too small for a corner, or too large as a whole.
    func part(
        _ part: PictureView.Part, of size: (width: Int, height: Int), roundsDown: Bool
    ) throws(PictureError) -> Picture {
        let rest = (width: width - size.width, height: height - size.height)
        switch part {
        case .whole:
            guard width * height <= Picture.maximumWholePixelCount else {
                throw PictureError(
                    file: "", format: "", place: "resizing",
                    expected: "a whole picture of at most \(Picture.maximumWholePixelCount) pixels",
                    found: "\(width)×\(height)")
            }
            return self
        case .center where !roundsDown || min(rest.width, rest.height) < 0:
            return centerCropped(width: size.width, height: size.height)
        default: break
        }
        guard min(rest.width, rest.height) >= 0 else {
            throw PictureError(
                file: "", format: "", place: "resizing",
                expected: "at least \(size.width)×\(size.height) pixels to crop",
                found: "\(width)×\(height)")
        }
        let isRight = part == .topRight || part == .bottomRight
        let isLow = part == .bottomLeft || part == .bottomRight
        let isCenter = part == .center
        return cropped(
            left: isCenter ? rest.width / 2 : isRight ? rest.width : 0,
            top: isCenter ? rest.height / 2 : isLow ? rest.height : 0,
            width: size.width, height: size.height)
    }
}
