import Foundation
import KernelInterface
import Testing

@Suite struct FunctionKernels {
    struct Function: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kernel: FunctionTask.Function
        let truth: @Sendable (Double) -> Double
    }

    static let functions = [
        Function(testDescription: "tanh", kernel: .tanh) { tanh($0) },
        Function(testDescription: "sigmoid", kernel: .sigmoid) { 1 / (1 + exp(-$0)) },
    ]

    /// The task's contract: one rounding, and some 2⁻⁴⁵ of the result before it.
    private static let unitsInLastPlace = 0.5001

    @Test(arguments: functions)
    func `a function is float64's rounded, in the same bits on every set`(_ function: Function) {
        // Every exponent and sign, subnormals, infinities and NaN.
        let x = stride(from: UInt32(0), through: .max - 4999, by: 4999).map(Float.init(bitPattern:))
        var first: [UInt32]?
        for kernels in kernelSets {
            let bits = apply(function, x, on: kernels, [0..<x.count]).map(\.bitPattern)
            #expect(bits == first ?? bits, "\(kernels.name)")
            first = first ?? bits
        }
        let wrong = zip(x, first ?? []).first { x, bits in
            let (found, truth) = (Float(bitPattern: bits), function.truth(Double(x)))
            if truth.isNaN { return !found.isNaN }
            let unit = Double(max(Float(truth.magnitude).ulp, .leastNonzeroMagnitude))
            return !((Double(found) - truth).magnitude <= Self.unitsInLastPlace * unit)
        }
        #expect(wrong == nil)
    }

    @Test(arguments: functions)
    func `a function's last lanes are those of whole vectors`(_ function: Function) {
        let x = randomFloats(100, seed: 5).map { $0 * 10 }
        for kernels in kernelSets {
            let whole = apply(function, x, on: kernels, [0..<96])
            for end in [1, 15, 16, 17, 47] {
                let parts = apply(function, x, on: kernels, [0..<end, end..<96])
                #expect(parts == whole, "\(kernels.name), \(end)")
            }
        }
    }

    @Test func `tanh and the sigmoid end where they should`() {
        let edges: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
            9.02, -9.02, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity,
            -.infinity, -87.5, -103.9, -104,
        ]
        for kernels in kernelSets {
            let tanh = apply(Self.functions[0], edges, on: kernels, [0..<edges.count])
            let expected: [Float] = [
                0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
                1, -1, 1, -1, 1, -1, -1, -1, -1,
            ]
            #expect(tanh.map(\.bitPattern) == expected.map(\.bitPattern), "\(kernels.name)")
            let sigmoid = apply(Self.functions[1], edges, on: kernels, [0..<edges.count])
            #expect(sigmoid[0..<5].allSatisfy { $0 == 0.5 }, "\(kernels.name)")
            #expect(sigmoid[7] == 1 && sigmoid[9] == 1, "\(kernels.name)")
            #expect(sigmoid[8] == 0 && sigmoid[10] == 0 && sigmoid[13] == 0, "\(kernels.name)")
            #expect(sigmoid[11].isSubnormal, "\(kernels.name)")
            #expect(sigmoid[12] == .leastNonzeroMagnitude, "\(kernels.name)")
        }
    }

    /// What a kernel makes of `x`, range by range; NaN as one number.
    private func apply(
        _ function: Function, _ x: [Float], on kernels: KernelSet, _ ranges: [Range<Int>]
    ) -> [Float] {
        let input = FloatBlock(x)
        let output = FloatBlock(untouched: x.count)
        let task = unsafe FunctionTask(
            function: function.kernel, input: input.pointer, output: output.pointer)
        for range in ranges { kernels.applyFunction(task, range) }
        output.expectWholeBorders()
        let end = ranges.last?.upperBound ?? 0
        #expect(output.bits[end...].allSatisfy { $0 == FloatBlock.untouched })
        return output.values[..<end].map { $0.isNaN ? .nan : $0 }
    }
}
