import Architectures
import FormatInterface
import IR
import Parity
import Tensors

extension Verification {
    /// Inputs of the reference for those of the value, by place; nil, with a row that says why, where
    /// it does not take them.
    mutating func inputs(
        of reference: ModelFile, for set: InputSet, of value: ModelFile
    ) throws -> [String: Tensor]? {
        let mine = value.model.graph.inputs
        let theirs = reference.model.graph.inputs
        guard mine.count == theirs.count else {
            throw InputError(
                file: reference.path, format: reference.format, expected: "\(mine.count) inputs",
                found: "\(theirs.count)")
        }
        var inputs: [String: Tensor] = [:]
        for (input, other) in zip(mine, theirs) {
            guard let array = set.tensors[input.name] else { continue }
            guard other.takes(array.shape) else {
                report.outputs.append(
                    ParityRow(
                        name: input.name, status: .different,
                        explanation: "not run: inputs of \(value.declaredShape(input.shape)), "
                            + "reference " + reference.declaredShape(other.shape)))
                return nil
            }
            inputs[other.name] = array.converted(to: other.elementType)
        }
        return inputs
    }

    /// Adds a row for each output of two models; a Softmax that only one ends in is applied to the
    /// other's output first.
    mutating func addOutputs(
        _ value: ModelFile, _ reference: ModelFile, _ mine: [String: Tensor],
        _ theirs: [String: Tensor], on set: InputSet
    ) {
        let outputs = value.model.graph.outputs
        let others = reference.model.graph.outputs
        if outputs.count != others.count {
            report.outputs.append(
                ParityRow(
                    name: set.prefix + "outputs", status: .different,
                    explanation: "\(outputs.count), reference \(others.count)"))
        }
        for (index, (output, other)) in zip(outputs, others).enumerated() {
            guard var a = mine[output.name], var b = theirs[other.name] else { continue }
            if index == 0, value.endsInSoftmax != reference.endsInSoftmax {
                let lacking = value.endsInSoftmax ? reference.path : value.path
                note("only one side ends in Softmax: applied to the output of \(lacking)")
                if value.endsInSoftmax { b = softmax(b) } else { a = softmax(a) }
            }
            let inputs = value.model.graph.inputs.compactMap { set.tensors[$0.name] }
            addOutput(output.name, a, reference: b, on: set, inputs: inputs)
        }
    }

    /// Adds a row for one output, and what the page shows of it.
    mutating func addOutput(
        _ output: String, _ value: Tensor, reference: Tensor, on set: InputSet, inputs: [Tensor]
    ) {
        let name = set.prefix + output
        rowsOfOutput[output, default: []].append(report.outputs.count)
        report.outputs.append(
            .output(name, value, reference: reference, tolerance: tolerance))
        page?.add(
            name, value, reference: reference, tolerance: tolerance, place: set.name,
            inputs: inputs)
    }

    /// Adds a row for each recorded output of a model.
    ///
    /// - Parameter isLoose: whether a recorded picture may have the other layout.
    mutating func addOutputs(
        _ file: ModelFile, _ results: [String: Tensor], _ recording: Recording, on set: InputSet,
        isLoose: Bool, isReversed: Bool
    ) throws {
        let outputs = file.model.graph.outputs
        guard recording.outputs.count <= outputs.count else {
            throw InputError(
                file: recording.path, expected: "at most \(outputs.count) outputs",
                found: "\(recording.outputs.count)")
        }
        for output in outputs.dropFirst(recording.outputs.count) {
            note("output \(output.name) is not recorded in \(recording.path)")
        }
        for (output, expected) in zip(outputs, recording.outputs) {
            guard let result = results[output.name] else { continue }
            let declared = file.declared(result)
            var recorded = expected.tensor
            if isLoose, recorded.shape != declared.shape {
                recorded = Orientation.oriented(recorded, to: declared.shape) ?? recorded
            }
            let inputs = file.model.graph.inputs.compactMap { set.tensors[$0.name] }
            addOutput(
                output.name, isReversed ? recorded : declared,
                reference: isReversed ? declared : recorded, on: set, inputs: inputs)
        }
    }
}

extension InputSet {
    /// What stands before the names of this set's outputs.
    var prefix: String { name.isEmpty ? "" : "\(name)/" }
}

/// Softmax over the last axis, in float64.
private func softmax(_ tensor: Tensor) -> Tensor {
    guard let length = tensor.shape.last, length > 0 else { return tensor }
    let values = tensor.doubles()
    var result: [Double] = []
    for start in stride(from: 0, to: values.count, by: length) {
        result += softmax(Array(values[start..<start + length]))
    }
    return Tensor(rounding: result, to: tensor.elementType, shape: tensor.shape)
}
