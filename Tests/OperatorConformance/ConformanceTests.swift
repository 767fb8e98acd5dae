import IR
import KernelInterface
import Kernels
import Parity
import Runtime
import Tensors
import Testing

/// Kernel sets this CPU runs, fastest first.
private let kernelSets = CPUTarget.all.filter(\.isAvailable).map(\.kernels)

@Suite struct RecordedCases {
    @Test(arguments: OperatorCase.names)
    func `an operator's plain meaning is what ONNX Runtime recorded`(_ name: String) throws {
        let operatorCase = try OperatorCase(name)
        let values = try operatorCase.graph.evaluate(
            operatorCase.inputs, constants: operatorCase.weights)
        let found = try operatorCase.graph.outputs.map { try #require(values[$0.name]) }
        expect(found, toMatch: operatorCase.expected, within: operatorCase.tolerance)
    }

    @Test(arguments: OperatorCase.names)
    func `every kernel set computes what ONNX Runtime recorded`(_ name: String) throws {
        let operatorCase = try OperatorCase(name)
        let pool = WorkPool(threadCount: 1)
        for kernels in kernelSets {
            let found = try operatorCase.run(on: kernels, pool)
            expect(
                found, toMatch: operatorCase.expected, within: operatorCase.tolerance,
                kernels.name)
        }
    }

    @Test(arguments: OperatorCase.names)
    func `kernel sets and thread counts agree in every bit`(_ name: String) throws {
        let operatorCase = try OperatorCase(name)
        var first: [Tensor]?
        for threads in 1...3 {
            let pool = WorkPool(threadCount: threads)
            for kernels in kernelSets {
                let found = try operatorCase.run(on: kernels, pool)
                let reference = first ?? found
                first = reference
                #expect(
                    found.elementsEqual(reference) { $0.isBitEqual(to: $1) },
                    "\(kernels.name), \(threads) threads")
            }
        }
    }
}

extension OperatorCase {
    var tolerance: Tolerance { .forOperators(Set(graph.nodes.map(\.op.type))) }

    /// The engine's outputs, in the graph's order.
    func run(on kernels: KernelSet, _ pool: WorkPool) throws -> [Tensor] {
        let plan = try Plan(
            graph: graph, weights: weights, inputShapes: inputs.mapValues(\.shape),
            kernels: kernels, pool: pool)
        var session = try Session(plan, pool: pool)
        let results = try session.run(inputs)
        return try graph.outputs.map { try #require(results[$0.name]) }
    }
}
