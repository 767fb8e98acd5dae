import CHDF5
import FormatInterface
import HDF5Format
import IR
import Tensors
import TestSupport
import Testing

/// Keras' lists of layers and weights, sound and not.
@Suite struct KerasLists {
    private static let number: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]

    /// Adds a list of names, or an empty list as Keras writes it.
    private static func addList(_ name: String, to group: hid_t, _ names: [String]) {
        let width = names.map(\.utf8.count).max() ?? 8
        let type = H5Tcopy(names.isEmpty ? ferry_H5T_IEEE_F64LE() : ferry_H5T_C_S1())
        if !names.isEmpty { H5Tset_size(type, width + 1) }
        let space = unsafe H5Screate_simple(1, [hsize_t(names.count)], nil)
        let attribute = unsafe H5Acreate2(group, name, type, space, 0, 0)
        let bytes = names.flatMap {
            Array($0.utf8) + [UInt8](repeating: 0, count: width + 1 - $0.utf8.count)
        }
        unsafe _ = H5Awrite(attribute, type, bytes + [0])
        H5Aclose(attribute)
    }

    private static func addLayer(
        _ name: String, to group: hid_t, weights: [String], listed: [String]? = nil
    ) {
        let layer = unsafe H5Gcreate2(group, name, 0, 0, 0)
        for weight in weights { makeDataset(weight, in: layer, bytes: number) }
        addList("weight_names", to: layer, listed ?? weights)
    }

    @Test func `weights of a whole model are read and its optimizer is not`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            let weights = unsafe H5Gcreate2(file, "model_weights", 0, 0, 0)
            Self.addList("layer_names", to: weights, ["b", "empty", "a"])
            Self.addLayer("b", to: weights, weights: ["k", "c"])
            Self.addLayer("a", to: weights, weights: ["k"])
            Self.addLayer("empty", to: weights, weights: [])
            makeDataset("iteration", in: unsafe H5Gcreate2(file, "optimizer_weights", 0, 0, 0))
        }
        #expect(KerasWeightsHDF5Format.recognizes(file))
        #expect(!StateDictHDF5Format.recognizes(file))
        let read = try KerasWeightsHDF5Format.read(file)
        #expect(read.tensors.map(\.layer) == ["b", "b", "a"])
        #expect(read.tensors.map(\.name) == ["k", "c", "k"])
    }

    @Test func `split lists are joined in order`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            Self.addList("layer_names0", to: file, ["b"])
            Self.addList("layer_names1", to: file, ["a"])
            for layer in ["a", "b"] { Self.addLayer(layer, to: file, weights: ["k"]) }
        }
        #expect(KerasWeightsHDF5Format.recognizes(file))
        #expect(try KerasWeightsHDF5Format.read(file).tensors.map(\.layer) == ["b", "a"])
    }

    @Test(arguments: [
        (["a", "a"], ["k"], "a twice"), (["a", "b"], ["k"], "none for b"),
        (["a"], ["k", "k"], "k twice"), (["a"], ["../a/k"], "none for ../a/k"),
        (["a"], [""], "none for "), (["a"], ["k", "c"], "none for c"),
    ])
    func `a list that does not fit the file is refused`(
        _ layers: [String], _ listed: [String], _ words: String
    ) throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            Self.addList("layer_names", to: file, layers)
            Self.addLayer("a", to: file, weights: ["k"], listed: listed)
        }
        let message = try #require(refusal { _ = try KerasWeightsHDF5Format.read(file) })
        #expect(message.hasSuffix(words))
        #expect(message.hasPrefix("\(file.path): keras-weights-h5: "))
    }

    @Test func `a file without lists, and one with numbers for names, are refused`() throws {
        let scratch = try Scratch()
        let none = try scratch.make { makeDataset("a", in: $0) }
        #expect(throws: InputError.self) { try KerasWeightsHDF5Format.read(none) }
        let numbers = try scratch.make(name: "b.h5") { file in
            let space = unsafe H5Screate_simple(1, [1], nil)
            let type = ferry_H5T_STD_U8LE()
            let attribute = unsafe H5Acreate2(file, "layer_names", type, space, 0, 0)
            unsafe _ = H5Awrite(attribute, type, [UInt8(1)])
        }
        let message = try #require(refusal { _ = try KerasWeightsHDF5Format.read(numbers) })
        #expect(message.hasSuffix("expected a list of names, found 1 numbers"))
    }

    @Test(arguments: [
        ("nb_layers", -1.0, "a number nb_layers"), ("nb_layers", 0.5, "a number nb_layers"),
        ("nb_layers", 1e9, "a number nb_layers"), ("nb_layers", 1, "a group for each layer"),
    ])
    func `a count that does not fit the file is refused`(
        _ name: String, _ count: Double, _ words: String
    ) throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            let type = ferry_H5T_IEEE_F64LE()
            let attribute = unsafe H5Acreate2(file, name, type, H5Screate(H5S_SCALAR), 0, 0)
            unsafe _ = H5Awrite(attribute, type, [count])
        }
        let message = try #require(refusal { _ = try KerasWeightsHDF5Format.read(file) })
        #expect(message.contains("expected \(words)"), "\(message)")
    }

    @Test func `a layer without its list is refused`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            Self.addList("layer_names", to: file, ["a"])
            unsafe _ = H5Gcreate2(file, "a", 0, 0, 0)
        }
        let message = try #require(refusal { _ = try KerasWeightsHDF5Format.read(file) })
        #expect(message.hasSuffix("a: expected the attribute weight_names, found none"))
    }

    @Test func `a tensor without a layer is not written`() throws {
        let scratch = try Scratch()
        #expect(throws: OutputError.self) {
            try scratch.write(smallStateDict(), as: KerasWeightsHDF5Format.self)
        }
    }
}
