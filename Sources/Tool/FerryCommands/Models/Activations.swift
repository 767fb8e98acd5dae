import Architectures
import FormatInterface
import IR
import Runtime
import Tensors

/// What a network's values are computed in.
enum Arithmetic: Hashable {
    /// The engine's float32, with the weights of dense layers kept so.
    case engine(Numerics, DenseWeights)
    /// Float64 throughout: the truth.
    case float64
}

extension Engine {
    /// What commands compute in unless they are told otherwise.
    var arithmetic: Arithmetic { .engine(numerics, weights) }

    /// Values of a network by the names its graph gives them: outputs, activations, inputs.
    ///
    /// The engine's are those of an ordinary run, bit for bit. A convolution before a normalisation
    /// has none there, the two being one; its own come from a run in which they are two.
    ///
    /// - Parameters:
    ///   - inputs: a tensor for each of the graph's inputs, in the graph's own layout.
    ///   - names: what to return.
    /// - Returns: float64 tensors for `.float64`, float32 ones else, NCHW; integers as they are.
    /// - Throws: `InputError` for inputs that do not fit, and names that the graph does not have.
    func activations(
        of file: ModelFile, inputs: [String: Tensor], names: [String], in arithmetic: Arithmetic
    ) throws -> [String: Tensor] {
        switch arithmetic {
        case .engine(let numerics, let weights):
            var engine = self
            engine.numerics = numerics
            engine.weights = weights
            return try engine.activations(of: file, inputs: inputs, names: Set(names))
        case .float64:
            return try truth(of: file, inputs: inputs, names: Set(names))
        }
    }

    /// The network's outputs in float64.
    func truth(of file: ModelFile, inputs: [String: Tensor]) throws -> [String: Tensor] {
        try truth(of: file, inputs: inputs, names: Set(file.model.graph.outputs.map(\.name)))
    }

    private func activations(
        of file: ModelFile, inputs: [String: Tensor], names: Set<String>
    ) throws -> [String: Tensor] {
        let file = file.givenShapes(in: inputs)
        let given = inputs.filter { input in
            file.model.graph.inputs.contains { $0.name == input.key }
        }
        let plan = try plan(file, inputShapes: given.mapValues(\.shape), once: true)
        let apart = names.intersection(plan.absorbedValues)
        var values = try run(
            file.showing(names.subtracting(apart).sorted()), inputs: inputs)
        if !apart.isEmpty {
            let own = try run(file.showing(apart.sorted()), inputs: inputs)
            for name in apart { values[name] = own[name] }
        }
        return values.filter { names.contains($0.key) }
    }

    private func truth(
        of file: ModelFile, inputs: [String: Tensor], names: Set<String>
    ) throws -> [String: Tensor] {
        let file = file.givenShapes(in: inputs)
        let reference = Float64Reference(
            graph: file.model.graph, weights: file.model.weights, pool: pool)
        let given = inputs.filter { input in
            file.model.graph.inputs.contains { $0.name == input.key }
        }
        do {
            return try reference.run(given, keeping: names)
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }
}
