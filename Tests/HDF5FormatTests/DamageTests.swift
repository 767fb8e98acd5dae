import FormatInterface
import Foundation
import HDF5Format
import Testing

@Suite struct Damage {
    @Test func `seeded bit flips are read or refused`() throws {
        let scratch = try Scratch()
        let environment = ProcessInfo.processInfo.environment
        let first = UInt64(environment["FLIP_FIRST"] ?? "0") ?? 0
        let last = UInt64(environment["FLIP_LAST"] ?? "0") ?? 0
        let state = try Data(contentsOf: URL(filePath: scratch.write(smallStateDict(), as: StateDictHDF5Format.self)))
        let keras = try Data(contentsOf: URL(filePath: scratch.write(smallKeras(), as: KerasWeightsHDF5Format.self)))
        let chunked = try makeChunked(scratch)
        let chunkedNew = try makeChunked(scratch, latest: true)
        let all = [state, keras, chunked, chunkedNew]
        for seed in first..<last {
            try Data("\(seed)".utf8).write(to: URL(filePath: "/tmp/h5flip.seed"))
            var generator = SplitMix64(state: seed)
            var bytes = all[Int(seed % 4)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            let file = try scratch.write(bytes)
            let format: any ModelFormat.Type = seed % 4 == 1 ? KerasWeightsHDF5Format.self : StateDictHDF5Format.self
            let message = refusal { _ = try format.read(file) }
            if environment["FLIP_SHOW"] != nil { print(seed, message ?? "ok") }
        }
    }
}
