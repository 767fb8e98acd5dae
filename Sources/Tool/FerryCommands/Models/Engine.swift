import Architectures
import FormatInterface
import Foundation
import IR
import KernelInterface
import Kernels
import Runtime
import Tensors

/// The kernels and threads that commands compute with.
struct Engine {
    let kernels: KernelSet
    let pool: WorkPool
    var numerics: Numerics
    var weights: DenseWeights

    /// The set `FERRY_KERNELS` names, or the fastest this CPU has.
    ///
    /// - Throws: `KernelSelectionError` when the CPU lacks the set asked for.
    init(_ global: GlobalOptions, weights: DenseWeights = .f32) throws {
        kernels = try CPUTarget.select(ProcessInfo.processInfo.environment["FERRY_KERNELS"])
        pool = WorkPool(threadCount: global.threads)
        numerics = global.numerics
        self.weights = weights
    }

    /// - Parameter once: whether the plan runs one time, so that nothing is worth keeping.
    func plan(
        _ file: ModelFile, inputShapes: [String: [Int]], once: Bool = false
    ) throws -> Plan {
        do {
            return try Plan(
                graph: file.model.graph, weights: file.model.weights, inputShapes: inputShapes,
                kernels: kernels, pool: pool, numerics: numerics,
                denseWeights: weights, keepsPreparedWeights: !once)
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }

    /// Runs the network once.
    ///
    /// - Parameter inputs: a tensor for each of the graph's inputs, in the graph's own layout.
    func run(_ file: ModelFile, inputs: [String: Tensor]) throws -> [String: Tensor] {
        let file = file.givenShapes(in: inputs)
        let inputs = inputs.filter { input in
            file.model.graph.inputs.contains { $0.name == input.key }
        }
        let plan = try plan(file, inputShapes: inputs.mapValues(\.shape), once: true)
        return try run(file, plan, inputs: inputs)
    }

    func run(
        _ file: ModelFile, _ plan: Plan, inputs: [String: Tensor]
    ) throws -> [String: Tensor] {
        do {
            var session = try Session(plan, pool: pool)
            return try session.run(inputs)
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }
}

extension KernelSelectionError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .wrongUsage }
}
