import FormatInterface
import Images
import Parity
import Reports
import Tensors

/// Gathers what `--html` shows beyond a report's rows while outputs are compared, and writes the
/// page.
struct PageWriter {
    /// Understood by commands that compare.
    static let options: [CommandOption] = [
        .value("html", "FILE", help: "also write the report as one page of HTML"),
        .flag("force", help: "replace FILE of --html when it exists"),
    ]

    let path: String
    /// The errors of layers against float64, where they were asked for.
    var growth: ErrorGrowth?
    private let replaces: Bool
    private var histograms: [DifferenceHistogram] = []
    /// The farthest inputs of all that were compared, the farthest first.
    private var inputs: [(caption: String, difference: InputDifference, tensor: Tensor?)] = []

    /// Nil unless the page was asked for.
    init?(_ arguments: ParsedArguments) throws(UsageError) {
        try arguments.require("html", with: "force")
        guard let path = arguments.value("html") else { return nil }
        if path.isEmpty { throw UsageError("--html: expected a file name, found ''") }
        self.path = path
        replaces = arguments.has("force")
    }

    /// Refuses a destination that may not be replaced, before any work.
    ///
    /// - Parameter sources: what the command reads.
    func checkDestination(sources: [String]) throws(UsageError) {
        try refuseExisting(path, unless: replaces)
        for source in sources { try refuse(path, replacing: source) }
    }

    /// Adds one output's elements.
    ///
    /// - Parameters:
    ///   - name: of the row.
    ///   - place: where the inputs come from, for captions: a recording's name; may be empty.
    ///   - inputs: of the network, batches along the first axis.
    mutating func add(
        _ name: String, _ value: Tensor, reference: Tensor, tolerance: Tolerance,
        place: String = "", inputs: [Tensor]
    ) {
        guard value.shape == reference.shape else { return }
        histograms.append(
            DifferenceHistogram(named: name, of: value, from: reference, tolerance: tolerance))
        let ranked = InputDifference.ranked(of: value, from: reference, tolerance: tolerance)
        for difference in ranked.prefix(Page.inputLimit) {
            let batch = inputs.first { $0.rank == 4 && $0.shape[0] == value.shape.first }
            let tensor = batch.map { $0.part(difference.index, of: $0.shape[0]).planar }
            let words =
                (place.isEmpty ? [] : [place])
                + (ranked.count > 1 || place.isEmpty ? ["input \(difference.index)"] : [])
            note(difference, of: tensor, words.joined(separator: ", "))
        }
    }

    /// Keeps an input if it is among the farthest; of several outputs, the one that is farther.
    private mutating func note(
        _ difference: InputDifference, of tensor: Tensor?, _ caption: String
    ) {
        func isFarther(_ a: InputDifference, _ b: InputDifference) -> Bool {
            (b.margin, b.maximumAbsolute) < (a.margin, a.maximumAbsolute)
        }
        if let known = inputs.firstIndex(where: { $0.caption == caption }) {
            if !isFarther(difference, inputs[known].difference) { return }
            inputs.remove(at: known)
        }
        let place =
            inputs.firstIndex { isFarther(difference, $0.difference) } ?? inputs.endIndex
        inputs.insert((caption, difference, tensor), at: place)
        if inputs.count > Page.inputLimit { inputs.removeLast() }
    }

    /// Writes the page.
    ///
    /// - Throws: `OutputError`.
    func write(_ report: ParityReport) throws {
        var evidence = Evidence()
        evidence.histograms = histograms
        evidence.growth = growth
        evidence.inputs = try inputs.map { input in
            Evidence.Input(
                caption: input.caption, difference: input.difference,
                picture: try input.tensor.flatMap(inlinePicture))
        }
        let page = Page(of: report, evidence: evidence).html
        try OutputFile.write(to: path, replacing: replaces) { file in
            try file.write(Array(page.utf8))
        }
    }

    private func inlinePicture(_ tensor: Tensor) throws -> Evidence.InlinePicture? {
        guard let picture = Picture(stretching: tensor, side: Page.pictureSide) else { return nil }
        return Evidence.InlinePicture(
            width: picture.width, height: picture.height, png: try picture.png())
    }
}

extension Tensor {
    /// A picture [channels, height, width] also where its channels came last, as in what Keras
    /// recorded.
    fileprivate var planar: Tensor {
        let counts = [1, 3]
        return counts.contains(shape[2]) && !counts.contains(shape[0])
            ? permuted([2, 0, 1]) : self
    }
}
