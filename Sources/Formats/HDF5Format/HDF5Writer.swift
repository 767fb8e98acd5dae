import CHDF5
package import FormatInterface
import Foundation
package import Tensors

/// An HDF5 file that libhdf5 is writing; the same calls give the same bytes, without times.
///
/// Lives and dies inside `HDF5Library.locked`.
package struct HDF5Writer: ~Copyable {
    /// Most bytes of an attribute that an object header holds; Keras splits lists at this size too.
    static let attributeBytes = 64512

    /// Elements begin at pages, so that no page is written by halves, and only those are aligned
    /// that are worth a gap.
    private static let alignment = (threshold: hsize_t(1 << 16), page: hsize_t(4096))

    private let destination: String
    private let file: HDF5Handle
    private let linkCreation: HDF5Handle
    private var elements: [(tensor: Tensor, offset: Int)] = []
    private let datasetCreation: HDF5Handle

    /// Writes a checkpoint's parts with `fill`, then everything to disk.
    ///
    /// libhdf5 writes the structure and keeps room for the elements, which then go there piece by
    /// piece: no tensor whose axes were reordered is held whole.
    package static func write(
        to file: borrowing OutputFile,
        _ fill: (inout HDF5Writer) throws(OutputError) -> Void
    ) throws(OutputError) {
        let elements = try writeStructure(
            to: file.temporaryPath, for: file.destination, fill)
        for (tensor, offset) in elements { try file.write(tensor, at: offset) }
    }

    /// Writes a file that lacks the elements.
    ///
    /// - Returns: the elements and where they belong, by place.
    package static func writeStructure(
        to path: String, for destination: String,
        _ fill: (inout HDF5Writer) throws(OutputError) -> Void
    ) throws(OutputError) -> [(tensor: Tensor, offset: Int)] {
        try HDF5Library.locked { () throws(OutputError) in
            var writer = try HDF5Writer(path: path, destination: destination)
            try fill(&writer)
            let elements = writer.elements
            try writer.close()
            return elements.sorted { $0.offset < $1.offset }
        }
    }

    private init(path: String, destination: String) throws(OutputError) {
        guard let fileAccess = HDF5Handle(H5Pcreate(ferry_H5P_FILE_ACCESS())),
            let fileCreation = HDF5Handle(H5Pcreate(ferry_H5P_FILE_CREATE())),
            let linkCreation = HDF5Handle(H5Pcreate(ferry_H5P_LINK_CREATE())),
            let datasetCreation = HDF5Handle(H5Pcreate(ferry_H5P_DATASET_CREATE())),
            H5Pset_fapl_sec2(fileAccess.id) >= 0,
            H5Pset_fclose_degree(fileAccess.id, H5F_CLOSE_STRONG) >= 0,
            H5Pset_libver_bounds(fileAccess.id, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) >= 0,
            H5Pset_alignment(fileAccess.id, Self.alignment.threshold, Self.alignment.page) >= 0,
            H5Pset_obj_track_times(fileCreation.id, false) >= 0,
            H5Pset_obj_track_times(datasetCreation.id, false) >= 0,
            H5Pset_layout(datasetCreation.id, H5D_CONTIGUOUS) >= 0,
            H5Pset_alloc_time(datasetCreation.id, H5D_ALLOC_TIME_EARLY) >= 0,
            H5Pset_fill_time(datasetCreation.id, H5D_FILL_TIME_NEVER) >= 0,
            H5Pset_create_intermediate_group(linkCreation.id, 1) >= 0,
            H5Pset_char_encoding(linkCreation.id, H5T_CSET_UTF8) >= 0
        else { throw Self.failure(destination, "") }
        _ = H5Pset_file_locking(fileAccess.id, false, true)
        guard
            let file = HDF5Handle(
                unsafe H5Fcreate(path, ferry_H5F_ACC_TRUNC(), fileCreation.id, fileAccess.id))
        else { throw Self.failure(destination, "") }
        self.destination = destination
        self.file = file
        self.linkCreation = linkCreation
        self.datasetCreation = datasetCreation
    }

    private consuming func close() throws(OutputError) {
        guard H5Fflush(file.id, H5F_SCOPE_GLOBAL) >= 0 else {
            throw failure("")
        }
        let destination = destination
        guard file.close() else { throw Self.failure(destination, "") }
    }

    /// Makes a group, and the groups it lies in where they are missing.
    package func makeGroup(_ path: String) throws(OutputError) {
        guard
            HDF5Handle(unsafe H5Gcreate2(file.id, path, linkCreation.id, hid_t(0), hid_t(0)))
                != nil
        else { throw failure(path) }
    }

    /// Makes a contiguous dataset, whose elements are written when the file's structure is.
    package mutating func write(_ tensor: Tensor, to path: String) throws(OutputError) {
        guard let type = tensor.elementType.makeHDF5Type() else {
            throw OutputError(
                file: destination,
                problem: "\(path): expected an element type that HDF5 has, "
                    + "found \(tensor.elementType)")
        }
        guard tensor.rank <= HDF5Limits.rank else {
            throw OutputError(
                file: destination,
                problem: "\(path): expected at most \(HDF5Limits.rank) axes, found \(tensor.rank)")
        }
        guard let space = makeSpace(tensor.shape),
            let dataset = HDF5Handle(
                unsafe H5Dcreate2(
                    file.id, path, type.id, space.id, linkCreation.id, datasetCreation.id,
                    hid_t(0)))
        else { throw failure(path) }
        if tensor.byteCount == 0 { return }
        let offset = H5Dget_offset(dataset.id)
        guard offset != ferry_HADDR_UNDEF(), let offset = Int(exactly: offset) else {
            throw failure(path)
        }
        elements.append((tensor, offset))
    }

    private func makeSpace(_ shape: [Int]) -> HDF5Handle? {
        if shape.isEmpty { return HDF5Handle(H5Screate(H5S_SCALAR)) }
        return HDF5Handle(
            unsafe H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil))
    }

    /// Writes a text attribute of the group at `path` ("/" for the root), as h5py writes `str`.
    package func write(_ text: String, attribute name: String, of path: String) throws(OutputError)
    {
        try check(name, isNameOf: "an attribute of \(path)")
        try check(text, isNameOf: "attribute \(name)")
        guard let type = HDF5Handle(H5Tcopy(ferry_H5T_C_S1())),
            H5Tset_size(type.id, ferry_H5T_VARIABLE()) >= 0,
            H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0,
            let space = HDF5Handle(H5Screate(H5S_SCALAR))
        else { throw failure(path) }
        let status = unsafe text.withCString { text in
            var pointer: UnsafePointer<CChar>? = unsafe text
            return unsafe write(&pointer, type, space, attribute: name, of: path)
        }
        guard status >= 0 else { throw failure(path) }
    }

    /// Writes a list of texts as Keras does: of one length, padded with zeros, split into
    /// `name0`, `name1` … when too large for an object header; an empty list as no numbers.
    package func write(_ texts: [String], attribute name: String, of path: String)
        throws(OutputError)
    {
        for text in texts { try check(text, isNameOf: "an entry of \(name)") }
        let size = max(texts.map(\.utf8.count).max() ?? 0, 1)
        let perPiece = Self.attributeBytes / size
        guard perPiece > 0 else {
            throw OutputError(
                file: destination,
                problem: "\(name) of \(path): expected names of at most "
                    + "\(Self.attributeBytes) bytes, found \(size)")
        }
        if texts.count <= perPiece {
            return try write(texts[...], size: size, attribute: name, of: path)
        }
        for (piece, start) in stride(from: 0, to: texts.count, by: perPiece).enumerated() {
            let end = min(start + perPiece, texts.count)
            try write(texts[start..<end], size: size, attribute: "\(name)\(piece)", of: path)
        }
    }

    private func write(
        _ texts: ArraySlice<String>, size: Int, attribute name: String, of path: String
    ) throws(OutputError) {
        let isASCII = texts.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
        let base = texts.isEmpty ? ferry_H5T_IEEE_F64LE() : ferry_H5T_C_S1()
        guard let type = HDF5Handle(H5Tcopy(base)), let space = makeSpace([texts.count]) else {
            throw failure(path)
        }
        if !texts.isEmpty {
            guard H5Tset_size(type.id, size) >= 0,
                H5Tset_strpad(type.id, H5T_STR_NULLPAD) >= 0,
                H5Tset_cset(type.id, isASCII ? H5T_CSET_ASCII : H5T_CSET_UTF8) >= 0
            else { throw failure(path) }
        }
        var bytes: [UInt8] = []
        for text in texts {
            bytes += text.utf8
            bytes += [UInt8](repeating: 0, count: size - text.utf8.count)
        }
        guard unsafe write(&bytes, type, space, attribute: name, of: path) >= 0 else {
            throw failure(path)
        }
    }

    private func write(
        _ value: UnsafeRawPointer, _ type: borrowing HDF5Handle, _ space: borrowing HDF5Handle,
        attribute name: String, of path: String
    ) -> herr_t {
        guard
            let attribute = HDF5Handle(
                unsafe H5Acreate_by_name(
                    file.id, path, name, type.id, space.id, hid_t(0), hid_t(0), hid_t(0)))
        else { return -1 }
        return unsafe H5Awrite(attribute.id, type.id, value)
    }

    /// Checks that a text ends where C's ends.
    private func check(_ text: String, isNameOf place: String) throws(OutputError) {
        if text.utf8.contains(0) {
            throw OutputError(
                file: destination, problem: "\(place): expected text without NUL, found one")
        }
    }

    private func failure(_ path: String) -> OutputError { Self.failure(destination, path) }

    private static func failure(_ destination: String, _ path: String) -> OutputError {
        let place = path.isEmpty ? "" : "\(path): "
        return OutputError(
            file: destination,
            problem: "\(place)could not write: \(HDF5Library.innermostError())")
    }
}
