import TestSupport

extension Dialect {
    static let onnx = Dialect(
        name: "onnx", formats: ["onnx"], files: ["models/lenet5/lenet5.onnx"],
        options: ["--arch", "lenet5"], destination: ["out.h5", "--to", "hdf5"],
        defects: [
            Defect("a file cut in its weights", "bytes left") { try $0.cut(100) },
            Defect("IR version 99", "IR version") {
                try $0.replace([8, 8, 0x12], with: [8, 99, 0x12])
            },
            Defect("opset 99", "opset 1 to") {
                try $0.replace([0x42, 2, 0x10, 17], with: [0x42, 2, 0x10, 99])
            },
            Defect("an unknown operator", "Rexu") {
                try $0.replace("\u{4}Relu", with: "\u{4}Rexu")
            },
            Defect("an unknown attribute", "'transQ'") { try $0.replace("transB", with: "transQ") },
            Defect("a shape that its bytes do not fill", "fc2.weight") {
                try $0.replace([8, 84, 8, 120, 16, 1], with: [8, 85, 8, 120, 16, 1])
            },
            Defect("weights that are texts", "STRING") {
                try $0.replace([8, 84, 8, 120, 16, 1], with: [8, 84, 8, 120, 16, 8])
            },
            Defect("an element type of no meaning", "fc2.weight") {
                try $0.replace([8, 84, 8, 120, 16, 1], with: [8, 84, 8, 120, 16, 99])
            },
            Defect("a weight that is not there", "'conv9.weight'") {
                try $0.replace("conv1.weight", with: "conv9.weight")
            },
            Defect("an output that nothing gives", "'outpux'") {
                try $0.change { try $0.replaceLast("output", with: "outpux") }
            },
            Defect("a value given twice", "'/activation_1/Relu_output_0'") {
                try $0.replace("/activation_2/Relu_output_0", with: "/activation_1/Relu_output_0")
            },
            Defect("a kernel_shape that is not the weights'", "kernel_shape") {
                try $0.replace("kernel_shape@\u{5}@\u{5}", with: "kernel_shape@\u{3}@\u{3}")
            },
            Defect("strides of 0", "strides") {
                try $0.replace("strides@\u{1}@\u{1}", with: "strides@\0@\0")
            },
            Defect("no groups of channels", "group") {
                try $0.replace("group\u{18}\u{1}", with: "group\u{18}\0")
            },
            Defect("a name that is no UTF-8", "UTF-8") {
                try $0.replace(Array("fc3.bias".utf8), with: [0xFF] + Array("c3.bias".utf8))
            },
            Defect("a field of an unknown wire type", "wire type") { try $0.append([0x0B]) },
        ])
}
