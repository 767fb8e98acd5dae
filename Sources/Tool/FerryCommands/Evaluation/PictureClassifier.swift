import Architectures
import FormatInterface
import IR
import Images
import Runtime
import Tensors

/// A network that judges pictures by a protocol.
final class PictureClassifier {
    /// What the network says of a picture.
    struct Answer {
        /// The network's own outputs where there is one view; else the averaged softmax, [1, classes],
        /// under the first output's name.
        var outputs: [String: Tensor]
        var scores: ClassScores
    }

    let recipe: Preprocessing
    let views: ViewProtocol
    let viewing: PictureViewing
    private let file: ModelFile
    private let engine: Engine
    private let input: PictureInput
    private let inFloat64: Bool
    private let network: PlannedNetwork
    private let outputName: String

    /// - Parameter preprocess: the recipe, instead of the model's own.
    /// - Throws: `UsageError` for views that the network cannot be given, `InputError` for a network
    ///   that takes no pictures or cannot be made fully convolutional.
    init(
        _ file: ModelFile, _ engine: Engine, _ choice: ProtocolChoice,
        preprocess: Preprocessing?, exif: EXIFHandling, inFloat64: Bool = false
    ) throws {
        var input = try file.anyPictureInput()
        recipe = try file.recipe(preprocess)
        views = try choice.views(for: input, by: recipe)
        guard let output = file.model.graph.outputs.first?.name else {
            throw InputError(
                file: file.path, format: file.format, expected: "an output", found: "none")
        }
        outputName = output
        if views.kind.isWhole {
            self.file = try file.forWholePictures(
                isOpen: input.size == nil, averaged: views.viewCount > 1)
            input.size = nil
        } else {
            self.file = file
        }
        self.input = input
        self.engine = engine
        self.inFloat64 = inFloat64
        network = PlannedNetwork(self.file, engine, isOfOneShape: input.size != nil)
        viewing = PictureViewing(
            recipe: recipe, exif: exif, groups: views.groups, channels: input.channels,
            size: input.size)
    }

    /// Whether pictures can be given together, all having one size.
    var takesBatches: Bool { input.takesBatches && input.size != nil }

    /// How many classes there are.
    ///
    /// - Throws: `InputError` for sizes that the network refuses.
    func classCount() throws -> Int {
        let group = views.groups[0]
        let side = group[0].shortSide ?? 224
        let (width, height) = input.size ?? (side, side)
        let shape = [input.takesBatches ? group.count : 1, input.channels, height, width]
        do {
            let types = try file.model.graph.inferTypes(
                inputShapes: [input.name: shape], constants: file.model.weights)
            let output = types[file.model.graph.outputs[0].name]?.shape ?? []
            let count = classes(in: output, views: shape[0])
            guard count > 0 else {
                throw InputError(
                    file: file.path, format: file.format, expected: "scores of classes",
                    found: "an output \(output)")
            }
            return count
        } catch let error as GraphError {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }

    /// What the network says of one picture.
    ///
    /// - Throws: `InputError`, about the picture where the network takes any size but not its own.
    func answer(_ picture: PictureViewing.Views, of path: String) throws -> Answer {
        let results: [[String: Tensor]]
        do {
            results = try picture.tensors.map { try outputs(of: $0) }
        } catch let error as InputError where input.size == nil {
            let sizes = picture.tensors.map { "\($0.shape[3])×\($0.shape[2])" }
            throw InputError(
                file: path, place: "as \(sizes.joined(separator: ", "))", problem: "\(error)")
        }
        let rows = try zip(picture.tensors, results).flatMap { tensor, result in
            try self.scores(in: result, views: tensor.shape[0])
        }
        let scores = ClassScores(rows, of: file)
        if rows.count == 1, let first = results.first {
            var outputs = first
            if let own = outputs.removeValue(forKey: file.model.graph.outputs[0].name) {
                outputs[outputName] = own
            }
            return Answer(outputs: outputs, scores: scores)
        }
        let averaged = Tensor(
            rounding: scores.probabilities, to: inFloat64 ? .float64 : .float32,
            shape: [1, scores.probabilities.count])
        return Answer(outputs: [outputName: averaged], scores: scores)
    }

    /// Scores for several pictures of one size, computed together.
    ///
    /// - Parameter count: pictures the network is given; zeros stand for those that are fewer, so that
    ///   answers have the same bits however many there are.
    func scores(_ pictures: [PictureViewing.Views], paddedTo count: Int) throws -> [ClassScores] {
        var rows = [[[Double]]](repeating: [], count: pictures.count)
        for group in viewing.groups.indices {
            let tensors = pictures.map { $0.tensors[group] }
            let padding = tensors.first.map { first in
                Tensor(
                    [Float](repeating: 0, count: (count - pictures.count) * first.elementCount),
                    shape: [(count - pictures.count) * first.shape[0]] + first.shape.dropFirst())
            }
            let batch = stacked(tensors + (padding.map { [$0] } ?? []))
            let all = try scores(in: outputs(of: batch), views: batch.shape[0])
            let each = viewing.groups[group].count
            for picture in pictures.indices {
                rows[picture] += all[picture * each..<(picture + 1) * each]
            }
        }
        return rows.map { ClassScores($0, of: file) }
    }

    private func outputs(of tensor: Tensor) throws -> [String: Tensor] {
        let tensor = tensor.converted(to: input.elementType)
        if input.takesBatches || tensor.shape[0] == 1 { return try run(tensor) }
        // A network of one picture at a time.
        let single = [1] + tensor.shape.dropFirst()
        let values = tensor.doubles()
        let size = single.reduce(1, *)
        let results = try (0..<tensor.shape[0]).map { view in
            try run(
                Tensor(
                    rounding: Array(values[view * size..<(view + 1) * size]),
                    to: tensor.elementType, shape: Array(single)))
        }
        return results[0].keys.reduce(into: [:]) { all, name in
            all[name] = stacked(results.compactMap { $0[name] })
        }
    }

    private func run(_ tensor: Tensor) throws -> [String: Tensor] {
        inFloat64
            ? try engine.truth(of: file, inputs: [input.name: tensor])
            : try network.run(input.name, tensor)
    }

    /// The classes' scores for each view: those of a map are averaged over its positions.
    private func scores(in results: [String: Tensor], views: Int) throws -> [[Double]] {
        guard let output = results[file.model.graph.outputs[0].name], output.elementCount > 0,
            views == 1 || output.shape.first == views
        else {
            throw InputError(
                file: file.path, format: file.format, place: "output '\(outputName)'",
                expected: "scores for each of \(views) views",
                found: "\(results[file.model.graph.outputs[0].name]?.shape ?? [])")
        }
        let classes = classes(in: output.shape, views: views)
        let values = output.doubles()
        let positions = values.count / views / classes
        return (0..<views).map { view in
            (0..<classes).map { index in
                let start = (view * classes + index) * positions
                if positions == 1 { return values[start] }
                return values[start..<start + positions].reduce(0, +) / Double(positions)
            }
        }
    }

    /// Of a map [views, classes, height, width] its channels, else all numbers of a view.
    private func classes(in shape: [Int], views: Int) -> Int {
        shape.count == 4 ? shape[1] : shape.reduce(1, *) / max(views, 1)
    }
}

/// Tensors of one shape but for the first axis, one after the other along it.
func stacked(_ tensors: [Tensor]) -> Tensor {
    guard let first = tensors.first, tensors.count > 1, !first.shape.isEmpty else {
        return tensors[0]
    }
    let shape = [tensors.reduce(0) { $0 + $1.shape[0] }] + first.shape.dropFirst()
    return first.elementType == .float32
        ? Tensor(tensors.flatMap { $0.floats() }, shape: shape)
        : Tensor(
            rounding: tensors.flatMap { $0.doubles() }, to: first.elementType, shape: shape)
}

extension ModelFile {
    /// The network as one that takes whole pictures: dense layers become convolutions unless it is
    /// open to all sizes already.
    ///
    /// - Parameter averaged: whether several views are, so that scores are wanted as they are before a
    ///   softmax at the end.
    /// - Throws: `InputError` where it cannot become one.
    fileprivate func forWholePictures(isOpen: Bool, averaged: Bool) throws -> ModelFile {
        var (graph, weights) = (model.graph, model.weights)
        if !isOpen {
            var surgery = Surgery(model)
            do {
                try surgery.makeFullyConvolutional(averaging: false)
            } catch {
                throw InputError(
                    file: path, format: format, place: "as convolutions", problem: "\(error)")
            }
            (graph, weights) = (surgery.graph, surgery.weights)
        }
        if averaged,
            let last = graph.nodes.last(where: { $0.outputs.contains(graph.outputs[0].name) }),
            last.op is Softmax, graph.nodes.contains(where: { $0.outputs.contains(last.inputs[0]) })
        {
            graph.outputs[0].name = last.inputs[0]
            graph.nodes.removeAll { $0.outputs == last.outputs }
        }
        return part(graph, constants: weights)
    }
}
