import Architectures
import IR
import Parity
import Tensors

/// What `diff` reports.
struct DiffReport: Encodable {
    enum Verdict: String, Encodable {
        case equal
        /// Some weights are the other's, rounded to another element type.
        case equalUpToElementType
        /// Equal but for what is explained and keeps the network the same.
        case equivalent
        case different
        case nothingCompared
    }

    /// One element that differs.
    struct Element: Encodable {
        /// In the order in which Ferry has the tensor: [out, in, …].
        let index: Int
        let coordinates: [Int]
        /// In the order in which the judged file has it.
        let file: FilePlace?
        let value: String
        let reference: String
    }

    /// An element's place in the tensor as its file has it.
    struct FilePlace: Encodable {
        let tensor: String
        let index: Int
        let coordinates: [Int]
    }

    struct Row: Encodable {
        enum Status: String, Encodable {
            case bitEqual, elementType, explained, different, missing, extra
        }

        let name: String
        let referenceName: String?
        let layer: String
        let operation: String
        let shape: [Int]?
        let referenceShape: [Int]?
        let elementType: String?
        let referenceElementType: String?
        let status: Status
        let explanation: String
        let difference: ElementDifferences?
        let first: Element?
    }

    let value: String
    let reference: String
    /// How tensors were matched.
    let matchedBy: String
    let tensors: [Row]
    let findings: [Finding]
    let notes: [String]
    let verdict: Verdict

    init(
        value: String, reference: String, matchedBy: String, _ rows: [Row], _ findings: [Finding],
        notes: [String]
    ) {
        self.value = value
        self.reference = reference
        self.matchedBy = matchedBy
        tensors = rows
        self.findings = findings
        self.notes = notes
        let isDifferent =
            rows.contains { [.different, .missing, .extra].contains($0.status) }
            || findings.contains { !$0.cause.isHarmless }
        verdict =
            isDifferent
            ? .different
            : rows.isEmpty
                ? .nothingCompared
                : rows.allSatisfy { $0.status == .bitEqual }
                    ? .equal
                    : rows.contains { $0.status == .explained }
                        ? .equivalent : .equalUpToElementType
    }

    /// Whether the two may be called the same.
    var passes: Bool { verdict != .different && verdict != .nothingCompared }
}

extension DiffReport.Row {
    /// - Parameter files: the judged file's tensors by name, to say where an element lies there.
    init(_ result: Examination.Result, source: NamedTensor?) {
        let pair = result.pair
        name = pair.name
        referenceName = pair.referenceName
        layer = pair.layer
        operation = pair.operation
        shape = pair.value?.shape
        referenceShape = pair.reference?.shape
        elementType = pair.value?.elementType.rawValue
        referenceElementType = pair.reference?.elementType.rawValue
        var found: ElementDifferences?
        switch result.outcome {
        case .bitEqual: (status, explanation) = (.bitEqual, "")
        case .converted:
            status = .elementType
            explanation =
                "\(pair.reference?.elementType.rawValue ?? "") → \(pair.value?.elementType.rawValue ?? "")"
        case .explained(let words): (status, explanation) = (.explained, words)
        case .different(let differences, let cause):
            (status, explanation) = (.different, cause.explanation)
            found = differences
        case .missing(let cause): (status, explanation) = (.missing, cause.explanation)
        case .extra(let cause): (status, explanation) = (.extra, cause.explanation)
        }
        difference = found
        first = found.flatMap { DiffReport.Element($0.first, pair, source) }
    }
}

extension DiffReport.Element {
    fileprivate init?(_ index: Int, _ pair: TensorPair, _ source: NamedTensor?) {
        guard let value = pair.value, let reference = pair.reference, value.shape == reference.shape
        else { return nil }
        self.index = index
        coordinates = Parity.coordinates(of: index, in: value.shape)
        self.value = value.text(ofElement: index)
        self.reference = reference.text(ofElement: index)
        file = source.flatMap { DiffReport.FilePlace(index, of: value, in: $0) }
    }
}

extension DiffReport.FilePlace {
    /// Nil when the tensor's elements do not come from the file's as they are.
    fileprivate init?(_ index: Int, of tensor: Tensor, in source: NamedTensor) {
        let file = source.tensor
        guard file.elementCount == tensor.elementCount, file.elementCount > 0,
            let place = tensor.place(ofElement: index), let start = file.place(ofElement: 0),
            place.storage === start.storage, file.isStored
        else { return nil }
        let distance = place.byteOffset - start.byteOffset
        guard distance >= 0, distance < file.byteCount else { return nil }
        self.tensor = source.path
        self.index = distance / file.elementType.size
        coordinates = Parity.coordinates(of: self.index, in: file.shape)
    }
}
