/// How the colours of pixels are spread: exact sums, whatever the order of the pictures.
///
/// Mean μ = Σx / n, covariance Σxxᵀ / n − μμᵀ (of the whole, not of a sample), with the sums of
/// samples 0…255 in integers. Both are told for values x / 255.
package struct PixelStatistics: Equatable, Sendable {
    /// Beyond this, sums of squares could leave 64 bits.
    package static let maximumPixelCount = Int.max / (255 * 255)

    /// n.
    package private(set) var pixelCount = 0
    /// Σx of red, green, blue.
    private var sums = [0, 0, 0]
    /// Σxxᵀ, row by row from the diagonal: RR, RG, RB, GG, GB, BB.
    private var products = [0, 0, 0, 0, 0, 0]

    package init() {}

    /// The statistics of one picture's pixels.
    package init(of picture: Picture) {
        pixelCount = picture.width * picture.height
        let samples = picture.samples.span
        var (r, g, b) = (0, 0, 0)
        var (rr, rg, rb, gg, gb, bb) = (0, 0, 0, 0, 0, 0)
        for start in stride(from: 0, to: samples.count, by: 3) {
            let (red, green, blue) = (
                Int(samples[start]), Int(samples[start + 1]), Int(samples[start + 2])
            )
            r &+= red
            g &+= green
            b &+= blue
            rr &+= red &* red
            rg &+= red &* green
            rb &+= red &* blue
            gg &+= green &* green
            gb &+= green &* blue
            bb &+= blue &* blue
        }
        sums = [r, g, b]
        products = [rr, rg, rb, gg, gb, bb]
    }

    /// Adds the pixels of other pictures.
    ///
    /// - Returns: false, with nothing added, when there would be too many pixels to count.
    package mutating func add(_ other: PixelStatistics) -> Bool {
        guard pixelCount <= Self.maximumPixelCount - other.pixelCount else { return false }
        pixelCount += other.pixelCount
        for index in sums.indices { sums[index] += other.sums[index] }
        for index in products.indices { products[index] += other.products[index] }
        return true
    }

    /// μ of red, green, blue, in 0…1.
    ///
    /// - Precondition: there are pixels.
    package var mean: [Double] { sums.map { Double($0) / Double(pixelCount) / 255 } }

    /// The covariance of values in 0…1.
    ///
    /// The difference n·Σxy − Σx·Σy is exact; only its quotients are rounded.
    ///
    /// - Precondition: there are pixels.
    package var covariance: SymmetricMatrix {
        precondition(pixelCount > 0, "no pixels")
        let places = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        let entries = zip(products, places).map { product, place in
            let difference =
                Int128(pixelCount) * Int128(product)
                - Int128(sums[place.0]) * Int128(sums[place.1])
            return Double(difference) / Double(pixelCount) / Double(pixelCount) / (255 * 255)
        }
        return SymmetricMatrix(entries: entries)
    }
}
