import KernelInterface

/// 16 floats: one AVX-512 register, two of AVX2, four of NEON or SSE.
typealias Lanes = SIMD16<Float>

@inline(always)
func load(_ pointer: UnsafePointer<Float>) -> Lanes {
    unsafe UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

@inline(always)
func store(_ value: Lanes, to pointer: UnsafeMutablePointer<Float>) {
    unsafe UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
}

@inline(always)
func store(_ value: SIMD8<Float>, to pointer: UnsafeMutablePointer<Float>) {
    unsafe UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD8<Float>.self)
}

/// The first `count` floats, zeros after them.
@inline(always)
func loadFirst(_ count: Int, of pointer: UnsafePointer<Float>) -> Lanes {
    var value = Lanes.zero
    for lane in 0..<count { unsafe value[lane] = pointer[lane] }
    return value
}

@inline(always)
func storeFirst(_ count: Int, of value: Lanes, to pointer: UnsafeMutablePointer<Float>) {
    for lane in 0..<count { unsafe pointer[lane] = value[lane] }
}

extension Bounds {
    /// Clamps every lane; a NaN stays NaN, since it compares false both times.
    @inline(always)
    func clamp(_ value: Lanes) -> Lanes {
        let raised = value.replacing(with: lower, where: value .< lower)
        return raised.replacing(with: upper, where: raised .> upper)
    }

    @inline(always)
    func clamp(_ value: Float) -> Float {
        let raised = value < lower ? lower : value
        return raised > upper ? upper : raised
    }
}

/// The 16 lanes joined pairwise: lane i with lane i + 8, then i + 4, i + 2, i + 1.
@inline(always)
func sum(_ value: Lanes) -> Float {
    // A cast, as the halves of 16 lanes are functions of the standard library's.
    let (low, high) = unsafe unsafeBitCast(value, to: (SIMD8<Float>, SIMD8<Float>).self)
    let eight = low + high
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
}

/// The larger of each pair of lanes; a NaN wins.
@inline(always)
func larger(_ a: Lanes, _ b: Lanes) -> Lanes {
    // Two masks one after the other: their union would be made lane by lane.
    a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
}

/// The larger of each two neighbouring lanes; a NaN wins.
@inline(always)
func largerOfPairs(_ value: Lanes) -> SIMD8<Float> {
    let (a, b) = (value.evenHalf, value.oddHalf)
    return a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
}

/// The larger of two; a NaN wins.
@inline(always)
func larger(_ a: Float, _ b: Float) -> Float { b > a || b != b ? b : a }
