package import CHDF5
import FormatInterface
import HDF5Format

/// An HDF5 file, open for changes that Ferry never makes, through libhdf5 itself.
package struct DamagedHDF5 {
    /// libhdf5's identifier of the file.
    package let file: hid_t

    private func check(_ status: some SignedInteger, _ what: String) throws {
        if status < 0 { throw DamagedFile.Absent(what) }
    }

    package func remove(_ path: String) throws {
        try check(unsafe H5Ldelete(file, path, 0), path)
    }

    package func move(_ path: String, to other: String) throws {
        try check(unsafe H5Lmove(file, path, file, other, 0, 0), path)
    }

    package func addGroup(_ path: String) throws {
        let group = unsafe H5Gcreate2(file, path, 0, 0, 0)
        try check(group, path)
        H5Gclose(group)
    }

    /// Adds a dataset of zeros, in groups that exist.
    package func add(
        _ path: String, _ shape: [hsize_t], type: hid_t = ferry_H5T_IEEE_F32LE()
    ) throws {
        try check(makeDataset(path, in: file, type: type, shape: shape), path)
    }

    /// Puts a dataset of zeros in another's place.
    package func replace(
        _ path: String, _ shape: [hsize_t], type: hid_t = ferry_H5T_IEEE_F32LE()
    ) throws {
        try remove(path)
        try add(path, shape, type: type)
    }

    /// Adds what Ferry does not read to a group.
    package func add(_ foreign: Foreign, to group: String, as name: String = "a") throws {
        let place = unsafe H5Gopen2(file, group, 0)
        try check(place, group)
        foreign.fill(place, as: name)
        H5Gclose(place)
    }

    /// Puts what Ferry does not read in a dataset's place.
    package func replace(_ path: String, by foreign: Foreign) throws {
        guard let slash = path.lastIndex(of: "/") else { throw DamagedFile.Absent(path) }
        try remove(path)
        try add(foreign, to: String(path[..<slash]), as: String(path[path.index(after: slash)...]))
    }

    // MARK: Attributes

    package func removeAttribute(_ name: String, of group: String) throws {
        try check(unsafe H5Adelete_by_name(file, group, name, 0), name)
    }

    /// Sets an attribute to one text, or to a list of texts.
    package func set(_ name: String, of group: String, to text: String) throws {
        try set(name, of: group, [text], in: H5Screate(H5S_SCALAR))
    }

    package func set(_ name: String, of group: String, to texts: [String]) throws {
        let space = unsafe H5Screate_simple(1, [hsize_t(texts.count)], nil)
        try set(name, of: group, texts, in: space)
    }

    /// Sets an attribute to a number where texts belong.
    package func set(_ name: String, of group: String, to number: Double) throws {
        let space = unsafe H5Screate_simple(1, [1], nil)
        try unsafe set(name, of: group, ferry_H5T_IEEE_F64LE(), space, [number])
    }

    private func set(
        _ name: String, of group: String, _ texts: [String], in space: hid_t
    ) throws {
        let width = (texts.map(\.utf8.count).max() ?? 0) + 1
        let type = H5Tcopy(ferry_H5T_C_S1())
        H5Tset_size(type, width)
        let bytes = texts.flatMap {
            Array($0.utf8) + [UInt8](repeating: 0, count: width - $0.utf8.count)
        }
        try unsafe set(name, of: group, type, space, bytes)
    }

    private func set(
        _ name: String, of group: String, _ type: hid_t, _ space: hid_t,
        _ values: UnsafeRawPointer
    ) throws {
        if unsafe H5Aexists_by_name(file, group, name, 0) > 0 {
            try removeAttribute(name, of: group)
        }
        let attribute = unsafe H5Acreate_by_name(file, group, name, type, space, 0, 0, 0)
        try check(attribute, name)
        try check(unsafe H5Awrite(attribute, type, values), name)
        H5Aclose(attribute)
    }
}

extension DamagedFile {
    /// H5F_ACC_RDWR, a macro.
    private static let readWrite: UInt32 = 1

    /// Changes an HDF5 file from inside.
    package func changeHDF5(_ body: (DamagedHDF5) throws -> Void) throws {
        let path = path
        let failure: (any Error)? = HDF5Library.locked {
            let access = H5Pcreate(ferry_H5P_FILE_ACCESS())
            H5Pset_fclose_degree(access, H5F_CLOSE_STRONG)
            // A lock would outlive this process's use in children that inherit the descriptor.
            H5Pset_file_locking(access, false, true)
            let file = unsafe H5Fopen(path, Self.readWrite, access)
            defer {
                H5Fclose(file)
                H5Pclose(access)
            }
            if file < 0 { return Absent(path) }
            do {
                try body(DamagedHDF5(file: file))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Changes the attribute of a whole model's file that describes it.
    package func changeConfig(_ body: (inout [UInt8]) throws -> Void) throws {
        guard
            case .string(let text) = try HDF5File.contents(of: InputFile(path: path))
                .attribute("model_config")
        else { throw Absent("model_config") }
        var bytes = Array(text.utf8)
        try body(&bytes)
        let changed = String(decoding: bytes, as: UTF8.self)
        try changeHDF5 { try $0.set("model_config", of: "/", to: changed) }
    }
}
