import FormatInterface
import Parity

/// The files that `inspect` draws a graph into.
struct GraphFiles {
    static let options: [CommandOption] = [
        .value("svg", "FILE", help: "draw the graph with Graphviz instead"),
        .value("dot", "FILE", help: "write the graph in Graphviz' language instead"),
        .flag("force", help: "replace FILE when it exists"),
    ]

    /// More are neither laid out in a minute nor looked at.
    private static let drawnLayerLimit = 5000

    struct Report: Encodable {
        let file: String
        let layers: Int
        let svg: String?
        let dot: String?
        let svgBytes: Int?
        let dotBytes: Int

        enum CodingKeys: String, CodingKey {
            case file, layers, svg, dot
            case svgBytes = "svg_bytes"
            case dotBytes = "dot_bytes"
        }

        func text(coloured: Bool) -> String {
            let drawings = [
                svg.map { "\(visible($0)), \(Numbers.bytes(svgBytes ?? 0))" },
                dot.map { "\(visible($0)), \(Numbers.bytes(dotBytes))" },
            ].compactMap(\.self)
            return drawings.map { "\(visible(file)) → \($0), \(layers) layers" }
                .joined(separator: "\n")
        }
    }

    private let svg: String?
    private let dot: String?
    private let replaces: Bool

    /// Nil unless a drawing was asked for.
    init?(_ arguments: ParsedArguments) throws(UsageError) {
        svg = arguments.value("svg")
        dot = arguments.value("dot")
        replaces = arguments.has("force")
        for name in ["svg", "dot"] where arguments.value(name) == "" {
            throw UsageError("--\(name): expected a file name, found ''")
        }
        if svg == nil, dot == nil {
            if replaces { throw UsageError("--force: expected --svg or --dot too") }
            return nil
        }
        if arguments.arguments.count > 1 {
            throw UsageError(
                "--\(svg == nil ? "dot" : "svg"): expected one MODEL, found "
                    + "'\(arguments.arguments[1])' too")
        }
        for other in ["plan", "sizes"] {
            try arguments.refuseTogether("svg", other)
            try arguments.refuseTogether("dot", other)
        }
        if svg == dot { throw UsageError("--svg and --dot: expected two files, found one") }
    }

    /// Refuses, before any work, what may not be replaced, and a drawing without Graphviz.
    ///
    /// - Returns: Graphviz' program, where it is needed.
    func check(source: String) throws -> String? {
        for path in [svg, dot].compactMap(\.self) {
            try refuseExisting(path, unless: replaces)
            try refuse(path, replacing: source)
        }
        guard svg != nil else { return nil }
        do {
            return try Graphviz.program()
        } catch {
            throw UsageError("--svg: \(error)")
        }
    }

    func write(_ file: ModelFile, by program: String?) throws -> Report {
        let drawing = try GraphDrawing(file)
        let text = drawing.text
        var bytes: Int?
        if let svg, let program {
            let picture = try draw(text, drawing.layerCount, file, program, for: svg)
            bytes = picture.count
            try OutputFile.write(to: svg, replacing: replaces) { try $0.write(picture) }
        }
        if let dot {
            try OutputFile.write(to: dot, replacing: replaces) { try $0.write(Array(text.utf8)) }
        }
        return Report(
            file: file.path, layers: drawing.layerCount, svg: svg, dot: dot, svgBytes: bytes,
            dotBytes: text.utf8.count)
    }

    private func draw(
        _ text: String, _ layers: Int, _ file: ModelFile, _ program: String, for svg: String
    ) throws -> [UInt8] {
        guard layers <= Self.drawnLayerLimit else {
            throw InputError(
                file: file.path, format: file.format,
                expected: "at most \(Self.drawnLayerLimit) layers to draw (--dot takes any number)",
                found: "\(layers)")
        }
        do {
            return try Graphviz.svg(of: text, by: program)
        } catch {
            throw OutputError(file: svg, problem: "\(error)")
        }
    }
}
