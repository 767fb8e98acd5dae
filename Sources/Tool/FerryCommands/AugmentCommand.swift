import FormatInterface
import Foundation
import Images
import Parity
import Runtime

/// Makes training variants of pictures.
struct AugmentCommand: Command {
    static let name = "augment"
    static let abstract = "Make training variants of pictures: scale, crop, mirror, colour"
    static let usage = [
        "PICTURE|FOLDER… -o DIR [--scale S|A..B] [--crop N] [--mirror] [--count N]",
        "PICTURE|FOLDER… -o DIR --color-sigma 0.1 --components FOLDER|FILE …",
        "--components FOLDER --write-components FILE.json",
    ]
    static let options: [CommandOption] = [
        .value("output", "DIR", letter: "o", help: "the folder to write into"),
        .value("scale", "S|A..B", help: "the short side, or a range to draw it from"),
        .flag("square", help: "keep the middle square only, before cropping"),
        .value("crop", "N", help: "cut N×N pixels out, anywhere"),
        .flag("mirror", help: "exchange left and right, every other time"),
        .value("color-sigma", "X", help: "move colours along their components: σ of α"),
        .value("components", "FOLDER|FILE", help: "pictures to find them in, or their file"),
        .value("write-components", "FILE", help: "write the components as JSON"),
        .value(
            "color-by", "eigenvalue|deviation",
            help: "what α is multiplied by (default: eigenvalue)"),
        .value("count", "N", help: "variants of each picture (default: 1)"),
        .value("seed", "N", help: "chooses the variants (default: 1)"),
        .value("format", "png|npy", help: "what to write (default: png)"),
        .value("exif", "ignore|apply", help: "what to do with turned pictures (default: ignore)"),
        .flag("force", help: "replace files that exist"),
    ]
    static let discussion = """
        Variant K of DOGS/rex.jpg is DIR/rex-K.png; folders in a given folder are kept. A
        picture is scaled (bilinear, as torchvision), cropped, mirrored, then coloured: to
        every pixel p1·α1·λ1 + p2·α2·λ2 + p3·α3·λ3 is added, each α normal with deviation
        σ, λ and p the eigenvalues and vectors of the covariance of red, green and blue in
        0…1 (--color-by deviation takes √λ, as cuda-convnet2 does where AlexNet's paper says
        λ). PNG files are rounded and clipped; arrays are float32 [3, height, width] in
        0…1 plus the colour, unrounded and unclipped. What is drawn follows from the seed,
        the picture's bytes and K alone: the same on every machine, with any name, order
        and number of threads.
        """
    static let example = """
        ferry augment train -o epoch1 --scale 256 --square --crop 224 --mirror --seed 1
        ferry augment train -o vgg --scale 256..512 --crop 224 --mirror --count 8
        ferry augment --components train --write-components colours.json
        ferry augment cat.jpg -o out --color-sigma 0.1 --components colours.json --format npy
        """

    private let arguments: [String]
    private let output: String?
    private let augmentation: Augmentation
    private let color: (sigma: Double, unit: Augmentation.ColorUnit)?
    private let components: String?
    private let writtenComponents: String?
    private let count: Int
    private let seed: UInt64
    private let format: AugmentationRun.Format
    private let exif: EXIFHandling
    private let force: Bool
    private let global: GlobalOptions

    init(parsing words: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        writtenComponents = words.value("write-components")
        components = words.value("components")
        output = words.value("output")?.withoutFinalSlashes
        count = try words.integer("count", in: 1...1_000_000) ?? 1
        seed = try words.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        format = try words.choice("format", of: AugmentationRun.Format.self) ?? .png
        exif = try words.choice("exif", of: EXIFHandling.self) ?? .ignore
        force = words.has("force")
        self.global = global
        augmentation = try Augmentation(words)
        let unit = try words.choice("color-by", of: Augmentation.ColorUnit.self)
        color = try words.number("color-sigma", in: 0...1000).map { ($0, unit ?? .eigenvalue) }
        try words.require("components", with: "color-sigma")
        try words.require("color-sigma", with: "color-by")
        try words.require("components", with: "write-components")
        for name in ["output", "components", "write-components"] where words.value(name) == "" {
            throw UsageError("--\(name): expected a file name, found ''")
        }
        arguments =
            try writtenComponents != nil && words.arguments.isEmpty
            ? [] : words.atLeast("PICTURE or FOLDER")
        if !arguments.isEmpty { try Self.requireWork(words, augmentation) }
        if arguments.isEmpty, output != nil {
            throw UsageError("-o: expected PICTURE or FOLDER too")
        }
        if components != nil, color == nil, writtenComponents == nil {
            throw UsageError("--components: expected --color-sigma or --write-components too")
        }
    }

    private static func requireWork(
        _ words: ParsedArguments, _ augmentation: Augmentation
    ) throws(UsageError) {
        guard words.has("output") else { throw UsageError("expected -o DIR, found nothing") }
        guard augmentation.changesShape || words.has("color-sigma") else {
            throw UsageError(
                "expected a transform: --scale, --square, --crop, --mirror or --color-sigma")
        }
    }

    func run(on console: Console) throws -> ExitStatus {
        let start = ContinuousClock.now
        if let writtenComponents { try refuseExisting(writtenComponents, unless: force) }
        let pool = WorkPool(threadCount: global.threads)
        let plan = try output.map { try planned(into: $0, console) }
        var (principal, status) = (PrincipalComponents?.none, ExitStatus.done)
        if let components {
            let found = try findComponents(components, pool, console)
            principal = found.components
            status = found.status
        }
        guard let plan, let output else { return status }
        var report = AugmentationReport(
            destination: output, seed: seed, format: format.rawValue)
        var run = plan.run
        if let color, let principal {
            run.augmentation.color = .init(
                sigma: color.sigma, unit: color.unit, components: principal)
            report.eigenvalues = principal.values
            report.components = principal.vectors
        }
        report.skipped = plan.tree.skippedCount
        status = max(status, try run.write(plan.tree.entries, on: pool, into: &report, console))
        report.milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text)
        }
        return status
    }

    /// What is to be written, refused where it would replace something or be written twice.
    private func planned(
        into folder: String, _ console: Console
    ) throws -> (run: AugmentationRun, tree: PictureTree) {
        let tree = try PictureTree(arguments)
        let run = AugmentationRun(
            augmentation: augmentation, seed: seed, count: count, format: format, exif: exif,
            folder: folder, replaces: force)
        if let kind = OutputFile.irreplaceable(folder), kind != "a folder" {
            throw UsageError("\(folder): expected a folder to write into, found \(kind)")
        }
        for source in tree.folders where Self.place(folder).hasPrefix(Self.place(source)) {
            throw UsageError(
                "-o: expected a folder outside \(source), whose pictures are read, found \(folder)")
        }
        var sources: [String: String] = [:]
        for entry in tree.entries {
            if let other = sources.updateValue(entry.path, forKey: entry.stem) {
                throw UsageError(
                    "\(run.path(of: entry, variant: 0)): expected one picture for it, found "
                        + "\(other) and \(entry.path)")
            }
            for variant in 0..<count {
                try refuseExisting(run.path(of: entry, variant: variant), unless: force)
            }
        }
        if tree.skippedCount > 0 {
            let files = AugmentationReport.counted(tree.skippedCount, "other file")
            console.note("note: \(files) skipped, not called .jpg, .jpeg, .jpe or .png")
        }
        return (run, tree)
    }

    /// The absolute path of a folder, links followed, with a slash behind it.
    private static func place(_ folder: String) -> String {
        let url = URL(fileURLWithPath: folder).resolvingSymlinksInPath().standardizedFileURL
        return url.path.hasSuffix("/") ? url.path : url.path + "/"
    }

    private func findComponents(
        _ source: String, _ pool: WorkPool, _ console: Console
    ) throws -> (components: PrincipalComponents, status: ExitStatus) {
        var isFolder: ObjCBool = false
        _ = unsafe FileManager.default.fileExists(atPath: source, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            if writtenComponents != nil {
                throw UsageError("--write-components: expected a folder of --components")
            }
            return (try ComponentsFile.read(source), .done)
        }
        let tree = try PictureTree([source])
        let (statistics, pictures, status) = try PixelStatistics.gathered(
            from: tree.entries, named: source, on: pool, console)
        let file = ComponentsFile(statistics, pictures: pictures)
        if let writtenComponents {
            try file.write(to: writtenComponents, replacing: force)
            if arguments.isEmpty {
                try global.json ? console.printJSON(file) : console.print(file.text)
            }
        }
        return (PrincipalComponents(of: statistics.covariance), status)
    }
}

extension Augmentation {
    /// The transforms but that of colours.
    fileprivate init(_ words: ParsedArguments) throws(UsageError) {
        self.init()
        scale = try words.value("scale").map(Self.range)
        isSquare = words.has("square")
        crop = try words.integer("crop", in: 1...Self.sideRange.upperBound)
        mirrors = words.has("mirror")
        if let crop, let scale, scale.lowerBound < crop {
            throw UsageError(
                "--scale: expected at least the \(crop) of --crop, found \(scale.lowerBound)")
        }
    }

    private static let sideRange = 1...8192

    /// "256" or "256..512".
    private static func range(_ text: String) throws(UsageError) -> ClosedRange<Int> {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count <= 2, let first = ends.first, let lower = first,
            let last = ends.last, let upper = last, lower <= upper,
            sideRange.contains(lower), sideRange.contains(upper)
        else {
            throw UsageError(
                "--scale: expected S or A..B in 1…\(sideRange.upperBound), found '\(text)'")
        }
        return lower...upper
    }

    fileprivate var changesShape: Bool { scale != nil || isSquare || crop != nil || mirrors }
}
