import Parity

/// What `augment` reports.
struct AugmentationReport: Encodable {
    struct Output: Encodable {
        let file: String
        let picture: String
        let variant: Int
        let width: Int
        let height: Int
        let scale: Int?
        let left: Int?
        let top: Int?
        let mirrored: Bool
        let alphas: [Double]?
        /// Of red, green and blue, in units of 255.
        let shift: [Double]?

        init(
            _ file: String, of picture: String, variant: Int, width: Int, height: Int,
            _ draws: Augmentation.Draws
        ) {
            self.file = file
            self.picture = picture
            self.variant = variant
            self.width = width
            self.height = height
            scale = draws.scale
            left = draws.left
            top = draws.top
            mirrored = draws.isMirrored
            alphas = draws.alphas
            shift = draws.alphas == nil ? nil : draws.shift
        }
    }

    let destination: String
    let seed: UInt64
    let format: String
    /// Pictures of which all variants were written.
    var pictures = 0
    var failed = 0
    var skipped = 0
    var bytes = 0
    var milliseconds = 0.0
    var eigenvalues: [Double]?
    var components: [[Double]]?
    var outputs: [Output] = []

    var text: String {
        let sizes = Set(outputs.map { [$0.width, $0.height] })
        let size = sizes.count == 1 ? sizes.first.map { "\($0[0])×\($0[1]) " } ?? "" : ""
        var parts = [
            "\(Self.counted(pictures, "picture")) → \(visible(destination)): "
                + "\(Self.counted(outputs.count, "\(size)\(format) file"))",
            "seed \(seed)", Numbers.bytes(bytes), Numbers.milliseconds(milliseconds),
        ]
        if failed > 0 { parts.append("\(Self.counted(failed, "picture")) failed") }
        return parts.joined(separator: ", ")
    }

    static func counted(_ count: Int, _ noun: String) -> String {
        "\(Numbers.grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }
}
