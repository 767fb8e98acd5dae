import KernelInterface

/// Eight numbers in float64: one AVX-512 register, two of AVX2, four of NEON or SSE.
private typealias Doubles = SIMD8<Double>

/// Applies the task's function to the elements `elements`.
@inline(never)
func applyFunction(_ task: FunctionTask, _ elements: Range<Int>) {
    for index in stride(from: elements.lowerBound, to: elements.upperBound, by: 16) {
        let count = min(16, elements.upperBound - index)
        let input = unsafe task.input + index
        let value = unsafe count == 16 ? load(input) : loadFirst(count, of: input)
        let result =
            switch task.function {
            case .tanh: hyperbolicTangent(value)
            case .sigmoid: sigmoid(value)
            }
        if count == 16 {
            unsafe store(result, to: task.output + index)
        } else {
            unsafe storeFirst(count, of: result, to: task.output + index)
        }
    }
}

@inline(always)
private func hyperbolicTangent(_ x: Lanes) -> Lanes {
    let bits = unsafe unsafeBitCast(x, to: SIMD16<UInt32>.self)
    let sign = bits & 0x8000_0000
    let magnitude = unsafe unsafeBitCast(bits ^ sign, to: Lanes.self)
    // tanh 10 is nearer to 1 than to the float before it. NaN compares false, and stays.
    let bounded = magnitude.replacing(with: 10, where: magnitude .> 10)
    let (low, high) = unsafe unsafeBitCast(bounded, to: (SIMD8<Float>, SIMD8<Float>).self)
    let halves = (
        rounded(hyperbolicTangent(widened(low))), rounded(hyperbolicTangent(widened(high)))
    )
    return unsafe unsafeBitCast(
        unsafeBitCast(halves, to: SIMD16<UInt32>.self) | sign, to: Lanes.self)
}

/// e / (e + 2) with e = e^(2x) − 1, for 0 ≤ x ≤ 10.
@inline(always)
private func hyperbolicTangent(_ x: Doubles) -> Doubles {
    let (scale, excess) = powerOfTwo(x * (2 * log2E))
    // Without cancellation: for small x the scale is 1, and e is the excess.
    let e = scale * excess + (scale - 1)
    return e / (e + 2)
}

@inline(always)
private func sigmoid(_ x: Lanes) -> Lanes {
    // e^(−128) is 0 as a float, and the scale stays within float64's exponents.
    let bounded = Bounds(lower: -128, upper: 128).clamp(x)
    let (low, high) = unsafe unsafeBitCast(bounded, to: (SIMD8<Float>, SIMD8<Float>).self)
    let halves = (rounded(sigmoid(widened(low))), rounded(sigmoid(widened(high))))
    return unsafe unsafeBitCast(halves, to: Lanes.self)
}

/// 1 / (1 + e^(−x)), for −128 ≤ x ≤ 128.
@inline(always)
private func sigmoid(_ x: Doubles) -> Doubles {
    let (scale, excess) = powerOfTwo(x * -log2E)
    return 1 / ((scale * excess + scale) + 1)
}

// Lane by lane, as the standard library's conversions are functions; the compiler joins them.

@inline(always)
private func widened(_ value: SIMD8<Float>) -> Doubles {
    var result = Doubles.zero
    for lane in 0..<8 { result[lane] = Double(value[lane]) }
    return result
}

@inline(always)
private func rounded(_ value: Doubles) -> SIMD8<Float> {
    var result = SIMD8<Float>.zero
    for lane in 0..<8 { result[lane] = Float(value[lane]) }
    return result
}

/// log₂ e.
@inline(always) private var log2E: Double { 0x1.71547652b82fep0 }

/// 2^y = scale · (1 + excess) for −1022 ≤ y < 1023: the scale is 2^k with k = y rounded to an
/// integer, the excess 2^r − 1 with r = y − k, of the sign of r and with r's relative accuracy.
///
/// (2^r − 1) / r is the polynomial of degree 9 whose largest relative error over −½ ≤ r ≤ ½ is
/// least, 2^−49.5 (found by Remez' exchange in 200 bits, coefficients rounded to float64). It is
/// summed in pairs (Estrin), as one sum after the other would wait longer than it computes.
@inline(always)
private func powerOfTwo(_ y: Doubles) -> (scale: Doubles, excess: Doubles) {
    // From 2^52 to 2^53 float64's last place is 1: adding 1.5 · 2^52 rounds to an integer, which
    // the last bits then hold.
    let shifted = y + 0x1.8p52
    let r = y - (shifted - 0x1.8p52)
    let bits = unsafe unsafeBitCast(shifted, to: SIMD8<UInt64>.self)
    let scale = unsafe unsafeBitCast((bits &<< 52) &+ 0x3FF0_0000_0000_0000, to: Doubles.self)
    let square = r * r
    let fourth = square * square
    let a = r * 0x1.ebfbdff82c541p-3 + 0x1.62e42fefa39f7p-1
    let b = r * 0x1.3b2ab6fbb4078p-7 + 0x1.c6b08d7044200p-5
    let c = r * 0x1.430912c7f55ccp-13 + 0x1.5d87fe906b65dp-10
    let d = r * 0x1.62c0833ef1a28p-20 + 0x1.ffcb76ec42f59p-17
    let e = r * 0x1.e4cf4d5979f94p-28 + 0x1.b656aa3508e67p-24
    let sum = (e * fourth + (d * square + c)) * fourth + (b * square + a)
    return (scale, sum * r)
}
