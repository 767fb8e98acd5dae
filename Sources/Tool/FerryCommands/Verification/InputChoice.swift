import Architectures
import FormatInterface
import IR
import Images
import Tensors

/// A tensor for each of a model's inputs, in its graph's layout.
struct InputSet {
    /// "noise 1", a picture's or a recording's name; empty for the only one.
    var name: String
    var tensors: [String: Tensor]
}

/// Which inputs networks are compared on.
struct InputChoice {
    static let options: [CommandOption] = [
        .value(
            "input", "[NAME=]FILE", repeats: true,
            help: "an array for an input, in A's layout (default: seeded noise)"),
        .value("inputs", "RECORD", help: "the inputs of recorded tensors, each set in turn"),
        .value("picture", "FILE", repeats: true, help: "a picture, prepared by A's recipe"),
        .value(
            "preprocess", "NAME",
            help: "how pictures are prepared (default: as A was trained)"),
        .value("batch", "N", help: "pictures of seeded noise (default: 1)"),
        .value("seed", "N", help: "chooses the noise (default: 1)"),
        .value("seeds", "N", help: "as many batches of noise, from that seed on (default: 1)"),
        .value("size", "HxW", help: "of pictures, where A leaves it open"),
    ]

    let arrays: [ArrayArgument]
    let record: String?
    let pictures: [String]
    private let preprocess: Preprocessing?
    private let batch: Int?
    private let seed: UInt64
    private let seedCount: Int
    private let size: (height: Int, width: Int)?

    init(_ arguments: ParsedArguments) throws(UsageError) {
        arrays = try arguments.arrays("input")
        record = arguments.value("inputs")
        pictures = arguments.values("picture")
        preprocess = try arguments.choice("preprocess", of: Preprocessing.self)
        batch = try arguments.integer("batch", in: 1...65536)
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        seedCount = try arguments.integer("seeds", in: 1...65536) ?? 1
        size = try arguments.value("size").map { text throws(UsageError) in
            try Self.size(text)
        }
        try arguments.require("picture", with: "preprocess")
        for given in ["input", "inputs", "picture"] {
            try arguments.refuseTogether(given, "batch")
            try arguments.refuseTogether(given, "seed")
            try arguments.refuseTogether(given, "seeds")
        }
        try arguments.refuseTogether("input", "inputs", "picture")
        try arguments.refuseTogether("size", "input", "inputs")
    }

    private static func size(_ text: String) throws(UsageError) -> (height: Int, width: Int) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let height = sides[0], let width = sides[1],
            (1...65536).contains(height), (1...65536).contains(width)
        else { throw UsageError("--size: expected HEIGHTxWIDTH, found '\(text)'") }
        return (height, width)
    }

    /// Whether the command line says anything about inputs.
    var isGiven: Bool { !arrays.isEmpty || record != nil || !pictures.isEmpty }

    /// The files that inputs are read from.
    var files: [String] { arrays.map(\.file) + pictures + (record.map { [$0] } ?? []) }

    /// Where the inputs come from.
    var words: String {
        if isGiven { return files.joined(separator: ", ") }
        let shape = size.map { ", \($0.height)x\($0.width)" } ?? ""
        let last = seed &+ UInt64(seedCount - 1)
        let seeds = seedCount > 1 ? "seeds \(seed) to \(last)" : "seed \(seed)"
        return "seeded noise, \(seeds), batch \(batch ?? 1)\(shape)"
    }

    /// The inputs for `file`, with notes for what a reader should know of them.
    func sets(
        for file: ModelFile, _ console: Console
    ) throws -> (sets: [InputSet], notes: [String]) {
        if !arrays.isEmpty {
            return ([InputSet(name: "", tensors: try file.inputs(from: arrays))], [])
        }
        if let record {
            let sets = try Recording.read(record).map {
                InputSet(name: $0.name, tensors: try file.bindLoosely($0.inputs))
            }
            return (sets, [])
        }
        if !pictures.isEmpty { return try pictureSets(for: file, console) }
        var notes = ["outputs compared on seeded noise"]
        let shapes = try file.inputShapes(batch: batch ?? 1, size: size)
        if let batch, let fixed = file.fixedBatch, fixed != batch {
            notes.append("the batch is \(fixed), as \(file.path) declares it")
        }
        let sets = try (0..<seedCount).map { index in
            let seed = self.seed &+ UInt64(index)
            let tensors = try file.noise(shapes, seed: seed)
            return InputSet(name: seedCount == 1 ? "" : "seed \(seed)", tensors: tensors)
        }
        return (sets, notes)
    }

    private func pictureSets(
        for file: ModelFile, _ console: Console
    ) throws -> (sets: [InputSet], notes: [String]) {
        var input = try file.pictureInput(size: size)
        let recipe = try file.recipe(preprocess)
        input.shape[0] = 1
        let sets = try pictures.map { path in
            let tensor = try file.tensor(
                of: path, by: recipe, exif: .ignore, for: input.shape, console)
            let type = file.model.graph.inputs[0].elementType
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return InputSet(
                name: pictures.count == 1 ? "" : name,
                tensors: [input.name: tensor.converted(to: type)])
        }
        return (sets, ["pictures prepared by the recipe \(recipe.rawValue)"])
    }
}

extension ModelFile {
    /// The batch the file insists on; nil when it leaves it open.
    fileprivate var fixedBatch: Int? {
        guard case .fixed(let batch)? = model.graph.inputs.first?.shape?.first else { return nil }
        return batch
    }

    /// Shapes of the inputs with open heights and widths of pictures filled in.
    ///
    /// - Throws: `UsageError` where the file declares another size, or takes no pictures.
    func inputShapes(
        batch: Int, size: (height: Int, width: Int)?
    ) throws -> [String: [Int]] {
        guard let size else { return try inputShapes(batch: batch) }
        var graph = model.graph
        var isSet = false
        for index in graph.inputs.indices {
            guard var shape = graph.inputs[index].shape, shape.count == 4 else { continue }
            for (axis, side) in [(2, size.height), (3, size.width)] {
                if case .fixed(let declared) = shape[axis], declared != side {
                    throw UsageError(
                        "--size: expected \(declaredShape(graph.inputs[index].shape)) as "
                            + "\(path) declares it, found \(size.height)x\(size.width)")
                }
                shape[axis] = .fixed(side)
            }
            graph.inputs[index].shape = shape
            isSet = true
        }
        guard isSet else { throw UsageError("--size: expected a model of pictures, found \(path)") }
        return try part(graph, constants: [:]).inputShapes(batch: batch)
    }

    /// The one input that takes pictures, at batch 1.
    fileprivate func pictureInput(
        size: (height: Int, width: Int)?
    ) throws -> (name: String, shape: [Int]) {
        guard size != nil else { return try pictureInput() }
        let shapes = try inputShapes(batch: 1, size: size)
        guard shapes.count == 1, let (name, shape) = shapes.first else {
            return try pictureInput()
        }
        return (name, shape)
    }

    /// Inputs of seeded noise in (−1, 1).
    func noise(_ shapes: [String: [Int]], seed: UInt64) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for (name, shape) in shapes {
            let type = model.graph.inputs.first { $0.name == name }?.elementType ?? .float32
            inputs[name] = SeededValues.input(shape: shape, seed: seed).converted(to: type)
        }
        return inputs
    }
}
