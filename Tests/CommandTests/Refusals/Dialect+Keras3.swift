import TestSupport

extension Dialect {
    private static let dense = "layers/dense/vars"

    static let keras3Weights = Dialect(
        name: "keras3-weights-h5", formats: ["keras3-weights-h5", "hdf5"],
        files: ["keras/sequential/sequential.weights.h5"],
        destination: ["out.h5", "--to", "keras-weights-h5"],
        defects: foreign(inPlaceOf: "layers/conv2d/vars/1") + [
            Defect("a kernel that is missing", "numbered 0 to 0") {
                try $0.changeHDF5 { try $0.remove("\(dense)/0") }
            },
            Defect("a number left out", "numbered 0 to 2") {
                try $0.changeHDF5 { try $0.add("\(dense)/3", [2]) }
            },
            Defect("a number twice", "numbered 0 to 2") {
                try $0.changeHDF5 { try $0.add("\(dense)/01", [2]) }
            },
            Defect("a negative number", "numbered 0 to 2") {
                try $0.changeHDF5 { try $0.add("\(dense)/-1", [2]) }
            },
            Defect("a file cut in its weights", "undamaged HDF5") { try $0.cut(1000) },
        ])

    /// Weights of a network that Ferry knows.
    static let keras3Network = Dialect(
        name: "keras3-weights-h5 of a known network", formats: ["keras3-weights-h5", "hdf5"],
        files: ["keras/lenet5/lenet5.weights.h5"], options: ["--arch", "lenet5"],
        destination: ["out.onnx"],
        defects: [
            Defect("a kernel of another size", "found [3, 3, 1, 3]") {
                try $0.changeHDF5 { try $0.replace("layers/conv2d/vars/0", [3, 3, 1, 3]) }
            },
            Defect("a kernel of three axes", "found [5, 5, 3]") {
                try $0.changeHDF5 { try $0.replace("layers/conv2d/vars/0", [5, 5, 3]) }
            },
            Defect("a kernel without elements", "found [5, 5, 1, 0]") {
                try $0.changeHDF5 { try $0.replace("layers/conv2d/vars/0", [5, 5, 1, 0]) }
            },
            Defect("a kernel of integers", "int32") {
                try $0.changeHDF5 {
                    try $0.replace("layers/conv2d/vars/0", [5, 5, 1, 3], type: Foreign.int32)
                }
            },
            Defect("a dense layer of other inputs", "found [10, 8]") {
                try $0.changeHDF5 { try $0.replace("layers/dense_1/vars/0", [10, 8]) }
            },
            Defect("a bias of another length", "found [7]") {
                try $0.changeHDF5 { try $0.replace("layers/dense_1/vars/1", [7]) }
            },
            Defect("a bias that is one number", "found []") {
                try $0.changeHDF5 { try $0.replace("layers/dense_1/vars/1", []) }
            },
            Defect("a layer's weights left out", "fc2") {
                try $0.changeHDF5 { try $0.remove("layers/dense_1/vars") }
            },
            Defect("a missing bias", "fc2") {
                try $0.changeHDF5 { try $0.remove("layers/dense_1/vars/1") }
            },
            Defect("a layer too few", "fc3") {
                try $0.changeHDF5 { try $0.remove("layers/dense_2") }
            },
            Defect("a layer too many", "dense_3") {
                try $0.changeHDF5 { file in
                    try file.addGroup("layers/dense_3")
                    try file.addGroup("layers/dense_3/vars")
                    try file.add("layers/dense_3/vars/0", [10, 4])
                    try file.add("layers/dense_3/vars/1", [4])
                }
            },
            Defect("a group in place of a kernel", "numbered 0 to 0") {
                try $0.changeHDF5 { file in
                    try file.remove("layers/dense/vars/0")
                    try file.addGroup("layers/dense/vars/0")
                }
            },
        ])

    private static let first = "sequential_00000.weights.h5"

    static let keras3Shards = Dialect(
        name: "keras3-weights-h5, shards", formats: ["keras3-weights-h5", "hdf5"],
        files: [
            "keras/sharded/sequential.weights.json", "keras/sharded/\(first)",
            "keras/sharded/sequential_00001.weights.h5",
        ], destination: ["out.h5", "--to", "keras-weights-h5"],
        defects: [
            Defect("a missing shard", first) { try $0.beside(first).remove() },
            Defect("a shard in another folder", "beside the index") {
                try $0.replace("\"\(first)\"", with: "\"../\(first)\"")
            },
            Defect("a shard by its whole path", "beside the index") {
                try $0.replace("\"\(first)\"", with: "\"/\(first)\"")
            },
            Defect("a shard without a name", "beside the index") {
                try $0.replace("\"\(first)\"", with: "\"\"")
            },
            Defect("a number for a shard's name", "no text") {
                try $0.replace("\"\(first)\"", with: "3")
            },
            Defect("a group without shards", "a file") {
                try $0.replace("[\n            \"\(first)\"\n        ]", with: "[]")
            },
            Defect("a group that its shard lacks", "layers/gone/vars") {
                try $0.replace("/layers/dense/vars", with: "/layers/gone/vars")
            },
            Defect("a map that is a list", "groups and their files") {
                try $0.replace("\"weight_map\": {", with: "\"weight_map\": [], \"rest\": {")
            },
            Defect("an index that ends early", "byte") { try $0.cut(3) },
            Defect("an index that is no JSON", "byte") { try $0.replace("{", with: "{,") },
            Defect("a shard that is no HDF5", first) {
                try $0.beside(first).change { $0 = Array("text".utf8) }
            },
            Defect("a shard cut short", "undamaged HDF5") { try $0.beside(first).cut(9000) },
            Defect("a soft link in a shard", "a soft link") {
                try $0.beside(first).changeHDF5 {
                    try $0.add(.softLink, to: "layers/conv2d/vars", as: "7")
                }
            },
        ])
}
