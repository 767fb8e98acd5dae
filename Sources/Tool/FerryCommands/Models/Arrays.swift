import Architectures
import FormatInterface
import IR
import Tensors

/// Arrays between a file's own layout, which users see, and the graph's NCHW.
extension ModelFile {
    /// The axes that turn an array of the file's layout into the graph's, for pictures.
    private func isPicture(_ rank: Int) -> Bool { model.inputLayout == .nhwc && rank == 4 }

    func canonical(_ array: Tensor) -> Tensor {
        isPicture(array.rank) ? array.permuted([0, 3, 1, 2]) : array
    }

    func declared(_ array: Tensor) -> Tensor {
        isPicture(array.rank) ? array.permuted([0, 2, 3, 1]) : array
    }

    /// A known shape as the file lays it out.
    func declaredShape(_ shape: [Int]) -> [Int] {
        isPicture(shape.count) ? [shape[0], shape[2], shape[3], shape[1]] : shape
    }

    /// A shape as the file declares it.
    func declaredShape(_ shape: [Dimension]?) -> String {
        var shape = shape
        if let given = shape, isPicture(given.count) {
            shape = [given[0], given[2], given[3], given[1]]
        }
        return ValueDeclaration.describe(shape)
    }

    /// Reads `--input` arrays and binds them to the graph's inputs.
    ///
    /// - Throws: `UsageError` when names and inputs do not match, `InputError` for a bad array.
    func inputs(from arrays: [ArrayArgument]) throws -> [String: Tensor] {
        try bind(arrays.map { ($0.name, $0.file, try ArrayFile.read($0.file)) })
    }

    /// Binds arrays to inputs: by name where one is given, else in order.
    func bind(
        _ arrays: [(name: String?, file: String, array: Tensor)]
    ) throws -> [String: Tensor] {
        let declared = model.graph.inputs
        guard arrays.count == declared.count else {
            throw UsageError(
                "--input: expected \(declared.count) arrays "
                    + "(\(declared.map(\.name).joined(separator: ", "))), found \(arrays.count)")
        }
        var inputs: [String: Tensor] = [:]
        for (index, item) in arrays.enumerated() {
            let name = item.name ?? declared[index].name
            guard let input = declared.first(where: { $0.name == name }) else {
                throw UsageError(
                    "--input: expected one of \(self.names(declared)), found '\(name)'")
            }
            let array = canonical(item.array)
            guard array.elementType == input.elementType, input.takes(array.shape) else {
                throw InputError(
                    file: item.file, place: "input '\(name)'",
                    expected: "\(input.elementType) \(declaredShape(input.shape))",
                    found: "\(item.array.elementType) \(item.array.shape)")
            }
            inputs[name] = array
        }
        return inputs
    }

    private func names(_ values: [ValueDeclaration]) -> String {
        values.map { "'\($0.name)'" }.joined(separator: ", ")
    }

    /// Inputs of seeded noise in (−1, 1), one batch of `batch`.
    func seededInputs(batch: Int, seed: UInt64 = 1) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for (name, shape) in try inputShapes(batch: batch) {
            let type = model.graph.inputs.first { $0.name == name }?.elementType ?? .float32
            inputs[name] = SeededValues.input(shape: shape, seed: seed).converted(to: type)
        }
        return inputs
    }

    /// Shapes of the inputs with their declared sizes, `batch` where the first is open.
    func inputShapes(batch: Int) throws -> [String: [Int]] {
        let shapes: [String: [Int]]
        do {
            shapes = try model.graph.defaultInputShapes(batch: batch)
        } catch {
            throw InputError(file: path, format: format, problem: "\(error)")
        }
        for (name, shape) in shapes {
            // An input of 1 GiB is no picture.
            guard (Tensor.byteCount(of: shape, .float32) ?? .max) <= 1 << 30 else {
                throw InputError(
                    file: path, format: format, place: "input '\(name)'",
                    expected: "at most 1 GiB", found: "shape \(shape)")
            }
        }
        return shapes
    }
}

extension ValueDeclaration {
    /// Whether an array of this shape agrees with every size that is declared.
    func takes(_ array: [Int]) -> Bool {
        guard let shape else { return true }
        return array.count == shape.count
            && zip(array, shape).allSatisfy { size, dimension in
                if case .fixed(let expected) = dimension { size == expected } else { true }
            }
    }
}
