package import Parity

/// What a page shows beyond a report's rows.
package struct Evidence: Sendable {
    /// One input, and how far the output for it lies from the reference.
    package struct Input: Sendable {
        /// Where the input comes from: a recording's name, its place in the batch.
        package var caption: String
        package var difference: InputDifference
        /// The input as a picture; nil where it is none.
        package var picture: InlinePicture?

        package init(caption: String, difference: InputDifference, picture: InlinePicture?) {
            self.caption = caption
            self.difference = difference
            self.picture = picture
        }
    }

    /// A PNG file that lies in the page itself.
    package struct InlinePicture: Sendable {
        package var width: Int
        package var height: Int
        package var png: [UInt8]

        package init(width: Int, height: Int, png: [UInt8]) {
            self.width = width
            self.height = height
            self.png = png
        }
    }

    /// One for each output.
    package var histograms: [DifferenceHistogram] = []
    /// The farthest first.
    package var inputs: [Input] = []

    /// The errors of layers against float64, where they were asked for.
    package var growth: ErrorGrowth?

    package init() {}
}
