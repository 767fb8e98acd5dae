import TestSupport

extension Dialect {
    static let stateDict = Dialect(
        name: "hdf5", formats: ["hdf5"], files: ["models/lenet5/lenet5.state.h5"],
        options: ["--arch", "lenet5"], destination: ["out.onnx"],
        defects: foreign(in: "/") + [
            Defect("a file cut in its weights", "undamaged HDF5") { try $0.cut(1000) },
            Defect("a missing weight", "fc2.bias") {
                try $0.changeHDF5 { try $0.remove("fc2.bias") }
            },
            Defect("a weight of another shape", "found [84, 119]") {
                try $0.changeHDF5 { try $0.replace("fc2.weight", [84, 119]) }
            },
            Defect("a weight too many", "fc4.bias") {
                try $0.changeHDF5 { try $0.add("fc4.bias", [3]) }
            },
            Defect("one parameter twice", "two datasets for fc2.extra") {
                try $0.changeHDF5 { file in
                    try file.add("fc2.extra", [3])
                    try file.addGroup("fc2")
                    try file.add("fc2/extra", [3])
                }
            },
        ])

    static let kerasWeights = Dialect(
        name: "keras-weights-h5", formats: ["keras-weights-h5", "hdf5"],
        files: ["models/lenet5/lenet5.keras.h5"], options: ["--arch", "lenet5"],
        destination: ["out.onnx"],
        defects: foreign(inPlaceOf: "fc2/lenet5/fc2/bias") + [
            Defect("a layer without its group", "none for conv1") {
                try $0.changeHDF5 { try $0.remove("conv1") }
            },
            Defect("a layer without its list", "attribute weight_names") {
                try $0.changeHDF5 { try $0.removeAttribute("weight_names", of: "conv1") }
            },
            Defect("numbers for names of layers", "a list of names") {
                try $0.changeHDF5 { try $0.set("layer_names", of: "/", to: 8) }
            },
            Defect("one text for names of weights", "a list of names") {
                try $0.changeHDF5 { try $0.set("weight_names", of: "fc2", to: "fc2/kernel") }
            },
            Defect("a listed weight that is missing", "none for lenet5/fc1/bias") {
                try $0.changeHDF5 { try $0.remove("fc1/lenet5/fc1/bias") }
            },
            Defect("a layer listed twice", "conv1 twice") {
                try $0.changeHDF5 { try $0.set("layer_names", of: "/", to: ["conv1", "conv1"]) }
            },
            Defect("a weight listed twice", "lenet5/fc2/bias twice") {
                try $0.changeHDF5 {
                    let names = ["lenet5/fc2/bias", "lenet5/fc2/bias"]
                    try $0.set("weight_names", of: "fc2", to: names)
                }
            },
            Defect("a name that leads to another layer", "none for ../fc1/kernel") {
                try $0.changeHDF5 {
                    try $0.set("weight_names", of: "fc2", to: ["../fc1/kernel"])
                }
            },
            Defect("a layer that is not listed", "fc3") {
                try $0.changeHDF5 {
                    let names = ["conv1", "conv2", "flatten", "fc1", "fc2"]
                    try $0.set("layer_names", of: "/", to: names)
                }
            },
            Defect("a kernel of another shape", "found [84, 10]") {
                try $0.changeHDF5 { try $0.replace("fc2/lenet5/fc2/kernel", [84, 10]) }
            },
            Defect("a kernel of integers", "int32") {
                try $0.changeHDF5 {
                    try $0.replace("fc2/lenet5/fc2/kernel", [120, 84], type: Foreign.int32)
                }
            },
            Defect("a negative count of layers", "a number nb_layers") {
                try $0.changeHDF5 {
                    try $0.removeAttribute("layer_names", of: "/")
                    try $0.set("nb_layers", of: "/", to: -1)
                }
            },
        ])

    /// What no HDF5 file may hold, in a group of the good one.
    static func foreign(in group: String, as name: String = "a") -> [Defect] {
        Foreign.allCases.map { foreign in
            Defect(foreign.defect, foreign.words) {
                try $0.changeHDF5 { try $0.add(foreign, to: group, as: name) }
            }
        }
    }

    /// The same in the place of a weight; Keras' own bfloat16 is opaque.
    static func foreign(inPlaceOf path: String) -> [Defect] {
        Foreign.allCases.filter { $0 != .opaque }.map { foreign in
            Defect(foreign.defect, foreign.words) {
                try $0.changeHDF5 { try $0.replace(path, by: foreign) }
            }
        }
    }
}
