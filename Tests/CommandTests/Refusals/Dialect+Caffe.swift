import TestSupport

extension Dialect {
    static let caffe = Dialect(
        name: "caffe", formats: ["caffe"],
        files: ["caffe/lenet.caffemodel", "caffe/lenet.prototxt"],
        options: ["--prototxt", "lenet.prototxt"], destination: ["out.onnx"],
        defects: [
            Defect("a file cut in its weights", "bytes left") { try $0.cut(200) },
            Defect("a field longer than the file", "bytes left") { try $0.append([0x0A, 0x7F]) },
            Defect("a group", "wire type 0, 1, 2 or 5") { try $0.append([0x0B]) },
            Defect("a field number of 0", "field number from 1") { try $0.append([0x02, 0x00]) },
            Defect("a tag cut short", "byte 6777") { try $0.append([0x80]) },
            Defect("a length beyond 64 bits", "64 bits") {
                try $0.append([0x0A] + [UInt8](repeating: 0xFF, count: 12))
            },
            Defect("a name that is no UTF-8", "UTF-8") {
                try $0.replace(Array("conv1".utf8), with: [0xFF] + Array("onv1".utf8))
            },
            Defect("a name with a NUL", "without NUL") { try $0.replace("conv1", with: "conv\0") },
            Defect("a layer whose weights are missing", "'conv1'") {
                try $0.replace("conv1", with: "conv9")
            },
            Defect("two layers of a name with weights", "found two") {
                try $0.replace("\n\u{5}conv2\u{12}", with: "\n\u{5}conv1\u{12}")
            },
            Defect("fewer numbers than the shape says", "'conv1', blob 0") {
                try $0.replace([0x0A, 4, 4, 1, 5, 5], with: [0x0A, 4, 4, 1, 5, 6])
            },
            Defect("weights of another shape", "'conv1', blob 0") {
                try $0.replace([0x0A, 4, 4, 1, 5, 5], with: [0x0A, 4, 5, 1, 4, 5])
            },
            Defect("a shape without elements", "'conv1', blob 0") {
                try $0.replace([0x0A, 4, 4, 1, 5, 5], with: [0x0A, 4, 0, 1, 5, 5])
            },
            Defect("layers of two generations", "both 'layer' and 'layers'") {
                try $0.append([0x12, 2, 0x28, 18])
            },
        ])

    /// Layers of 2013.
    static let caffeV1 = Dialect(
        name: "caffe, layers of 2013", formats: ["caffe"],
        files: ["caffe/v1_lenet.caffemodel", "caffe/v1_lenet.prototxt"],
        options: ["--prototxt", "v1_lenet.prototxt"], destination: ["out.onnx"],
        defects: [
            Defect("layers of its first form", "V0's; upgrade") {
                try $0.append([0x12, 15, 0x0A, 13, 0x0A, 5] + Array("conv1".utf8))
                try $0.append([0x12, 4] + Array("conv".utf8))
            },
            Defect("layers of two generations", "both 'layer' and 'layers'") {
                try $0.append([0xA2, 6, 5, 0x0A, 3] + Array("ip9".utf8))
            },
            Defect("a file cut in its weights", "bytes left") { try $0.cut(200) },
            Defect("a layer whose weights are missing", "'conv1'") {
                try $0.replace("\"\u{5}conv1(", with: "\"\u{5}conv9(")
            },
            Defect("two layers of a name with weights", "found two") {
                try $0.replace("\"\u{5}conv2(", with: "\"\u{5}conv1(")
            },
            blob("fewer numbers than the shape says", [4, 1, 5, 6]),
            blob("more numbers than the shape says", [4, 1, 5, 4]),
            blob("weights of another shape", [5, 1, 4, 5]),
            blob("a shape without elements", [4, 0, 5, 5]),
            Defect("a name that is no UTF-8", "UTF-8") {
                try $0.replace(Array("conv1".utf8), with: [0xFF] + Array("onv1".utf8))
            },
            Defect("a group", "wire type 0, 1, 2 or 5") { try $0.append([0x0B]) },
            Defect("a length beyond 64 bits", "64 bits") {
                try $0.append([0x0A] + [UInt8](repeating: 0xFF, count: 12))
            },
        ])

    /// The first convolution's weights under another shape: number, channels, height, width.
    private static func blob(_ name: String, _ sizes: [UInt8]) -> Defect {
        Defect(name, "'conv1', blob 0") {
            try $0.replace(
                [8, 4, 0x10, 1, 0x18, 5, 0x20, 5],
                with: [8, sizes[0], 0x10, sizes[1], 0x18, sizes[2], 0x20, sizes[3]])
        }
    }

    static let caffeHDF5 = Dialect(
        name: "caffe, hdf5", formats: ["caffe", "hdf5"],
        files: ["caffe/vgg16.caffemodel.h5", "caffe/vgg16.prototxt"],
        options: ["--prototxt", "vgg16.prototxt"], destination: ["out.onnx"],
        defects: foreign(in: "data/fc7", as: "7") + [
            Defect("a missing layer", "'fc7'") { try $0.changeHDF5 { try $0.remove("data/fc7") } },
            Defect("a missing bias", "found 1") {
                try $0.changeHDF5 { try $0.remove("data/fc7/1") }
            },
            Defect("a number left out", "'fc7', blob 1") {
                try $0.changeHDF5 { try $0.move("data/fc7/1", to: "data/fc7/2") }
            },
            Defect("a tensor too many", "found 3") {
                try $0.changeHDF5 { try $0.add("data/fc7/2", [6]) }
            },
            Defect("a number twice", "each number once") {
                try $0.changeHDF5 { try $0.add("data/fc7/01", [6]) }
            },
            Defect("a matrix of another shape", "found [6, 7]") {
                try $0.changeHDF5 { try $0.replace("data/fc7/0", [6, 7]) }
            },
            Defect("a flat matrix", "found [36]") {
                try $0.changeHDF5 { try $0.replace("data/fc7/0", [36]) }
            },
            Defect("a tensor of integers", "int32") {
                try $0.changeHDF5 { try $0.replace("data/fc7/1", [6], type: Foreign.int32) }
            },
            Defect("two types of weights", "found float64") {
                try $0.changeHDF5 { try $0.replace("data/fc7/1", [6], type: Foreign.float64) }
            },
            Defect("a file cut in its weights", "undamaged HDF5") { try $0.cut(1000) },
        ])

    static let prototxt = Dialect(
        name: "caffe, prototxt", formats: ["caffe"],
        files: ["caffe/lenet.prototxt", "caffe/lenet.caffemodel"], destination: ["out.onnx"],
        defects: [
            text("an unknown layer", "Capsule", "\"Pooling\"", "\"Capsule\""),
            text("a layer without a type", "a type", "  type: \"Convolution\"\n", ""),
            text("an unknown choice", "MEDIAN", "pool: MAX", "pool: MEDIAN"),
            text("a word for a number", "num_output", "num_output: 4", "num_output: four"),
            text(
                "a message without its end", "the end of the file", "top: \"prob\"\n}",
                "top: \"prob\"\n"),
            text("a text without its end", "line 3", "name: \"data\"", "name: \"data"),
            text("a character of no meaning", "character 37", "pool: MAX", "% pool: MAX"),
            text("a letter that is not ASCII", "not ASCII", "pool: MAX", "ö pool: MAX"),
            text("a bottom that nothing gives", "'gone'", "bottom: \"conv1\"", "bottom: \"gone\""),
            text("weights of another size", "'conv1', blob 0", "num_output: 4", "num_output: 5"),
            text("a kernel of 0", "kernel_size", "kernel_size: 5", "kernel_size: 0"),
            text("no kernel", "kernel_size", "    kernel_size: 5\n", ""),
            text("an input without cells", "at least 1", "dim: 28", "dim: 0"),
            text("pictures of another size", "'ip1'", "dim: 28", "dim: 20"),
            text(
                "a layer whose weights are missing", "'conv9'", "name: \"conv1\"", "name: \"conv9\""
            ),
            text("a setting twice", "once", "stride: 2", "stride: 2\n    stride: 2"),
            Defect("no weights beside it", "lenet.caffemodel") {
                try $0.beside("lenet.caffemodel").remove()
            },
        ])

    private static func text(
        _ name: String, _ words: String, _ old: String, _ new: String
    ) -> Defect {
        Defect(name, words) { try $0.replace(old, with: new) }
    }
}
