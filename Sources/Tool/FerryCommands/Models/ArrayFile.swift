import FormatInterface
import NumPyFormat
import ONNXFormat
import Tensors

/// Files of one array: NumPy's, or, called `.pb`, ONNX's TensorProto, which holds every element type.
enum ArrayFile {
    private static func isProto(_ path: String) -> Bool { path.hasSuffix(".pb") }

    /// - Throws: `InputError`.
    static func read(_ path: String) throws -> Tensor {
        isProto(path) ? try ONNXFormat.readTensor(InputFile(path: path)) : try NPY.read(path)
    }

    /// - Throws: `OutputError`, also for elements that NumPy does not know.
    static func write(_ array: Tensor, named name: String, to path: String, replacing: Bool) throws
    {
        try OutputFile.write(to: path, replacing: replacing) { target in
            if isProto(path) {
                try ONNXFormat.writeTensor(array, name: name, to: target)
            } else {
                try NPY.write(array, to: target)
            }
        }
    }
}
