import Architectures
import FormatInterface
import IR
import Parity
import Runtime
import Tensors

/// Runs both models on the same inputs and adds a row for each output.
///
/// - Parameter inputs: by the first model's input names, in NCHW.
func compareOutputs(
    _ value: ModelFile, _ reference: ModelFile, inputs: [String: Tensor], _ engine: Engine,
    _ report: inout ParityReport, _ page: inout PageWriter?
) throws {
    let names = value.model.graph.inputs.map(\.name)
    let others = reference.model.graph.inputs
    guard names.count == others.count else {
        throw InputError(
            file: reference.path, format: reference.format, expected: "\(names.count) inputs",
            found: "\(others.count)")
    }
    for (input, other) in zip(value.model.graph.inputs, others) {
        guard let array = inputs[input.name], !other.takes(array.shape) else { continue }
        report.outputs.append(
            ParityRow(
                name: input.name, status: .different,
                explanation: "not run: inputs of \(value.declaredShape(input.shape)), reference "
                    + reference.declaredShape(other.shape)))
        return
    }
    var theirInputs: [String: Tensor] = [:]
    for (name, other) in zip(names, others) {
        theirInputs[other.name] = inputs[name]?.converted(to: other.elementType)
    }
    let mine = try engine.run(value, inputs: inputs)
    var exact = engine
    exact.weights = .f32
    let theirs = try exact.run(reference, inputs: theirInputs)
    let outputs = zip(value.model.graph.outputs, reference.model.graph.outputs)
    if value.model.graph.outputs.count != reference.model.graph.outputs.count {
        report.outputs.append(
            ParityRow(
                name: "outputs", status: .different,
                explanation: "\(value.model.graph.outputs.count), reference "
                    + "\(reference.model.graph.outputs.count)"))
    }
    for (index, (output, other)) in outputs.enumerated() {
        guard var a = mine[output.name], var b = theirs[other.name] else { continue }
        if index == 0, value.endsInSoftmax != reference.endsInSoftmax {
            let lacking = value.endsInSoftmax ? reference.path : value.path
            report.notes.append(
                "only one side ends in Softmax: applied to the output of \(lacking)")
            if value.endsInSoftmax { b = softmax(b) } else { a = softmax(a) }
        }
        report.outputs.append(.output(output.name, a, reference: b))
        page?.add(
            output.name, a, reference: b, tolerance: .outputs,
            inputs: names.compactMap { inputs[$0] })
    }
}

/// Runs the model on a record's inputs and adds a row for each of its outputs.
func compare(
    _ file: ModelFile, with record: Recording, _ engine: Engine, _ report: inout ParityReport,
    _ page: inout PageWriter?
) throws {
    let inputs = try file.bind(record.inputs.map { (nil, $0.file, $0.tensor) })
    let results = try engine.run(file, inputs: inputs)
    let outputs = file.model.graph.outputs
    guard record.outputs.count <= outputs.count else {
        throw InputError(
            file: record.path, expected: "at most \(outputs.count) outputs",
            found: "\(record.outputs.count)")
    }
    for (output, expected) in zip(outputs, record.outputs) {
        guard let result = results[output.name] else { continue }
        let name = record.name.isEmpty ? output.name : "\(record.name)/\(output.name)"
        let declared = file.declared(result)
        report.outputs.append(.output(name, declared, reference: expected.tensor))
        page?.add(
            name, declared, reference: expected.tensor, tolerance: .outputs, place: record.name,
            inputs: file.model.graph.inputs.compactMap { inputs[$0.name] })
    }
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
