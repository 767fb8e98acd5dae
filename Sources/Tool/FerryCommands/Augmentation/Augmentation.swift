package import Images

/// The transforms that pictures pass in training, and what is drawn for them.
package struct Augmentation: Sendable {
    /// What a component's α is multiplied by.
    package enum ColorUnit: String, CaseIterable, Sendable {
        /// λ, as AlexNet's paper says.
        case eigenvalue
        /// √λ, the deviation along a component, as its author's cuda-convnet2 does (convdata.py).
        case deviation
    }

    /// Adds [p₁ p₂ p₃]·[α₁λ₁ α₂λ₂ α₃λ₃]ᵀ to every pixel, α ~ N(0, σ) drawn once a variant.
    package struct Color: Sendable {
        package var sigma: Double
        package var unit: ColorUnit
        package var components: PrincipalComponents

        package init(sigma: Double, unit: ColorUnit, components: PrincipalComponents) {
            self.sigma = sigma
            self.unit = unit
            self.components = components
        }
    }

    /// The short side S, uniform among these; nil leaves pictures at their size.
    package var scale: ClosedRange<Int>?
    /// Whether only the middle square is used.
    package var isSquare = false
    /// The side of the square that is cut out; nil for no cut.
    package var crop: Int?
    package var mirrors = false
    package var color: Color?

    package init() {}

    /// What is drawn for one variant of one picture.
    package struct Draws: Equatable, Sendable {
        package var scale: Int?
        /// Where the cut begins in the scaled picture.
        package var left: Int?
        package var top: Int?
        package var isMirrored = false
        package var alphas: [Double]?
        /// Of red, green and blue, in units of 255.
        package var shift: [Double] = [0, 0, 0]
    }

    /// Makes a variant of a picture, all but the change of its colours.
    ///
    /// - Returns: the picture, and what was drawn for it, colours too.
    /// - Throws: `PictureError` when the picture cannot be scaled so, or is smaller than the cut.
    package func reshaped(
        _ picture: Picture, as variant: Variant
    ) throws(PictureError) -> (picture: Picture, draws: Draws) {
        var picture = picture
        let short = drawScale(variant)
        if let short { picture = try picture.withShortSide(short) }
        if isSquare {
            let side = min(picture.width, picture.height)
            picture = picture.centerCropped(width: side, height: side)
        }
        var draws = try draws(for: (picture.width, picture.height), variant)
        draws.scale = short
        if let crop, let left = draws.left, let top = draws.top {
            picture = picture.cropped(left: left, top: top, width: crop, height: crop)
        }
        return (draws.isMirrored ? picture.flippedHorizontally() : picture, draws)
    }

    /// S, where pictures are scaled.
    package func drawScale(_ variant: Variant) -> Int? {
        guard let scale else { return nil }
        var random = RandomStream(variant, transform: "scale")
        return scale.lowerBound + random.below(scale.count)
    }

    /// All other draws.
    ///
    /// - Parameter size: of the picture that is cut.
    package func draws(
        for size: (width: Int, height: Int), _ variant: Variant
    ) throws(PictureError) -> Draws {
        var draws = Draws()
        if let crop {
            guard crop <= min(size.width, size.height) else {
                throw PictureError(
                    file: "", format: "", place: "cropping",
                    expected: "at least \(crop)×\(crop) pixels (--scale makes them)",
                    found: "\(size.width)×\(size.height)")
            }
            var random = RandomStream(variant, transform: "crop")
            draws.left = random.below(size.width - crop + 1)
            draws.top = random.below(size.height - crop + 1)
        }
        if mirrors {
            var random = RandomStream(variant, transform: "mirror")
            draws.isMirrored = random.below(2) == 1
        }
        if let color {
            var random = RandomStream(variant, transform: "color")
            let alphas = (0..<3).map { _ in color.sigma * random.normal() }
            draws.alphas = alphas
            draws.shift = color.shift(alphas)
        }
        return draws
    }
}

extension Augmentation.Color {
    /// The sum of the components, each times its α and its λ or √λ.
    fileprivate func shift(_ alphas: [Double]) -> [Double] {
        (0..<3).map { channel in
            (0..<3).reduce(0.0) { sum, index in
                let value = components.values[index]
                let factor = unit == .eigenvalue ? value : value.squareRoot()
                return sum + components.vectors[index][channel] * (alphas[index] * factor)
            }
        }
    }
}
