import Architectures
import FormatInterface
import IR
import Parity
import Runtime
import Tensors

extension VerifyCommand {
    /// Compares the two sides, whatever they are.
    func compared(_ activity: Activity, _ console: Console) throws -> Verification {
        let engine = try Engine(global, weights: weights)
        var verification = Verification(
            ParityReport(value: paths[0], reference: fixture ?? paths[1]), engine: engine,
            tolerance: tolerance, comparesLayers: layers, bisects: bisect, page: page)
        if let fixture {
            let file = try ModelFile(path: paths[0], global, naming).complete()
            noteWeights(of: file, in: &verification)
            try compare(
                file, Recording.read(fixture), nil, isStrict: true, isReversed: false,
                &verification, console)
            return verification
        }
        var plain = TensorNaming()
        plain.isPartial = naming.isPartial
        switch (try Side(paths[0], global, naming), try Side(paths[1], global, plain)) {
        case (.model(let first), .model(let second)):
            try compare(first, second, &verification, activity, console)
        case (.model(let file), .recording(let recordings, let doubt)):
            activity.enter("comparing with records")
            try compare(
                file.complete(), recordings, doubt, isStrict: false, isReversed: false,
                &verification, console)
        case (.recording(let recordings, let doubt), .model(let file)):
            activity.enter("comparing with records")
            try compare(
                file.complete(), recordings, doubt, isStrict: false, isReversed: true,
                &verification, console)
        case (.recording(let first, let doubt), .recording(let second, let otherDoubt)):
            if let doubt = doubt ?? otherDoubt { throw doubt }
            try refuseWeightsOnly()
            verification.compare(first, second)
        }
        return verification
    }

    private func refuseWeightsOnly() throws(UsageError) {
        if weightsOnly {
            throw UsageError(
                "--weights-only: expected two models, found records; ferry diff compares tensors "
                    + "by name")
        }
    }

    private func noteWeights(of file: ModelFile, in verification: inout Verification) {
        file.model.notes.forEach { verification.note($0) }
        if weights == .f32 { return }
        verification.note(
            "dense weights of \(verification.report.value) rounded to \(weights) in memory; "
                + "the reference keeps its own")
    }

    // MARK: Two models

    private func compare(
        _ first: ModelFile, _ second: ModelFile, _ verification: inout Verification,
        _ activity: Activity, _ console: Console
    ) throws {
        var (first, second) = (first, second)
        if !weightsOnly { (first, second) = (try first.complete(), try second.complete()) }
        for note in first.model.notes + second.model.notes { verification.note(note) }
        activity.enter("comparing weights")
        verification.report.weights = compareWeights(first.model, second.model)
        if !weightsOnly {
            try compareRuns(first, second, &verification, activity, console)
        }
        if verification.report.verdict == .different {
            activity.enter("looking for causes")
            verification.report.findings = findings(first.model, second.model)
        }
    }

    private func compareRuns(
        _ first: ModelFile, _ second: ModelFile, _ verification: inout Verification,
        _ activity: Activity, _ console: Console
    ) throws {
        activity.enter("comparing outputs")
        let (sets, notes) = try inputs.sets(for: first, console)
        for note in notes { verification.note(note) }
        noteWeights(of: first, in: &verification)
        if !inputs.pictures.isEmpty, let recipe = second.usualRecipe, recipe != first.usualRecipe {
            verification.note("\(paths[1]) takes pictures by \(recipe); both got the same numbers")
        }
        try verification.compare(first, second, on: sets)
        if verification.report.hasEqualWeightsUpToElementType,
            verification.report.verdict == .different
        {
            verification.note(
                "every weight is equal up to element type: the outputs differ by what "
                    + "rounding weights and computing in that type cost")
        }
    }

    // MARK: A model and records

    private func compare(
        _ file: ModelFile, _ recordings: [Recording], _ doubt: ModelError?, isStrict: Bool,
        isReversed: Bool, _ verification: inout Verification, _ console: Console
    ) throws {
        try refuseWeightsOnly()
        if !isStrict { noteWeights(of: file, in: &verification) }
        let sets: [InputSet]
        let hasInputs = recordings.contains { !$0.inputs.isEmpty }
        if hasInputs || isStrict || file.model.graph.inputs.isEmpty {
            if inputs.isGiven {
                throw UsageError(
                    "\(recordings[0].path) holds inputs of its own: expected none, found others")
            }
            sets = try recordings.map { recording in
                let tensors =
                    isStrict
                    ? try file.bind(recording.inputs.map { (nil, $0.file, $0.tensor) })
                    : try file.bindLoosely(recording.inputs)
                return InputSet(name: recording.name, tensors: tensors)
            }
        } else {
            let chosen = try inputs.sets(for: file, console)
            guard chosen.sets.count == recordings.count else {
                throw UsageError(
                    "\(recordings[0].path): expected inputs for \(recordings.count) recordings, "
                        + "found \(chosen.sets.count)")
            }
            for note in chosen.notes { verification.note(note) }
            sets = chosen.sets
        }
        try verification.compare(
            file, recordings, on: sets, doubt: doubt, isLoose: !isStrict, isReversed: isReversed)
    }

    // MARK: Float64

    func verifyAgainstTruth(_ console: Console) throws -> ExitStatus {
        let activity = console.activity("reading")
        defer { activity.finish() }
        let file = try ModelFile(path: paths[0], global, naming).complete()
        let (sets, notes) = try inputs.sets(for: file, console)
        guard sets.count == 1 else {
            throw UsageError("--against: expected inputs of one run, found \(sets.count)")
        }
        let comparison = TruthComparison(
            file: file, engine: try Engine(global, weights: weights), inputs: sets[0].tensors,
            tolerance: tolerance)
        activity.enter("computing in float64")
        var page = self.page
        var report = try comparison.report(&page)
        report.notes += notes
        let growth = layers ? try comparison.growth() : nil
        activity.finish()
        if var page {
            page.growth = growth
            report = try write(report, to: page)
        }
        let whole = TruthReport(report: report, growth: growth)
        if global.json {
            try console.printJSON(whole)
        } else {
            try console.print(whole.text(coloured: console.colours))
        }
        return report.passes ? .done : .different
    }

    // MARK: The end

    func finish(
        _ report: ParityReport, _ console: Console, _ page: PageWriter?
    ) throws -> ExitStatus {
        var report = report
        if let page { report = try write(report, to: page) }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(
                report.text(onlyRemarkable: !listsAll, coloured: console.colours))
        }
        return report.passes ? .done : .different
    }

    /// Adds what is needed to repeat the report, and writes it to its page.
    private func write(_ report: ParityReport, to page: PageWriter) throws -> ParityReport {
        var report = report
        let engine = weightsOnly ? nil : try Engine(global, weights: weights)
        report.provenance = try .collect(
            paths: paths + (fixture.map { [$0] } ?? []) + inputs.files, engine: engine, global,
            inputs: inputsInWords)
        try page.write(report)
        return report
    }

    /// Where the inputs come from.
    private var inputsInWords: String {
        if weightsOnly { return "none, weights alone" }
        if let fixture { return "as recorded in \(fixture)" }
        return inputs.words
    }
}
