import IR
import Tensors

extension CheckpointBuilder {
    /// IR versions and operator sets that ONNX has published: https://onnx.ai, "Versioning".
    private static var irVersions: ClosedRange<Int64> { 1...14 }
    static var opsets: ClosedRange<Int64> { 1...28 }

    /// The version of the standard operators that the model imports.
    static func opset(of model: ModelDescription) throws(ONNXError) -> Int {
        guard irVersions.contains(model.irVersion) else {
            throw ONNXError(
                .file, expected: "IR version 1 to \(irVersions.upperBound)",
                found: "\(model.irVersion)")
        }
        let versions = model.operatorSets.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
            .map(\.version)
        guard versions.count <= 1 else {
            throw ONNXError(
                .file, expected: "one version of the standard operators",
                found: versions.prefix(4).map { "\($0)" }.joined(separator: ", "))
        }
        guard let version = versions.first else {
            // Before IR version 3 files could not say; the first set was meant.
            if model.irVersion < 3 { return 1 }
            throw ONNXError(
                .file, expected: "an opset_import of the standard operators", found: "none")
        }
        guard opsets.contains(version) else {
            throw ONNXError(
                .file, expected: "opset 1 to \(opsets.upperBound)", found: "\(version)")
        }
        return Int(version)
    }

    /// Inputs or outputs of the graph.
    func declarations(
        _ descriptions: [DeclarationDescription], _ role: String
    ) throws(ONNXError) -> [ValueDeclaration] {
        var names: Set<String> = []
        var declarations: [ValueDeclaration] = []
        for description in descriptions {
            guard !description.name.isEmpty else {
                throw ONNXError(.file, expected: "\(role)s with names", found: "one without")
            }
            guard names.insert(description.name).inserted else {
                throw ONNXError(
                    .value(description.name), expected: "one \(role) of this name",
                    found: "several")
            }
            declarations.append(try declaration(description, role))
        }
        return declarations
    }

    private func declaration(
        _ description: DeclarationDescription, _ role: String
    ) throws(ONNXError) -> ValueDeclaration {
        let place = ONNXError.Place.value(description.name)
        switch description.kind {
        case .missing:
            throw ONNXError(place, expected: "\(role) with a type", found: "none")
        case .other(let kind):
            throw ONNXError(place, expected: "a tensor as \(role)", found: kind)
        case .tensor(let dataType, let shape):
            guard let type = ElementType(dataType: dataType) else {
                throw ONNXError(
                    place, expected: "elements of a type Ferry carries",
                    found: DataType.name(of: dataType))
            }
            let rank = shape?.count ?? 0
            guard rank <= TensorDecoder.rankLimit else {
                throw ONNXError(
                    place, expected: "at most \(TensorDecoder.rankLimit) dimensions",
                    found: "\(rank)")
            }
            var dimensions: [Dimension]?
            if let shape {
                var sizes: [Dimension] = []
                for dimension in shape { sizes.append(try size(dimension, place)) }
                dimensions = sizes
            }
            return ValueDeclaration(
                name: description.name, elementType: type, shape: dimensions)
        }
    }

    private func size(
        _ dimension: DeclarationDescription.Dimension, _ place: ONNXError.Place
    ) throws(ONNXError) -> Dimension {
        switch dimension {
        case .name(let name): return .symbolic(name)
        // Old exporters write -1 for a size they do not know.
        case .unknown, .size(-1): return .unknown
        case .size(let size):
            guard size >= 0 else {
                throw ONNXError(place, expected: "dimensions of at least 0", found: "\(size)")
            }
            return .fixed(Int(size))
        }
    }
}
