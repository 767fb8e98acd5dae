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

    /// Whether a file is NumPy's array, by its content.
    ///
    /// - Throws: `InputError` when it cannot be opened.
    static func isArray(_ path: String) throws(InputError) -> Bool {
        NPY.recognizes(try InputFile(path: path))
    }

    /// - Throws: `OutputError`, also for elements that NumPy does not know.
    static func write(_ array: Tensor, named name: String, to path: String, replacing: Bool) throws
    {
        try OutputFile.write(to: path, replacing: replacing) { target in
            try write(array, named: name, proto: isProto(path), to: target)
        }
    }

    /// - Parameter proto: whether the file is ONNX's, or else NumPy's.
    static func write(
        _ array: Tensor, named name: String, proto: Bool, to file: borrowing OutputFile
    ) throws {
        if proto {
            try ONNXFormat.writeTensor(array, name: name, to: file)
        } else {
            try NPY.write(array, to: file)
        }
    }
}
