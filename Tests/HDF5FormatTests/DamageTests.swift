import FormatInterface
import Foundation
import HDF5Format
import IR
import Testing

/// Files as they are on disk, by what they exercise.
enum Sound: String, CaseIterable, Sendable {
    case stateDict, keras, chunked, latestFormat

    func bytes(_ scratch: borrowing Scratch) throws -> [UInt8] {
        let path =
            switch self {
            case .stateDict: try scratch.write(smallStateDict(), as: StateDictHDF5Format.self)
            case .keras: try scratch.write(smallKeras(), as: KerasWeightsHDF5Format.self)
            case .chunked: try makeChunked(scratch).path
            case .latestFormat: try makeChunked(scratch, latest: true).path
            }
        return try Array(Data(contentsOf: URL(filePath: path)))
    }

    var format: any ModelFormat.Type {
        self == .keras ? KerasWeightsHDF5Format.self : StateDictHDF5Format.self
    }
}

@Suite struct Damage {
    @Test(arguments: Sound.allCases)
    func `a file cut anywhere is refused`(_ sound: Sound) throws {
        let scratch = try Scratch()
        let bytes = try sound.bytes(scratch)
        let cuts = (0..<32).map { $0 * 3 } + (1...32).map { bytes.count * $0 / 33 }
        for cut in cuts + [bytes.count - 1] {
            let file = try scratch.write(bytes.prefix(cut), name: "cut.h5")
            #expect(throws: InputError.self, "cut at \(cut) of \(bytes.count)") {
                try sound.format.read(file)
            }
        }
    }

    /// Seeds that end libhdf5 1.10.8 in this process: it reads beyond its memory, aborts, or loops.
    @Test(arguments: [133, 172, 313, 388, 592, 1513, 1741])
    func `flips that crash libhdf5 are refused or survived`(_ seed: UInt64) throws {
        let scratch = try Scratch()
        try readFlipped(seed, scratch)
    }

    @Test func `a thousand seeded bit flips are read or refused`() throws {
        let scratch = try Scratch()
        for seed in UInt64(0)..<1000 { try readFlipped(seed, scratch) }
    }

    private func readFlipped(_ seed: UInt64, _ scratch: borrowing Scratch) throws {
        let sound = Sound.allCases[Int(seed % 4)]
        var bytes = try sound.bytes(scratch)
        var generator = SplitMix64(state: seed)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        let file = try scratch.write(bytes, name: "flipped.h5")
        do {
            _ = try sound.format.read(file)
        } catch is InputError {
            return
        }
    }
}
