import Architectures

/// Which variant of which picture is made.
package struct Variant: Sendable {
    package var seed: UInt64
    /// The first eight bytes of the SHA-256 of the picture's file, the first the most significant.
    package var picture: UInt64
    package var number: Int

    package init(seed: UInt64, picture: UInt64, number: Int) {
        self.seed = seed
        self.picture = picture
        self.number = number
    }
}

/// The random numbers of one transform of one variant of one picture.
///
/// A stream follows from the seed, the picture's content, the variant's number and the transform's
/// name alone, so that no transform changes what another draws. With mix and γ of `SeededValues`:
///
/// k₀ = mix(seed + γ), k₁ = mix((k₀ ⊕ picture) + γ), k₂ = mix((k₁ ⊕ number) + γ),
/// draw i (from 1) = mix((k₂ ⊕ fnv1a64(transform)) + i·γ), all mod 2⁶⁴.
package struct RandomStream: Sendable {
    private var counter: UInt64

    package init(_ variant: Variant, transform: String) {
        let start = SeededValues.mix(variant.seed &+ SeededValues.gamma)
        let content = SeededValues.mix((start ^ variant.picture) &+ SeededValues.gamma)
        let number = SeededValues.mix((content ^ UInt64(variant.number)) &+ SeededValues.gamma)
        counter = number ^ SeededValues.hash(transform)
    }

    package mutating func next() -> UInt64 {
        counter &+= SeededValues.gamma
        return SeededValues.mix(counter)
    }

    /// A number in 0 ..< `bound`, each as likely as the others.
    ///
    /// The high word of draw · bound; draws whose low word is below 2⁶⁴ mod bound are drawn again.
    ///
    /// - Source: Lemire, Fast random integer generation in an interval, 2019.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0)
        let bound = UInt64(bound)
        let excess = (0 &- bound) % bound
        while true {
            let product = next().multipliedFullWidth(by: bound)
            if product.low >= excess { return Int(product.high) }
        }
    }

    /// A multiple of 2⁻⁵³ in 0 ..< 1.
    private mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A standard normal variate: exactly distributed but for fractions being multiples of 2⁻⁵³,
    /// and the same on every machine, as nothing but +, × and ÷ is computed.
    ///
    /// N1: k ≥ 0 with probability e^(−k/2)·(1 − e^(−½)). N2: go on with probability
    /// e^(−k(k−1)/2). N3: x uniform in 0 ..< 1. N4: go on with probability e^(−x(2k+x)/2), as k + 1
    /// trials of e^(−x(2k+x)/(2k+2)). N5: ±(k + x).
    ///
    /// - Source: Karney, Sampling exactly from the normal distribution, 2016, algorithm N.
    package mutating func normal() -> Double {
        while true {
            var k = 0
            while decays(0.5) { k += 1 }
            guard (0..<k * max(0, k - 1)).allSatisfy({ _ in decays(0.5) }) else { continue }
            let x = fraction()
            let share = x * (Double(2 * k) + x) / Double(2 * k + 2)
            guard (0...k).allSatisfy({ _ in decays(share) }) else { continue }
            let magnitude = Double(k) + x
            return next() >> 63 == 0 ? magnitude : -magnitude
        }
    }

    /// True with probability e^(−x), for x in 0…1: whether a falling run of uniform numbers that
    /// begins below x has an even length (von Neumann, 1951).
    private mutating func decays(_ x: Double) -> Bool {
        var last = x
        var isEven = true
        while true {
            let number = fraction()
            if number >= last { return isEven }
            last = number
            isEven.toggle()
        }
    }
}
