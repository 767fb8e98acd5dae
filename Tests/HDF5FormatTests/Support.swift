import CHDF5
import FormatInterface
import Foundation
import HDF5Format
import IR
import Tensors

/// A folder that lasts as long as the value.
struct Scratch: ~Copyable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/ferry-hdf5-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a checkpoint and returns the file's path.
    func write(
        _ checkpoint: Checkpoint, as format: any ModelFormat.Type, name: String = "a.h5"
    ) throws -> String {
        try OutputFile.write(to: path(name), replacing: true) { file in
            try format.write(checkpoint, to: file)
        }
        return path(name)
    }

    /// Writes a checkpoint and reads it back.
    func roundTrip(
        _ checkpoint: Checkpoint, as format: any ModelFormat.Type
    ) throws -> Checkpoint {
        try format.read(InputFile(path: write(checkpoint, as: format)))
    }

    func write(_ bytes: some Collection<UInt8>, name: String = "a.h5") throws -> InputFile {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return try InputFile(path: path(name))
    }

    /// Lets `body` fill a new file through libhdf5 itself, whatever Ferry's writer would say.
    func make(
        name: String = "a.h5", latestFormat: Bool = false, userBlock: UInt64 = 0,
        _ body: (hid_t) -> Void
    ) throws -> InputFile {
        let path = path(name)
        HDF5Library.locked {
            let access = H5Pcreate(ferry_H5P_FILE_ACCESS())
            let creation = H5Pcreate(ferry_H5P_FILE_CREATE())
            if latestFormat { H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) }
            H5Pset_userblock(creation, userBlock)
            H5Pset_fclose_degree(access, H5F_CLOSE_STRONG)
            // A lock would outlive this process's use in children that inherit the descriptor.
            H5Pset_file_locking(access, false, true)
            let file = unsafe H5Fcreate(path, ferry_H5F_ACC_TRUNC(), creation, access)
            body(file)
            H5Fclose(file)
            H5Pclose(creation)
            H5Pclose(access)
        }
        return try InputFile(path: path)
    }
}

/// Numbers that are the same on every machine.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The file of the network fixtures, such as "lenet5/lenet5.state.h5".
func fixture(_ name: String) throws -> InputFile {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    return try InputFile(path: root.appending(path: "Fixtures/models/\(name)").path)
}

/// A tensor of every byte pattern that comes along; truth values stay truth values.
func seededTensor(_ elementType: ElementType, _ shape: [Int], seed: UInt64 = 1) -> Tensor {
    var generator = SplitMix64(state: seed)
    let count = Tensor.byteCount(of: shape, elementType) ?? 0
    let bytes = (0..<count).map { _ in
        UInt8.random(in: 0...(elementType == .bool ? 1 : 255), using: &generator)
    }
    return Tensor(elementType: elementType, shape: shape, storage: ByteStorage(bytes))
}

/// A small state dict with every kind of entry.
func smallStateDict() -> Checkpoint {
    Checkpoint(
        convention: .pytorch,
        tensors: [
            NamedTensor(name: "conv.weight", tensor: seededTensor(.float32, [4, 3, 3, 3])),
            NamedTensor(name: "bn.num_batches_tracked", tensor: seededTensor(.int64, [])),
            NamedTensor(name: "fc.weight", tensor: seededTensor(.float16, [5, 7])),
            NamedTensor(name: "fc.bias", tensor: seededTensor(.float64, [5])),
        ],
        metadata: ["ferry.architecture": "lenet5", "note": "Größe ≥ 1"])
}

/// A small Keras checkpoint.
func smallKeras() -> Checkpoint {
    Checkpoint(
        convention: .keras,
        tensors: [
            NamedTensor(
                name: "z_conv/kernel:0", layer: "z_conv",
                tensor: seededTensor(.float32, [3, 3, 2, 4])),
            NamedTensor(
                name: "z_conv/bias:0", layer: "z_conv", tensor: seededTensor(.float32, [4])),
            NamedTensor(
                name: "a_fc/kernel:0", layer: "a_fc", tensor: seededTensor(.float32, [8, 3])),
        ],
        metadata: [
            "backend": "tensorflow", "keras_version": "2.15.0", "ferry.architecture": "lenet5",
        ])
}

/// The refusal that `body` meets; nil when it meets none.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}
