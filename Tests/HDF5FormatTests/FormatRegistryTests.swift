import FormatInterface
import Formats
import HDF5Format
import Testing

@Suite struct Registry {
    @Test func `a file's content chooses its format`() throws {
        let scratch = try Scratch()
        let state = try scratch.write(smallStateDict(), as: StateDictHDF5Format.self)
        #expect(try FormatRegistry.format(of: InputFile(path: state)).name == "hdf5")
        let keras = try scratch.write(smallKeras(), as: KerasWeightsHDF5Format.self)
        #expect(try FormatRegistry.format(of: InputFile(path: keras)).name == "keras-weights-h5")
    }

    @Test(arguments: [
        ("", "an empty file"), ("\u{1F}\u{8}", "unknown content"),
        ("PK\u{3}\u{4}…", "a zip archive"),
        ("layer_names: [conv1, größe]\n", "text"), ("GGUF\u{3}\0", "a GGUF model"),
        ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("\0\0\0\0TFL3", "a TensorFlow Lite"),
    ])
    func `other content is named`(_ text: String, _ words: String) throws {
        try expectFound(words, Array(text.utf8))
    }

    @Test(
        arguments: [
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A], "a PNG picture"),
            ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture"), ([0x1F, 0x8B, 0x08], "gzip-compressed"),
            ([0x80, 0x02, 0x7D], "a Python pickle"), ([0x80, 0x00, 0x7D], "unknown content"),
            ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1], "a NumPy array"),
            ([8, 1, 16, 3, 24, 128, 2, 32, 128, 2, 42], "a mean image of Caffe's"),
        ] as [([UInt8], String)])
    func `other binary content is named`(_ bytes: [UInt8], _ words: String) throws {
        try expectFound(words, bytes)
    }

    private func expectFound(_ words: String, _ bytes: [UInt8]) throws {
        let scratch = try Scratch()
        let file = try scratch.write(bytes, name: "x.onnx")
        let message = try #require(refusal { _ = try FormatRegistry.format(of: file) })
        #expect(message.contains("found \(words)"), "\(message)")
    }

    @Test func `a plain HDF5 destination needs a choice`() {
        for path in ["x.h5", "a/b.HDF5"] {
            #expect(
                throws: FormatChoiceError.ambiguousExtension(
                    path,
                    choices: ["hdf5", "keras-weights-h5", "keras-h5", "keras3-weights-h5"])
            ) { try FormatRegistry.format(forWriting: path, named: nil) }
        }
    }

    @Test func `a name decides over the extension`() throws {
        for format in FormatRegistry.all where format.isWritten {
            let chosen = try FormatRegistry.format(forWriting: "x.h5", named: format.name)
            #expect(chosen.name == format.name)
        }
    }

    @Test(arguments: ["model", "model.txt", "", "folder.h5/", "h5"])
    func `an unknown extension lists the choices`(_ path: String) throws {
        let message = refusal { _ = try FormatRegistry.format(forWriting: path, named: nil) }
        #expect(message?.contains("hdf5, keras-weights-h5") == true)
    }

    @Test(arguments: [
        ("hdf", "hdf5"), ("HDF5", "hdf5"), ("keras-weights", "keras-weights-h5"),
        ("keras-weight-h5", "keras-weights-h5"), ("kera", "keras"),
    ])
    func `a slip is answered with the name meant`(_ slip: String, _ meant: String) {
        let message = refusal { _ = try FormatRegistry.format(named: slip) }
        #expect(message?.hasSuffix("did you mean '\(meant)'?") == true, "\(message ?? "")")
    }

    @Test func `a name like no other gets no guess`() {
        let message = refusal { _ = try FormatRegistry.format(named: "caramel") }
        #expect(message?.contains("did you mean") == false)
    }
}
