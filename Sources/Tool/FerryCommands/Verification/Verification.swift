import Architectures
import FormatInterface
import IR
import Parity
import Runtime
import Tensors

/// A comparison under way: what it is made with, and what it has found.
struct Verification {
    let engine: Engine
    let tolerance: Tolerance
    /// Whether activations are compared too, and the first that differs examined.
    let comparesLayers: Bool
    let bisects: Bool
    var report: ParityReport
    var page: PageWriter?
    /// The rows of each output, one a set of inputs.
    var rowsOfOutput: [String: [Int]] = [:]

    init(
        _ report: ParityReport, engine: Engine, tolerance: Tolerance, comparesLayers: Bool,
        bisects: Bool, page: PageWriter?
    ) {
        self.engine = engine
        self.tolerance = tolerance
        self.comparesLayers = comparesLayers || bisects
        self.bisects = bisects
        self.report = report
        self.page = page
    }

    /// References compute with the weights that their files have.
    private var exactEngine: Engine {
        var exact = engine
        exact.weights = .f32
        return exact
    }

    mutating func note(_ text: String) {
        if !report.notes.contains(text) { report.notes.append(text) }
    }

    // MARK: Two models

    /// Runs both models on each set of inputs.
    ///
    /// - Parameter sets: by the value's input names.
    mutating func compare(
        _ value: ModelFile, _ reference: ModelFile, on sets: [InputSet]
    ) throws {
        var mine = InputResponse(value, engine)
        var theirs = InputResponse(reference, exactEngine)
        var layers = LayerRows()
        for set in sets {
            guard let inputs = try self.inputs(of: reference, for: set, of: value) else { return }
            guard comparesLayers else {
                let results = try engine.run(value, inputs: set.tensors)
                let expected = try exactEngine.run(reference, inputs: inputs)
                mine.note(results)
                theirs.note(expected)
                addOutputs(value, reference, results, expected, on: set)
                continue
            }
            let sequence = try LayerSequence(value, inputs: set.tensors)
            let others = try LayerSequence(reference, inputs: inputs)
            let results = try sequence.outputs(of: value, inputs: set.tensors, engine)
            let expected = try others.outputs(of: reference, inputs: inputs, exactEngine)
            mine.note(results)
            theirs.note(expected)
            addOutputs(value, reference, results, expected, on: set)
            try layers.add(
                LayerComparison(
                    subject: value, sequence: sequence, other: .model(reference, others),
                    inputs: set.tensors, otherInputs: inputs, engine: engine,
                    otherEngine: exactEngine, tolerance: tolerance, isReversed: false,
                    map: LayerMap(steps: [])),
                set: set.name, bisects: bisects)
        }
        report.layers = layers.rows
        report.bisection = layers.bisection
        layers.notes.forEach { note($0) }
        guard let set = sets.first, !set.tensors.isEmpty else { return }
        mine.probe(besides: set.tensors)
        if let inputs = try self.inputs(of: reference, for: set, of: value) {
            theirs.probe(besides: inputs)
        }
        let outputs = zip(value.model.graph.outputs, reference.model.graph.outputs)
        for (output, other) in outputs {
            noteResponse(
                of: output.name, value: mine.changing.contains(output.name),
                reference: theirs.changing.contains(other.name))
        }
    }

    private mutating func noteResponse(of output: String, value: Bool?, reference: Bool?) {
        for index in rowsOfOutput[output] ?? [] {
            report.outputs[index].note(valueResponds: value, referenceResponds: reference)
        }
    }

    // MARK: A model and records

    /// Runs a model on recorded inputs, or on `sets` where none are recorded.
    ///
    /// - Parameters:
    ///   - sets: the inputs of each recording.
    ///   - isLoose: whether recorded pictures may have the other layout, and activations count
    ///     unasked.
    ///   - isReversed: whether the record is judged, and the model its reference.
    mutating func compare(
        _ file: ModelFile, _ recordings: [Recording], on sets: [InputSet], doubt: ModelError?,
        isLoose: Bool, isReversed: Bool
    ) throws {
        let engine = isReversed ? exactEngine : engine
        var response = InputResponse(file, engine)
        var layers = LayerRows()
        for (recording, set) in zip(recordings, sets) {
            let hasLayers = (comparesLayers || isLoose) && !recording.activations.isEmpty
            let sequence = hasLayers ? try LayerSequence(file, inputs: set.tensors) : nil
            if !recording.outputs.isEmpty {
                let results =
                    try sequence?.outputs(of: file, inputs: set.tensors, engine)
                    ?? engine.run(file, inputs: set.tensors)
                response.note(results)
                try addOutputs(
                    file, results, recording, on: set, isLoose: isLoose, isReversed: isReversed)
            }
            guard let sequence else {
                if comparesLayers { note("no activations are recorded in \(recording.path)") }
                continue
            }
            let comparison = LayerComparison(
                subject: file, sequence: sequence,
                other: .recording(
                    recording.activations,
                    isChannelsLast: recording.hasChannelsLast(of: file, sequence)),
                inputs: set.tensors, otherInputs: [:], engine: engine, otherEngine: engine,
                tolerance: tolerance, isReversed: isReversed, map: LayerMap(steps: []))
            try layers.add(comparison, set: set.name, bisects: bisects, doubt: doubt)
        }
        report.layers = layers.rows
        report.bisection = layers.bisection
        layers.notes.forEach { note($0) }
        guard let set = sets.first, !set.tensors.isEmpty else { return }
        response.probe(besides: set.tensors)
        for output in file.model.graph.outputs {
            let responds = response.changing.contains(output.name)
            noteResponse(
                of: output.name, value: isReversed ? nil : responds,
                reference: isReversed ? responds : nil)
        }
    }

    // MARK: Two records

    /// Compares tensors by their names.
    mutating func compare(_ values: [Recording], _ references: [Recording]) {
        if values.count != references.count {
            note("\(values.count) recordings against \(references.count): the first are compared")
        }
        for (value, reference) in zip(values, references) {
            let set = InputSet(name: values.count == 1 ? "" : value.name, tensors: [:])
            let mine = value.outputs + value.activations
            let theirs = reference.outputs + reference.activations
            let others = Dictionary(
                theirs.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            for tensor in mine {
                guard let other = others[tensor.key] else {
                    report.outputs.append(
                        missing(set.prefix + tensor.name, "not recorded in the reference"))
                    continue
                }
                let turned = Orientation.oriented(other.tensor, to: tensor.tensor.shape)
                addOutput(
                    tensor.name, tensor.tensor, reference: turned ?? other.tensor, on: set,
                    inputs: value.inputs.map(\.tensor))
            }
            let known = Set(mine.map(\.key))
            for other in theirs where !known.contains(other.key) {
                report.outputs.append(
                    missing(set.prefix + other.name, "recorded in the reference only"))
            }
        }
    }

    private func missing(_ name: String, _ why: String) -> ParityRow {
        ParityRow(name: name, status: .missing, explanation: why)
    }
}

extension RecordedTensor {
    /// The name, without what says that it is the truth.
    fileprivate var key: String {
        RecordedRole.isTruth(name) ? String(name.dropLast(8)) : name
    }
}

extension Recording {
    /// Whether recorded pictures have their channels last: as shapes tell for most, else as the
    /// model's file has them.
    fileprivate func hasChannelsLast(of file: ModelFile, _ sequence: LayerSequence) -> Bool {
        var votes = 0
        for tensor in activations {
            let answers = sequence.layers.compactMap {
                Orientation.hasChannelsLast(tensor.tensor, for: $0.shape)
            }
            if answers.contains(true) != answers.contains(false) {
                votes += answers.contains(true) ? 1 : -1
            }
        }
        return votes == 0 ? file.model.inputLayout == .nhwc : votes > 0
    }
}
