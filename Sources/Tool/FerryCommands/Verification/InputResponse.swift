import Architectures
import IR
import Parity
import Tensors

/// Whether outputs change with the input: one that does not proves nothing by being equal.
struct InputResponse {
    private let file: ModelFile
    private let engine: Engine
    /// The outputs seen so far that were of no other value, by name.
    private var first: [String: Tensor] = [:]
    private(set) var changing: Set<String> = []

    init(_ file: ModelFile, _ engine: Engine) {
        self.file = file
        self.engine = engine
    }

    /// Takes note of the outputs for one more input.
    mutating func note(_ outputs: [String: Tensor]) {
        for (name, tensor) in outputs {
            guard let known = first[name] else {
                first[name] = tensor
                continue
            }
            if !known.isBitEqual(to: tensor) { changing.insert(name) }
        }
    }

    /// Runs the network on other inputs until all outputs have changed, three times at most.
    mutating func probe(besides inputs: [String: Tensor]) {
        for attempt in 0..<3 where first.keys.contains(where: { !changing.contains($0) }) {
            let other = Dictionary(
                uniqueKeysWithValues: inputs.map { ($0, changed($1, named: $0, attempt)) })
            // An input that the network refuses tells nothing of its outputs.
            guard let outputs = try? engine.run(file, inputs: other) else { continue }
            note(outputs)
        }
    }

    /// Other noise of the same size, noise eight times as large, and the input's opposite.
    private func changed(_ tensor: Tensor, named name: String, _ attempt: Int) -> Tensor {
        let declaration = file.model.graph.inputs.first { $0.name == name }
        if declaration?.mayDecideShapes == true, file.model.graph.inputs.count > 1 { return tensor }
        let values = tensor.doubles()
        let scale = max(1, TensorSummary(of: tensor).maximumMagnitude) * (attempt == 1 ? 8 : 1)
        let noise = SeededValues.input(shape: tensor.shape, seed: 0x5EED + UInt64(attempt))
        let other =
            attempt == 2 ? values.map { 1 - $0 } : noise.doubles().map { $0 * scale }
        return Tensor(rounding: other, to: tensor.elementType, shape: tensor.shape)
    }
}

extension ParityRow {
    /// Notes whether the output changes with the input, on each side that can be asked.
    mutating func note(valueResponds: Bool?, referenceResponds: Bool?) {
        let answers = [valueResponds, referenceResponds].compactMap(\.self)
        if answers.isEmpty { return }
        guard answers.contains(false), answers.contains(true) else {
            return note(dependsOnInput: answers[0])
        }
        note(dependsOnInput: true)
        status = .different
        let side = valueResponds == false ? "output" : "reference"
        let words = ["the \(side) does not depend on the input", explanation]
        explanation = words.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
