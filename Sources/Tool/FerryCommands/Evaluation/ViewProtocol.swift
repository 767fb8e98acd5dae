import Images

/// How a picture is judged: the views of it that a network is given, whose answers are averaged.
struct ViewProtocol: Sendable {
    /// What `--protocol` takes.
    enum Kind: String, CaseIterable, Sendable {
        /// One crop, as the recipe has it.
        case center
        /// Corners and centre of the rescaled picture, and of its mirror image: torchvision's
        /// `TenCrop`, and Caffe's oversampling.
        case tenCrop = "ten-crop"
        /// The same of the picture's central square: Krizhevsky, Sutskever and Hinton, 2012,
        /// sections 2 and 4.1.
        case tenCropSquare = "ten-crop-square"
        /// The whole picture, its mirror image too: Simonyan and Zisserman, 2014, section 3.2.
        case dense
        /// The same at several scales: section 4.2.
        case multiScale = "multi-scale"
        /// The whole picture once.
        case whole

        /// Whether the network is given pictures of any size.
        var isWhole: Bool { [.dense, .multiScale, .whole].contains(self) }

        /// Parts of a picture, each with its mirror image where it is looked at too.
        fileprivate var parts: (parts: [PictureView.Part], mirrors: Bool) {
            switch self {
            case .center: ([.center], false)
            case .tenCrop, .tenCropSquare: (PictureView.Part.five, true)
            case .dense, .multiScale: ([.whole], true)
            case .whole: ([.whole], false)
            }
        }
    }

    let kind: Kind
    /// Short sides; nil where the recipe decides.
    let scales: [Int?]

    /// The views, those of one scale together: they have one size.
    var groups: [[PictureView]] {
        let (parts, mirrors) = kind.parts
        return scales.map { scale in
            (mirrors ? [false, true] : [false]).flatMap { isMirrored in
                parts.map { part in
                    PictureView(
                        shortSide: scale, part: part, isMirrored: isMirrored,
                        isOfSquare: kind == .tenCropSquare)
                }
            }
        }
    }

    var viewCount: Int { groups.reduce(0) { $0 + $1.count } }

    /// "ten-crop at 256", the same for the same views.
    var name: String {
        let sides = scales.map { $0.map { "\($0)" } ?? "the recipe's size" }
        return "\(kind.rawValue) at \(sides.joined(separator: ", "))"
    }

    /// What a reader of the result should know; nil for a single view as the recipe has it.
    var note: String? {
        if viewCount == 1, scales == [nil] { return nil }
        let sides = scales.compactMap { $0.map { "\($0)" } }.joined(separator: ", ")
        let views = "\(viewCount) view\(viewCount == 1 ? "" : "s") a picture"
        return "protocol \(kind.rawValue): \(views)"
            + (sides.isEmpty ? "" : ", short side \(sides)")
            + (kind.isWhole ? "; scores averaged over positions" : "")
            + (viewCount == 1 ? "" : "; softmax averaged over views")
    }
}

/// What the command line says about views.
struct ProtocolChoice {
    static let options: [CommandOption] = [
        .value(
            "protocol", "NAME",
            help: ViewProtocol.Kind.allCases.map(\.rawValue).joined(separator: ", ")),
        .value("scale", "Q", help: "the picture's short side, proportions kept"),
        .value("scales", "Q,Q…", help: "several, whose answers are averaged"),
    ]
    static let discussion = """
        --protocol says which views of a picture are judged. center (the default) is one
        crop as the recipe has it; ten-crop corners and centre of the rescaled picture and
        of its mirror image, ten-crop-square those of its central square, as AlexNet's
        paper has it. dense makes dense layers convolutions and gives the network the
        whole picture and its mirror image, as VGG's paper does; multi-scale is dense at
        256, 384 and 512; whole is one such view, the default where a network takes
        pictures of any size. --scale is the short side (default: 8/7 of the input's, 256
        for 224; the recipe 'caffe' crops from its 256 x 256 picture).
        Scores are averaged over a map's positions before the softmax, as VGG's paper
        averages them; over crops, mirror images and scales the softmax is averaged, as
        both papers do.
        """

    let kind: ViewProtocol.Kind?
    /// Empty for the protocol's own.
    let scales: [Int]

    init(_ arguments: ParsedArguments) throws(UsageError) {
        kind = try arguments.choice("protocol", of: ViewProtocol.Kind.self)
        let sides = 1...Preprocessing.maximumSide
        try arguments.refuseTogether("scale", "scales")
        if let scale = try arguments.integer("scale", in: sides) {
            scales = [scale]
        } else if let text = arguments.value("scales") {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
                .map { Int($0).flatMap { sides.contains($0) ? $0 : nil } }
            scales = numbers.compactMap(\.self)
            guard scales.count == numbers.count, scales.count <= 16,
                Set(scales).count == scales.count
            else {
                throw UsageError(
                    "--scales: expected up to 16 different sides of 1 to \(sides.upperBound), "
                        + "such as 256,384,512, found '\(text)'")
            }
        } else {
            scales = []
        }
    }

    /// Whether the command line says anything about views.
    var isGiven: Bool { kind != nil || !scales.isEmpty }

    /// The views for a network and a recipe.
    ///
    /// - Throws: `UsageError` for views that the network cannot be given.
    func views(
        for input: PictureInput, by recipe: Preprocessing
    ) throws(UsageError) -> ViewProtocol {
        let kind = kind ?? (input.size == nil ? .whole : .center)
        try refuseGrey(kind, input)
        if !kind.isWhole { try refuseCrops(kind, input) }
        return ViewProtocol(
            kind: kind,
            scales: scales.isEmpty ? Self.usualScales(kind, input, recipe) : scales)
    }

    private static func usualScales(
        _ kind: ViewProtocol.Kind, _ input: PictureInput, _ recipe: Preprocessing
    ) -> [Int?] {
        let usual = Preprocessing.shortSide(
            for: input.size.map { max($0.width, $0.height) } ?? 224)
        return switch kind {
        case .center: [nil]
        case .whole where input.channels == 1: [nil]
        case .tenCrop, .tenCropSquare: [recipe.cropsStretched ? nil : usual]
        case .dense, .whole: [usual]
        case .multiScale: [usual, usual * 3 / 2, usual * 2]
        }
    }

    private func refuseCrops(
        _ kind: ViewProtocol.Kind, _ input: PictureInput
    ) throws(UsageError) {
        guard let size = input.size else {
            throw UsageError(
                "--protocol \(kind.rawValue): expected a network whose pictures have one size, "
                    + "found that they may have any; use whole, dense or multi-scale")
        }
        let side = max(size.width, size.height)
        if let scale = scales.min(), scale < side {
            throw UsageError(
                "--scale: expected at least \(side), the side of a crop, found \(scale)")
        }
    }

    private func refuseGrey(
        _ kind: ViewProtocol.Kind, _ input: PictureInput
    ) throws(UsageError) {
        guard input.channels == 1 else { return }
        let expected: ViewProtocol.Kind = input.size == nil ? .whole : .center
        if kind != expected {
            throw UsageError(
                "--protocol: expected \(expected.rawValue) for a network of grey pictures, which are "
                    + "fitted to its input and not cropped, found \(kind.rawValue)")
        }
        if input.size != nil, !scales.isEmpty {
            throw UsageError(
                "--scale: expected none for a network of grey pictures of one size, found "
                    + "\(scales[0])")
        }
    }
}

/// A view, for reports.
struct ViewReport: Encodable {
    /// Null where the recipe decides.
    let shortSide: Int?
    let part: String
    let mirrored: Bool

    init(_ view: PictureView) {
        shortSide = view.shortSide
        part = view.part.rawValue
        mirrored = view.isMirrored
    }
}
