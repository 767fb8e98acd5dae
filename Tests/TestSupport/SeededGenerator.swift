/// Random numbers that are the same for the same seed: SplitMix64 (Steele, Lea, Flood 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Numbers in −1 ..< 1, multiples of 2⁻²³, so exact in float32.
    package mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(Int32(truncatingIfNeeded: next() >> 40) - 1 << 23) * 0x1p-23 }
    }
}

/// Damage to a good file, the same for the same seed.
package enum Mutation {
    /// `bytes` with one bit flipped.
    package static func flippingOneBit(of bytes: [UInt8], seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var damaged = bytes
        let bit = Int.random(in: 0..<8 * bytes.count, using: &generator)
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        return damaged
    }

    /// `count` lengths at which to cut a file of `size` bytes, each short of the whole.
    package static func cuts(of size: Int, count: Int, seed: UInt64) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int.random(in: 0..<size, using: &generator) }
    }
}
