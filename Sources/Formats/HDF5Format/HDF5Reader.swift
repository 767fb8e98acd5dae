import CHDF5
import FormatInterface
import Tensors

/// A file that libhdf5 has open for reading.
///
/// Lives and dies inside `HDF5Library.locked`.
struct HDF5Reader: ~Copyable {
    let input: HDF5Source
    private let file: HDF5Handle
    private let linkAccess: HDF5Handle

    init(_ input: HDF5Source) throws(InputError) {
        guard HDF5File.superblockOffset(of: input) != nil else {
            throw InputError(
                file: input.path, format: HDF5File.format, place: "byte 0",
                expected: "HDF5's signature", found: input.count == 0 ? "an empty file" : "none")
        }
        guard let fileAccess = HDF5Handle(H5Pcreate(ferry_H5P_FILE_ACCESS())),
            let linkAccess = HDF5Handle(H5Pcreate(ferry_H5P_LINK_ACCESS())),
            Self.setImage(input, of: fileAccess) >= 0,
            H5Pset_fclose_degree(fileAccess.id, H5F_CLOSE_STRONG) >= 0,
            H5Pset_nlinks(linkAccess.id, 1) >= 0
        else { throw Self.failure(input, "") }
        guard
            let file = HDF5Handle(
                unsafe H5Fopen(Self.noFile, ferry_H5F_ACC_RDONLY(), fileAccess.id))
        else { throw Self.failure(input, "") }
        self.input = input
        self.file = file
        self.linkAccess = linkAccess
    }

    /// A name that no file has: the library insists that an image is of none.
    private static let noFile = "/dev/null/image"

    /// Makes the library read the bytes that are mapped already, without a copy.
    private static func setImage(
        _ input: HDF5Source, of fileAccess: borrowing HDF5Handle
    ) -> herr_t {
        unsafe input.region.withUnsafeBytes { bytes in
            unsafe ferry_read_image(
                fileAccess.id, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
    }

    func contents() throws(InputError) -> HDF5Contents {
        var walk = Walk()
        let root = try open("/", in: file, path: "")
        try visit(root, path: "", depth: 0, &walk)
        return walk.contents
    }

    func hasRootEntry(attributes: [String], links: [String]) -> Bool {
        attributes.contains { unsafe H5Aexists(file.id, $0) > 0 }
            || links.contains { unsafe H5Lexists(file.id, $0, linkAccess.id) > 0 }
    }

    private struct Walk {
        var contents = HDF5Contents()
        var objects = 0
        var groups: Set<haddr_t> = []
    }

    /// Adds the object at `path` and everything below it.
    private func visit(
        _ object: borrowing HDF5Handle, path: String, depth: Int, _ walk: inout Walk
    ) throws(InputError) {
        walk.objects += 1
        guard walk.objects <= HDF5Limits.objects else {
            throw refusal(path, "at most \(HDF5Limits.objects) objects", "more")
        }
        var address = haddr_t(0)
        var kind = Int32(0)
        var attributes = hsize_t(0)
        guard unsafe ferry_object_info(object.id, &address, &kind, &attributes) >= 0 else {
            throw failure(path)
        }
        switch H5O_type_t(kind) {
        case H5O_TYPE_DATASET:
            walk.contents.datasets.append(try describe(object, path: path))
        case H5O_TYPE_GROUP:
            guard walk.groups.insert(address).inserted else {
                throw refusal(path, "each group in one place", "a second link to a group")
            }
            walk.contents.groups[path] = try self.attributes(
                of: object, path: path, count: attributes)
            try visitLinks(of: object, path: path, depth: depth, &walk)
        default:
            throw refusal(path, "a group or a dataset", "a committed datatype")
        }
    }

    private func visitLinks(
        of group: borrowing HDF5Handle, path: String, depth: Int, _ walk: inout Walk
    ) throws(InputError) {
        let links = HDF5Links(of: group, limit: HDF5Limits.objects - walk.objects)
        guard let links else { throw failure(path) }
        if links.isCut { throw refusal(path, "at most \(HDF5Limits.objects) objects", "more") }
        if !links.all.isEmpty, depth == HDF5Limits.depth {
            throw refusal(path, "groups at most \(HDF5Limits.depth) deep", "deeper ones")
        }
        for link in links.all {
            guard let name = link.name, !name.isEmpty, name != ".", !name.contains("/") else {
                throw refusal(path, "names in UTF-8 without \"/\"", "another name")
            }
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            switch link.kind {
            case H5L_TYPE_HARD: break
            case H5L_TYPE_SOFT: throw refusal(inner, "a dataset or a group", "a soft link")
            case H5L_TYPE_EXTERNAL:
                throw refusal(inner, "a dataset or a group", "a link to another file")
            default: throw refusal(inner, "a dataset or a group", "a user-defined link")
            }
            let object = try open(name, in: group, path: inner)
            try visit(object, path: inner, depth: depth + 1, &walk)
        }
    }

    func open(
        _ name: String, in group: borrowing HDF5Handle, path: String
    ) throws(InputError) -> HDF5Handle {
        guard let object = HDF5Handle(unsafe H5Oopen(group.id, name, linkAccess.id)) else {
            throw failure(path)
        }
        return object
    }

    /// Opens a dataset that `contents` has found behind hard links alone.
    func openDataset(_ path: String) throws(InputError) -> HDF5Handle {
        guard let dataset = HDF5Handle(unsafe H5Dopen2(file.id, path, hid_t(0))) else {
            throw failure(path)
        }
        return dataset
    }

    /// The error for a call that failed.
    func failure(_ path: String) -> InputError { Self.failure(input, path) }

    private static func failure(_ input: HDF5Source, _ path: String) -> InputError {
        InputError(
            file: input.path, format: HDF5File.format, place: path,
            expected: "undamaged HDF5", found: HDF5Library.innermostError())
    }

    func refusal(_ path: String, _ expected: String, _ found: String) -> InputError {
        InputError(
            file: input.path, format: HDF5File.format, place: path.isEmpty ? "root group" : path,
            expected: expected, found: found)
    }
}

/// The links of a group, in name order.
private struct HDF5Links {
    /// A name is nil when it is not UTF-8.
    private(set) var all: [(name: String?, kind: H5L_type_t)] = []
    /// Whether there are more than the limit.
    private(set) var isCut = false
    private let limit: Int

    init?(of group: borrowing HDF5Handle, limit: Int) {
        self.limit = limit
        let status = unsafe withUnsafeMutablePointer(to: &self) { links in
            unsafe ferry_visit_links(
                group.id,
                { name, kind, context in
                    guard let name = unsafe name,
                        let links = unsafe context?.assumingMemoryBound(to: HDF5Links.self)
                    else { return -1 }
                    return unsafe links.pointee.add(
                        String(validatingCString: name), H5L_type_t(kind))
                }, links)
        }
        if status < 0 { return nil }
    }

    private mutating func add(_ name: String?, _ kind: H5L_type_t) -> Int32 {
        guard all.count < limit else {
            isCut = true
            return 1
        }
        all.append((name, kind))
        return 0
    }
}
