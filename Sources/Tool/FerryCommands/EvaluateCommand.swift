import Architectures
import FormatInterface
import Images
import Runtime

/// Measures how often a network is wrong.
struct EvaluateCommand: Command {
    static let name = "evaluate"
    static let abstract = "Measure a network's error on a folder of labelled pictures"
    static let usage = [
        "MODEL FOLDER [--labels FILE] [--protocol NAME] [--resume FILE]"
    ]
    static let options: [CommandOption] =
        [
            .value(
                "labels", "FILE",
                help: "the pictures and their classes (default: a folder for each class)"),
            .value(
                "resume", "FILE",
                help: "keep what is done in FILE, and go on from there"),
            .value("confusions", "N", help: "pairs of confused classes to show (default: 10)"),
            .value(
                "preprocess", "NAME",
                help: "\(Preprocessing.allCases.map(\.rawValue).joined(separator: ", "))"),
            .value(
                "exif", "ignore|apply", help: "what to do with turned pictures (default: ignore)"),
        ] + ProtocolChoice.options + [
            .value("batch", "N", help: "pictures the network is given at once (default: 1)"),
            .weights,
        ] + TensorNaming.options
    static let discussion = """
        FOLDER has a folder for each class, called by the class's number (0, 1, 2 …) or,
        for networks of 1,000 classes, by ImageNet's name (tiger_shark). Other names,
        such as n01440764, are taken in sorted order where there is one for each class.
        --labels FILE has a picture of FOLDER and its class's number or name a line,
        divided by a tab, or by the line's last space. The report says how classes were
        told. Pictures that cannot be read are reported and do not count. --batch 16 is
        faster for networks with large dense layers; last bits may differ from batch 1.

        --resume FILE is made where it does not exist and gets a line for each finished
        picture. A run that was killed goes on from there, with the same figures as one
        that was not. A state of another network, other pictures or options is refused.

        \(ProtocolChoice.discussion)
        """
    static let example = """
        ferry evaluate lenet5.onnx digits
        ferry evaluate alexnet.pth imagenet/val --protocol ten-crop --resume alexnet.state
        ferry evaluate vgg16.onnx val --labels val.txt --protocol dense --scale 384 --json
        """

    private let model: String
    private let folder: String
    private let labels: String?
    private let resume: String?
    private let confusions: Int
    private let preprocess: Preprocessing?
    private let exif: EXIFHandling
    private let choice: ProtocolChoice
    private let batch: Int
    private let weights: DenseWeights
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let words = try arguments.exactly("MODEL", "FOLDER")
        model = words[0]
        folder = words[1].withoutFinalSlashes
        labels = arguments.value("labels")
        resume = arguments.value("resume")
        confusions = try arguments.integer("confusions", in: 0...1_000_000) ?? 10
        preprocess = try arguments.choice("preprocess", of: Preprocessing.self)
        exif = try arguments.choice("exif", of: EXIFHandling.self) ?? .ignore
        choice = try ProtocolChoice(arguments)
        batch = try arguments.integer("batch", in: 1...1024) ?? 1
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        naming = try TensorNaming(arguments)
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let engine = try Engine(global, weights: weights)
        let activity = console.activity("reading \(model)")
        defer { activity.finish() }
        let file = try ModelFile(path: model, global, naming).complete()
        let classifier = try classifier(file, engine)
        let names = ClassNames(count: try classifier.classCount())
        activity.enter("reading \(folder)")
        let pictures = try pictures(names)
        var evaluation = Evaluation(
            classifier, pictures, batch: batch, pool: engine.pool, classes: names.count)
        let state = try resume.map { path in
            activity.enter("reading \(path)")
            return try EvaluationState(
                path: path, header: try header(file, classifier, pictures, engine),
                pictures: pictures, classes: names.count
            ) { evaluation.count($0, top: $1) }
        }
        activity.finish()
        for note in file.model.notes { console.note("note: \(note)") }
        console.note("preprocess: \(classifier.recipe.rawValue)")
        if let note = classifier.views.note { console.note("note: \(note)") }
        let resumed = evaluation.tally.count
        let start = ContinuousClock.now
        try evaluation.run(state, console)
        let report = report(
            evaluation, names, resumed: resumed,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        try global.json
            ? console.printJSON(report) : console.print(report.text(coloured: console.colours))
        return evaluation.status
    }

    private func classifier(_ file: ModelFile, _ engine: Engine) throws -> PictureClassifier {
        let classifier = try PictureClassifier(
            file, engine, choice, preprocess: preprocess, exif: exif)
        guard batch == 1 || classifier.takesBatches else {
            throw UsageError(
                "--batch: expected 1 for a network and views that take pictures one at a time, "
                    + "found \(batch)")
        }
        return classifier
    }

    private func pictures(_ names: ClassNames) throws -> LabelledPictures {
        guard let labels else { return try LabelledPictures(folder: folder, classes: names) }
        let list = try LabelFile(path: labels, classes: names)
        return LabelledPictures(folder: folder, list.entries, from: labels)
    }

    /// What must be the same for figures to be the same.
    private func header(
        _ file: ModelFile, _ classifier: PictureClassifier, _ pictures: LabelledPictures,
        _ engine: Engine
    ) throws -> EvaluationState.Header {
        let network = try NetworkDigest(file.model)
        return [
            ("version", FerryMain.version),
            ("network", network.graph),
            ("weights", network.weights),
            ("pictures", "\(pictures.items.count) \(try pictures.digest())"),
            ("recipe", classifier.recipe.rawValue),
            ("exif", exif.rawValue),
            ("protocol", classifier.views.name),
            ("numerics", "\(engine.numerics) \(engine.weights)"),
            ("batch", "\(batch)"),
        ]
    }

    private func report(
        _ evaluation: Evaluation, _ names: ClassNames, resumed: Int, seconds: Double
    ) -> EvaluationReport {
        let (tally, views) = (evaluation.tally, evaluation.classifier.views)
        func share(_ count: Int) -> Double? {
            tally.count > 0 ? Double(count) / Double(tally.count) : nil
        }
        func label(_ index: Int) -> String { names.labels?[index] ?? "\(index)" }
        return EvaluationReport(
            model: model, folder: folder, preprocess: evaluation.classifier.recipe.rawValue,
            protocol: views.kind.rawValue, scales: views.scales, viewsPerPicture: views.viewCount,
            classes: names.count, labels: evaluation.pictures.rule, pictures: tally.count,
            failed: evaluation.failed, skipped: evaluation.pictures.skipped,
            top1Wrong: tally.wrong, top5Wrong: tally.notAmongTop,
            top1Error: share(tally.wrong), top5Error: share(tally.notAmongTop),
            confusions: tally.mostFrequent(confusions).map { pair in
                EvaluationReport.Confusion(
                    index: pair.label, label: label(pair.label), answer: pair.answer,
                    answerLabel: label(pair.answer), count: pair.count)
            },
            resumed: resumed, seconds: seconds,
            picturesPerSecond: seconds > 0 ? Double(tally.count - resumed) / seconds : 0)
    }
}
