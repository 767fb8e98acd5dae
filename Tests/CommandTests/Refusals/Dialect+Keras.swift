import TestSupport

/// Defects of a model's configuration, which .h5 and .keras hold alike: what is replaced by what.
private let configurations: [(name: String, words: String, old: String, new: String)] = [
    ("a configuration that is no JSON", "byte", "{\"", "{'"),
    ("a configuration without a class", "class_name", "\"class_name\": \"Seq", "\"name\": \"Seq"),
    (
        "a model of another class", "Dense", "\"class_name\": \"Sequential\"",
        "\"class_name\": \"Dense\""
    ),
    ("an unknown layer", "Capsule", "\"class_name\": \"Flatten\"", "\"class_name\": \"Capsule\""),
    (
        "a layer whose class has no name", "an empty text", "\"class_name\": \"Flatten\"",
        "\"class_name\": \"\""
    ),
    ("a Lambda", "never run", "\"class_name\": \"Flatten\"", "\"class_name\": \"Lambda\""),
    ("an unknown activation", "gloom", "\"activation\": \"relu\"", "\"activation\": \"gloom\""),
    ("an unknown padding", "full", "\"padding\": \"same\"", "\"padding\": \"full\""),
    ("an unknown data_format", "nchw", "\"channels_last\"", "\"nchw\""),
    ("a pool of 0 cells", "pool_size", "\"pool_size\": [2, 2]", "\"pool_size\": [0, 2]"),
    ("no groups of channels", "groups", "\"groups\": 1", "\"groups\": 0"),
    (
        "the lowest number there is", "groups", "\"groups\": 1",
        "\"groups\": -9223372036854775808"
    ),
    ("a kernel of another size", "[5, 3]", "\"kernel_size\": [3, 3]", "\"kernel_size\": [5, 3]"),
    ("another number of outputs", "outputs", "\"filters\": 4", "\"filters\": 3"),
    ("a bias that has no weights", "weights", "\"use_bias\": false", "\"use_bias\": true"),
    ("an axis beyond the last", "axis", "\"axis\": -1", "\"axis\": 9"),
]

extension Dialect {
    static let kerasH5 = Dialect(
        name: "keras-h5", formats: ["keras-h5", "hdf5"], files: ["keras/sequential/sequential.h5"],
        destination: ["out.onnx"],
        defects: foreign(inPlaceOf: "model_weights/conv1/small/conv1/bias")
            + configurations.map { entry in
                Defect(entry.name, entry.words) {
                    try $0.changeConfig { try $0.replace(entry.old, with: entry.new) }
                }
            } + [
                Defect("a number for a configuration", "a text") {
                    try $0.changeHDF5 { try $0.set("model_config", of: "/", to: 3) }
                },
                Defect("a missing kernel", "small/conv2/kernel") {
                    try $0.changeHDF5 { try $0.remove("model_weights/conv2/small/conv2/kernel") }
                },
                Defect("no weights", "layer_names") {
                    try $0.changeHDF5 { try $0.remove("model_weights") }
                },
                Defect("a layer without weights", "conv1") {
                    try $0.changeHDF5 {
                        try $0.set("weight_names", of: "model_weights/conv1", to: 0)
                    }
                },
            ])

    static let kerasArchive = Dialect(
        name: "keras", formats: ["keras", "hdf5"], files: ["keras/sequential/sequential.keras"],
        destination: ["out.onnx"],
        defects: configurations.map { entry in
            Defect(entry.name, entry.words) {
                try $0.changeMember("config.json") { try $0.replace(entry.old, with: entry.new) }
            }
        } + [
            Defect("a missing configuration", "config.json") { try $0.removeMember("config.json") },
            Defect("a configuration that ends early", "config.json, byte") {
                try $0.changeMember("config.json") { $0.removeLast() }
            },
            Defect("missing weights", "model.weights.h5") {
                try $0.removeMember("model.weights.h5")
            },
            Defect("pickled weights", "pickled") {
                try $0.changeMembers { members in
                    for place in members.indices where members[place].name.hasSuffix(".h5") {
                        members[place].name = "model.weights.npz"
                    }
                }
            },
            Defect("weights that are no HDF5", "signature") {
                try $0.changeMember("model.weights.h5") { $0 = [1, 2, 3] }
            },
            Defect("weights cut short", "undamaged HDF5") {
                try $0.changeMember("model.weights.h5") { $0.removeLast($0.count / 2) }
            },
            Defect("a wrong checksum", "CRC-32") {
                try $0.replace("\"Sequential\"", with: "\"Sequentiel\"")
            },
            Defect("an archive cut short", "the end record") { try $0.cut(9) },
            Defect("bytes behind the archive", "the end record") { try $0.append([1, 2, 3]) },
            Defect("a member that leads out", "a relative name") {
                try $0.change { try $0.replaceLast("metadata.json", with: "../etc/passwd") }
            },
        ])
}
