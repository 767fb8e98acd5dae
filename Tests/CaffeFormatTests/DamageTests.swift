import Architectures
import CaffeFormat
import FormatInterface
import IR
import Tensors
import TestSupport
import Testing

/// Seeded damage: files are read or refused, whatever it did to them.
@Suite struct CaffeDamage {
    private static let files = [
        "lenet.caffemodel", "v1_lenet.caffemodel", "normalized.caffemodel", "mixed.caffemodel",
        "v1_alexnet.caffemodel",
    ]
    private static let texts = [
        "alexnet.prototxt", "v1_inception.prototxt", "normalized.prototxt", "mixed.prototxt",
    ]

    /// Reads a file and gives it its meaning.
    private func survive(_ file: InputFile, topology: InputFile? = nil) throws {
        do {
            let checkpoint = try CaffeFormat.read(file, topology: topology)
            let model = try Translation.model(from: checkpoint)
            _ = try? model.graph.inferTypes(
                inputShapes: model.graph.assumedShapes(batch: 1, side: 32),
                constants: model.weights)
        } catch is InputError {
        } catch is TranslationError {
        }
    }

    @Test(arguments: files)
    func `500 seeded bit flips in a binary file are read or refused`(_ name: String) throws {
        let bytes = try fixture(name).allBytes
        let folder = try TemporaryFolder()
        for seed in UInt64(0)..<500 {
            var damaged = Mutation.flippingOneBit(of: bytes, seed: seed)
            // Names and settings are few among the weights; most flips fall where those are.
            if seed % 2 == 0 { damaged = Self.flippingStructure(of: bytes, seed: seed) }
            try survive(folder.file(damaged, as: "flipped.caffemodel"))
        }
    }

    /// Flips up to three bits among bytes that do not look like a weight's.
    private static func flippingStructure(of bytes: [UInt8], seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var damaged = bytes
        for _ in 0...seed % 3 {
            for _ in 0..<1000 {
                let place = Int.random(in: 1..<bytes.count, using: &generator)
                guard bytes[place] < 0x20 || bytes[place] == UInt8(ascii: "_") else { continue }
                damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                break
            }
        }
        return damaged
    }

    @Test(arguments: files)
    func `a binary file cut inside its layers is refused`(_ name: String) throws {
        let bytes = try fixture(name).allBytes
        let folder = try TemporaryFolder()
        var refused = 0
        let cuts = Mutation.cuts(of: bytes.count, count: 100, seed: 3) + [bytes.count - 1]
        for cut in cuts {
            let file = try folder.file(Array(bytes.prefix(cut)), as: "cut.caffemodel")
            do {
                _ = try CaffeFormat.read(file)
            } catch is InputError {
                refused += 1
            }
        }
        // A network cut between two layers is a shorter network.
        #expect(refused >= cuts.count - 2)
    }

    @Test(arguments: texts)
    func `500 seeded changes of a prototxt are read or refused`(_ name: String) throws {
        let weights = try fixture(
            name.replacing("v1_", with: "").replacing("prototxt", with: "caffemodel"))
        let text = try fixture(name).allBytes
        let folder = try TemporaryFolder()
        let letters = Array("{}<>[]:;,\"'#-.0123456789aelx\n\\".utf8)
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            var damaged = text
            for _ in 0...seed % 4 {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: damaged.remove(at: place)
                case 1: damaged[place] = letters.randomElement(using: &generator) ?? 0
                default:
                    damaged.insert(letters.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            if seed % 10 == 0 { damaged = Array(damaged.prefix(Int(seed) * 5)) }
            let topology = try folder.file(damaged, as: "changed.prototxt")
            try survive(weights, topology: topology)
        }
    }

    @Test func `100 seeded bit flips in HDF5 are read or refused`() throws {
        let bytes = try fixture("vgg16.caffemodel.h5").allBytes
        let topology = try fixture("vgg16.prototxt")
        let folder = try TemporaryFolder()
        for seed in UInt64(0)..<100 {
            let damaged = Mutation.flippingOneBit(of: bytes, seed: seed)
            try survive(folder.file(damaged, as: "flipped.h5"), topology: topology)
        }
    }

    @Test(arguments: [
        "", "\n", "name", "name:", "name: \"", "layer", "layer {", "layer: <", "input_dim: 0x",
        "input_dim: -", "input: '\\", "input: '\\u12", "input: '\\400'",
        "layer { elu_param { alpha: .",
        "layer { elu_param { alpha: 1e+", "layer { elu_param { alpha: 0x1.8 } }",
        "\u{FEFF}name: 'x'",
    ])
    func `text that ends too soon is refused`(_ text: String) throws {
        #expect(throws: InputError.self) { try Scratch().read(text) }
    }
}
