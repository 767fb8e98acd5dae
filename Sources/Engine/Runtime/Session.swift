import Foundation
package import IR
import KernelInterface
package import Tensors

/// A plan with memory of its own, ready to run again and again.
package struct Session: ~Copyable {
    private let plan: Plan
    private let memory: Memory

    /// Allocates the plan's memory.
    ///
    /// - Throws: `SessionError.outOfMemory` when the system has none left.
    package init(_ plan: Plan, pool: WorkPool) throws(SessionError) {
        self.plan = plan
        memory = try Memory(plan, pool: pool)
    }

    /// Runs the plan once.
    ///
    /// - Parameter inputs: a tensor for each input of the graph, of the planned shape and type.
    /// - Returns: the graph's outputs by name.
    /// - Throws: `SessionError` when an input is missing or has another shape or type.
    package mutating func run(_ inputs: [String: Tensor]) throws(SessionError) -> [String: Tensor] {
        try load(inputs)
        try execute()
        var results: [String: Tensor] = [:]
        for output in plan.outputs { results[output.name] = memory.tensor(output.source) }
        return results
    }

    /// Copies inputs into place, for `execute`.
    package mutating func load(_ inputs: [String: Tensor]) throws(SessionError) {
        for (name, value) in plan.inputs {
            guard let tensor = inputs[name] else { throw .missingInput(name) }
            guard tensor.shape == value.shape, tensor.elementType == value.elementType else {
                throw .inputMismatch(
                    name, expected: "\(value.elementType) \(value.shape)",
                    found: "\(tensor.elementType) \(tensor.shape)")
            }
            memory.store(tensor, in: value)
        }
    }

    /// Runs all steps on the inputs loaded last.
    package mutating func execute() throws(SessionError) {
        for step in plan.steps { try run(step) }
    }

    /// Runs all steps on the inputs loaded last; `observe` gets each step's index and seconds.
    ///
    /// Reading the clock takes longer than some steps of a small network do.
    package mutating func execute(
        observe: (_ step: Int, _ seconds: Double) -> Void
    ) throws(SessionError) {
        let clock = ContinuousClock()
        for (index, step) in plan.steps.enumerated() {
            let start = clock.now
            try run(step)
            observe(index, (clock.now - start) / .seconds(1))
        }
    }

    private func run(_ step: any Step) throws(SessionError) {
        do {
            try step.run(memory)
        } catch {
            throw .graph(error)
        }
    }
}

/// Why a session cannot run.
package enum SessionError: Error, Equatable, Sendable, CustomStringConvertible {
    case outOfMemory(bytes: Int)
    case missingInput(String)
    case inputMismatch(String, expected: String, found: String)
    case graph(GraphError)

    package var description: String {
        switch self {
        case .outOfMemory(let bytes):
            "expected \(bytes >> 20) MiB of free memory, found less; give a smaller batch"
        case .missingInput(let name): "input '\(name)': expected a tensor, found none"
        case .inputMismatch(let name, let expected, let found):
            "input '\(name)': expected \(expected), found \(found)"
        case .graph(let error): "\(error)"
        }
    }
}
