import FormatInterface
import Foundation
import Tensors

/// Recorded inputs and outputs, in the layout of ONNX's test data: `input_0`, `output_0` and so on,
/// as `.pb` or `.npy`. An output's `output_0.float64.npy`, the truth, is preferred where it exists.
struct Fixture {
    /// The folder's name inside the fixture; empty for the fixture itself.
    let name: String
    let folder: String
    let inputs: [(file: String, array: Tensor)]
    let outputs: [(file: String, array: Tensor)]

    /// The records of a folder: its own, or those of its `test_data_set_*` folders.
    ///
    /// - Throws: `InputError` when there is none, or one cannot be read.
    static func records(in folder: String) throws -> [Fixture] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw InputError(
                file: folder, expected: "a folder of recorded tensors",
                found: FileManager.default.fileExists(atPath: folder)
                    ? "something else" : "nothing")
        }
        let sets = names.filter { $0.hasPrefix("test_data_set_") }.sorted {
            $0.localizedStandardCompare($1) == .orderedAscending
        }
        let records =
            sets.isEmpty
            ? [try Fixture(name: "", folder: folder)]
            : try sets.map { try Fixture(name: $0, folder: "\(folder)/\($0)") }
        return records
    }

    private init(name: String, folder: String) throws {
        self.name = name
        self.folder = folder
        inputs = try Self.arrays("input", in: folder)
        outputs = try Self.arrays("output", in: folder)
        if outputs.isEmpty {
            throw InputError(
                file: folder, expected: "output_0.npy or output_0.pb", found: "neither")
        }
    }

    private static func arrays(
        _ kind: String, in folder: String
    ) throws -> [(file: String, array: Tensor)] {
        var arrays: [(file: String, array: Tensor)] = []
        while true {
            let stem = "\(folder)/\(kind)_\(arrays.count)"
            let candidates = ["\(stem).float64.npy", "\(stem).npy", "\(stem).pb"]
            guard let path = candidates.first(where: FileManager.default.fileExists(atPath:))
            else { return arrays }
            arrays.append((path, try ArrayFile.read(path)))
        }
    }
}
