import Foundation
import Images
import Tensors

/// The pictures under Fixtures/images, and what Pillow, torchvision and Keras make of them.
enum PictureFixtures {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/images")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    /// Names of the JPEG and PNG files in a subfolder.
    static func names(in subfolder: String = "") -> [String] {
        let path = folder.appending(path: subfolder).path(percentEncoded: false)
        let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return all.filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }.sorted()
    }

    static func decode(
        _ name: String, exif: EXIFHandling = .ignore
    ) throws -> (picture: Picture, notes: [String]) {
        try Picture.decode(ByteStorage(try bytes(name)), path: name, exif: exif)
    }

    /// A float32 array of shape [3, 256] in NumPy's format 1.0.
    static func table(_ name: String) throws -> [[Float]] {
        let file = try bytes(name)
        let start = 10 + Int(file[8]) + Int(file[9]) * 256
        var values: [Float] = []
        for offset in stride(from: start, to: file.count, by: 4) {
            var bits: UInt32 = 0
            for place in 0..<4 { bits |= UInt32(file[offset + place]) << UInt32(8 * place) }
            values.append(Float(bitPattern: bits))
        }
        return (0..<3).map { Array(values[$0 * 256..<($0 + 1) * 256]) }
    }

    /// A line of formats/pillow.txt: the size and hash of an RGB picture Pillow made.
    struct Expectation: CustomStringConvertible, Sendable {
        let name: String
        let width: Int
        let height: Int
        let hash: UInt64
        var description: String { "\(name) \(width)×\(height)" }
    }

    static let expectations: [Expectation] = {
        let text = (try? bytes("formats/pillow.txt")) ?? []
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count == 4, let width = Int(fields[1]), let height = Int(fields[2]),
                let hash = UInt64(fields[3], radix: 16)
            else { return nil }
            return Expectation(name: String(fields[0]), width: width, height: height, hash: hash)
        }
    }()
}

extension Picture {
    /// 64-bit FNV-1a of the samples.
    var hash: UInt64 {
        samples.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// A picture whose samples are `sample(x, y, channel)`.
    init(_ width: Int, _ height: Int, sample: (Int, Int, Int) -> Int) {
        var samples: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 { samples.append(UInt8(sample(x, y, channel))) }
            }
        }
        self.init(width: width, height: height, samples: samples)
    }

    /// One row whose pixels are grey.
    init(greyRow values: [Int]) {
        self.init(values.count, 1) { x, _, _ in values[x] }
    }

    /// The red samples.
    var reds: [Int] { stride(from: 0, to: samples.count, by: 3).map { Int(samples[$0]) } }
}

/// A seeded generator (SplitMix64), so that failures repeat.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
