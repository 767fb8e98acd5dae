import KernelInterface
import Kernels
import TestSupport
import Testing

/// Kernel sets this CPU runs, fastest first.
let kernelSets = CPUTarget.all.filter(\.isAvailable).map(\.kernels)

/// Floats at an address of their own, between two borders that no kernel may touch.
@safe
struct FloatBlock: ~Copyable {
    /// The bits of a NaN that no arithmetic makes.
    static let untouched: UInt32 = 0x7FD1_5EED
    private static let border = 64

    private let base: UnsafeMutablePointer<Float>
    let count: Int

    /// `count` floats that no kernel has touched yet.
    init(untouched count: Int) {
        self.count = count
        let size = count + 2 * Self.border
        let raw = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
        unsafe base = raw.bindMemory(to: Float.self, capacity: size)
        for index in 0..<size {
            unsafe base[index] = Float(bitPattern: Self.untouched)
        }
    }

    init(_ values: [Float]) {
        self.init(untouched: values.count)
        for (index, value) in values.enumerated() { unsafe pointer[index] = value }
    }

    deinit { unsafe base.deallocate() }

    var pointer: UnsafeMutablePointer<Float> { unsafe base + Self.border }

    var values: [Float] { (0..<count).map { unsafe pointer[$0] } }

    var bits: [UInt32] { values.map(\.bitPattern) }

    func expectWholeBorders(sourceLocation: SourceLocation = #_sourceLocation) {
        let isWhole = hasWholeBorders
        #expect(isWhole, sourceLocation: sourceLocation)
    }

    /// Whether nothing was written before or after the floats.
    var hasWholeBorders: Bool {
        (0..<Self.border).allSatisfy {
            unsafe base[$0].bitPattern == Self.untouched
                && base[Self.border + count + $0].bitPattern == Self.untouched
        }
    }
}

/// |error| of a float32 sum of `terms` products, whatever its order, is at most γ times the sum of
/// the products' magnitudes: γ = n·u ÷ (1 − n·u), u = 2⁻²⁴ (Higham 2002, section 3.1).
func sumBound(terms: Int, magnitude: Double) -> Double {
    let n = Double(terms) * 0x1p-24
    return n / (1 - n) * magnitude
}

/// Seeded floats in −1 ..< 1.
func randomFloats(_ count: Int, seed: Int) -> [Float] {
    var generator = SeededGenerator(seed: UInt64(seed))
    return generator.floats(count)
}

extension Bounds {
    /// The bounds applied to a float64 number.
    func clamp(_ value: Double) -> Double { min(max(value, Double(lower)), Double(upper)) }
}
