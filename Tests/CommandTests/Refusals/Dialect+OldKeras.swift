import TestSupport

extension Dialect {
    /// Weights alone, counted: Keras 0.
    static let keras0Weights = Dialect(
        name: "keras-weights-h5 of Keras 0", formats: ["keras-weights-h5", "hdf5"],
        files: ["keras/old/keras0_lenet5.h5"],
        options: ["--arch", "lenet5", "--keras-kernels", "theano"], destination: ["out.onnx"],
        defects: foreign(inPlaceOf: "layer_8/param_1") + [
            Defect("a missing layer", "none for layer_2") {
                try $0.changeHDF5 { try $0.remove("layer_2") }
            },
            Defect("a missing weight", "none for param_1") {
                try $0.changeHDF5 { try $0.remove("layer_2/param_1") }
            },
            Defect("more layers than there are", "layer_10") {
                try count("nb_layers", "/", 11, $0)
            },
            Defect("fewer layers than there are", "fc3") { try count("nb_layers", "/", 8, $0) },
            Defect("a negative count of layers", "nb_layers") {
                try count("nb_layers", "/", -1, $0)
            },
            Defect("a count of layers beyond memory", "nb_layers") {
                try count("nb_layers", "/", 1e15, $0)
            },
            Defect("a text for a count", "nb_layers") {
                try $0.changeHDF5 { try $0.set("nb_layers", of: "/", to: "ten") }
            },
            Defect("a layer without its count", "nb_params") {
                try $0.changeHDF5 { try $0.removeAttribute("nb_params", of: "layer_2") }
            },
            Defect("fewer weights than there are", "layer_8/bias") {
                try count("nb_params", "layer_8", 1, $0)
            },
            Defect("more weights than there are", "param_2") {
                try count("nb_params", "layer_8", 3, $0)
            },
            Defect("a kernel of another shape", "found [7, 4]") {
                try $0.changeHDF5 { try $0.replace("layer_8/param_0", [7, 4]) }
            },
            Defect("a kernel of integers", "int32") {
                try $0.changeHDF5 {
                    try $0.replace("layer_8/param_0", [6, 4], type: Foreign.int32)
                }
            },
            Defect("a file cut in its weights", "undamaged HDF5") { try $0.cut(1000) },
        ])

    private static func count(
        _ name: String, _ group: String, _ count: Double, _ file: DamagedFile
    ) throws {
        try file.changeHDF5 { try $0.set(name, of: group, to: count) }
    }

    /// A whole model of Keras 1.
    static let keras1H5 = Dialect(
        name: "keras-h5 of Keras 1", formats: ["keras-h5", "hdf5"],
        files: ["keras/old/keras1_tf.h5"], destination: ["out.onnx"],
        defects: foreign(inPlaceOf: "model_weights/conv1/conv1_b") + [
            config("an unknown layer", "Capsule", "\"Flatten\"", "\"Capsule\""),
            config("a Lambda", "never run", "\"Flatten\"", "\"Lambda\""),
            config("an unknown padding", "full", "\"same\"", "\"full\""),
            config("an unknown order of axes", "nchw", "\"tf\"", "\"nchw\""),
            config("a stride of 0", "subsample", "\"subsample\": [1", "\"subsample\": [0"),
            config("a kernel of another size", "[5, 3]", "\"nb_row\": 3", "\"nb_row\": 5"),
            config("another number of outputs", "outputs", "\"nb_filter\": 4", "\"nb_filter\": 3"),
            config("a bias that has no weights", "weights", "\"bias\": false", "\"bias\": true"),
            config("statistics of the batch at hand", "mode", "\"mode\": 0", "\"mode\": 2"),
            Defect("a missing kernel", "conv2_W") {
                try $0.changeHDF5 { try $0.remove("model_weights/conv2/conv2_W") }
            },
            Defect("statistics of another length", "found [7]") {
                try $0.changeHDF5 { try $0.replace("model_weights/bn2/bn2_running_mean", [7]) }
            },
        ])

    /// A whole model of Keras 2, its list of layers in two parts.
    static let keras2H5 = Dialect(
        name: "keras-h5 of Keras 2", formats: ["keras-h5", "hdf5"],
        files: ["keras/old/keras2_split.h5"], destination: ["out.onnx"],
        defects: foreign(inPlaceOf: "model_weights/conv1/conv1/bias:0") + [
            config("a layer that reads itself", "circle", "\"image\", 0", "\"conv1\", 0"),
            config("a missing layer read", "gone", "[\"pool1\", 0", "[\"gone\", 0"),
            config(
                "an output of a layer that has one", "conv2", "\"conv2\", 0, 0", "\"conv2\", 0, 3"),
            config("an axis beyond the last", "axis", "\"axis\": [3]", "\"axis\": [9]"),
            config("no input", "input", "[[\"image\", 0, 0]]", "[]"),
            config("an unknown activation", "gloom", "\"relu\"", "\"gloom\""),
            config(
                "a layer without its settings", "config", "\"config\": {\"name\": \"conv1\"",
                "\"c\": {\"name\": \"conv1\""),
            Defect("a list without its second part", "predictions") {
                try $0.changeHDF5 { try $0.removeAttribute("layer_names1", of: "model_weights") }
            },
            Defect("a list without its first part", "layer_names") {
                try $0.changeHDF5 { try $0.removeAttribute("layer_names0", of: "model_weights") }
            },
            Defect("a number for a part of the list", "layer_names1") {
                try $0.changeHDF5 { try $0.set("layer_names1", of: "model_weights", to: 3) }
            },
            Defect("a layer in both parts", "conv1 twice") {
                try $0.changeHDF5 {
                    let names = ["conv1", "bn2", "predictions"]
                    try $0.set("layer_names1", of: "model_weights", to: names)
                }
            },
            Defect("a normalisation without a statistic", "bn2") {
                try $0.changeHDF5 {
                    let names = ["bn2/gamma:0", "bn2/beta:0", "bn2/moving_mean:0"]
                    try $0.set("weight_names", of: "model_weights/bn2", to: names)
                }
            },
        ])

    private static func config(
        _ name: String, _ words: String, _ old: String, _ new: String
    ) -> Defect {
        Defect(name, words) { try $0.changeConfig { try $0.replace(old, with: new) } }
    }
}
