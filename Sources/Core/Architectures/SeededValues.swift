package import Tensors

/// Numbers that any language makes bit for bit alike from a name, a seed and two integers.
///
/// mix(z): z ⊕= z≫30; z *= BF58476D1CE4E5B9₁₆; z ⊕= z≫27; z *= 94D049BB133111EB₁₆; z ⊕= z≫31
/// (mod 2⁶⁴, SplitMix64's finaliser). With γ = 9E3779B97F4A7C15₁₆ and key = fnv1a64(name) ⊕
/// mix(seed + γ), element i is float32((m·s + c·2⁴⁸) · 2⁻⁴⁸) for m = 2k + 1 − 2²⁴ and
/// k = mix(key + (i+1)·γ) ≫ 40. The integer is below 2⁵³, so only the last step rounds.
package struct SeededValues: Sendable {
    package static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// s: 2²⁴ times the half-width of the interval.
    private let scale: Int64
    /// c·2⁴⁸: the interval's centre.
    private let centre: Int64

    private init(scale: Int64, centre: Int64 = 0) {
        self.scale = scale
        self.centre = centre << 48
    }

    /// ±√(6 / fanIn), for kernels and matrices.
    package static func weight(fanIn: Int) -> SeededValues {
        SeededValues(scale: squareRoot(of: (6 << 48) / Int64(max(fanIn, 1))))
    }

    /// ±1/√fanIn, fanIn being that of the weight beside the bias.
    package static func bias(fanIn: Int) -> SeededValues {
        SeededValues(scale: squareRoot(of: (1 << 48) / Int64(max(fanIn, 1))))
    }

    /// ½ … 1½, for batch normalisation's scale and variance.
    package static let aroundOne = SeededValues(scale: 1 << 23, centre: 1)
    /// ±¼, for batch normalisation's shift and mean.
    package static let aroundZero = SeededValues(scale: 1 << 22)
    /// ±1.
    package static let input = SeededValues(scale: 1 << 24)

    /// The seeded network input of `shape`: values in ±1, named "input".
    package static func input(shape: [Int], seed: UInt64) -> Tensor {
        input.tensor(named: "input", seed: seed, shape: shape)
    }

    /// A float32 tensor of `shape`, row-major.
    package func tensor(named name: String, seed: UInt64, shape: [Int]) -> Tensor {
        let key = Self.hash(name) ^ Self.mix(seed &+ Self.gamma)
        return unsafe Tensor(.float32, shape: shape) {
            (elements: UnsafeMutableBufferPointer<Float>) in
            var counter = key
            for index in elements.indices {
                counter &+= Self.gamma
                unsafe elements[index] = value(Self.mix(counter))
            }
        }
    }

    private func value(_ random: UInt64) -> Float {
        let m = Int64(bitPattern: random >> 40) &* 2 &+ (1 - 1 << 24)
        return Float(Double(m &* scale &+ centre) * 0x1p-48)
    }

    /// SplitMix64's finaliser.
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z ^= z >> 30
        z &*= 0xBF58_476D_1CE4_E5B9
        z ^= z >> 27
        z &*= 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// FNV-1a, 64 bits, of the text in UTF-8.
    package static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
    }

    /// ⌊√value⌋, exactly.
    private static func squareRoot(of value: Int64) -> Int64 {
        var root = Int64(Double(value).squareRoot())
        while root * root > value { root -= 1 }
        while (root + 1) * (root + 1) <= value { root += 1 }
        return root
    }
}
