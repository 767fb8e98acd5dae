import FormatInterface
import IR
import Tensors

/// PyTorch's form before 1.6: five pickles (a magic number, a version, a description of the system,
/// the object, the keys of its storages), and the storages.
struct LegacyStream {
    /// 0x1950A86A20F9469CFC6C, as a pickle keeps it.
    private static let magic: [UInt8] = [
        0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    private static let version = 1001

    private let storage: ByteStorage
    private var position = 0

    /// Whether the file begins with a pickle of the magic number, of protocol 2 or later.
    static func recognizes(_ storage: ByteStorage) -> Bool {
        let start = ByteRegion(storage).copy(count: 32)
        guard start.count > 4, start[0] == 0x80, (2...5).contains(start[1]) else { return false }
        // Since protocol 4 a frame's length comes first.
        let body =
            start[2] == PickleOpcode.frame.rawValue ? start.dropFirst(11) : start.dropFirst(2)
        return body.starts(with: [PickleOpcode.long1.rawValue, UInt8(magic.count)] + magic)
    }

    init(_ storage: ByteStorage) {
        self.storage = storage
    }

    mutating func checkpoint() throws(ContentError) -> Checkpoint {
        guard case .largeInteger(Self.magic) = try pickle().value else {
            throw ContentError("byte 0", expected: "PyTorch's magic number", found: "another")
        }
        let start = position
        guard case .integer(Self.version) = try pickle().value else {
            throw ContentError(
                "byte \(start)", expected: "protocol \(Self.version)", found: "another")
        }
        let isBigEndian = try isBigEndian()
        let (object, machine) = try pickle()
        let found = try StateDictSearch(machine).find(in: object)
        return try TensorAssembly.checkpoint(
            found, try regions(machine.storages), fileSize: storage.count,
            isBigEndian: isBigEndian)
    }

    private mutating func pickle() throws(ContentError) -> (
        value: PickleValue, machine: PickleMachine
    ) {
        var machine = PickleMachine(ByteRegion(storage, position..<storage.count))
        let value = try machine.run()
        position = machine.cursor.position
        return (value, machine)
    }

    /// The byte order that the description of the writer's system states.
    private mutating func isBigEndian() throws(ContentError) -> Bool {
        let start = position
        let (value, machine) = try pickle()
        guard case .dictionary(let index) = value,
            case .boolean(let isLittle)? = machine.dictionaries[index]["little_endian"]
        else {
            throw ContentError(
                "byte \(start)", expected: "a dictionary with little_endian", found: "another")
        }
        return !isLittle
    }

    /// Where each storage lies: its count and its elements, in the order of the list of keys.
    private mutating func regions(
        _ references: [String: StorageReference]
    ) throws(ContentError) -> [String: ByteRegion] {
        let start = position
        let (value, machine) = try pickle()
        guard case .list(let index) = value else {
            throw ContentError(
                "byte \(start)", expected: "a list of storages' keys", found: value.description)
        }
        var regions: [String: ByteRegion] = [:]
        for key in machine.lists[index] {
            guard case .text(let key) = key, let reference = references[key],
                regions[key] == nil
            else {
                throw ContentError(
                    "byte \(start)", expected: "the keys of the object's storages, each once",
                    found: "another")
            }
            regions[key] = try region(of: reference)
        }
        return regions
    }

    private mutating func region(
        of reference: StorageReference
    ) throws(ContentError) -> ByteRegion {
        guard let count = storage.integer(at: position, as: Int64.self),
            count == reference.count
        else {
            throw ContentError(
                "byte \(position)", expected: "the count of a storage, \(reference.count)",
                found: storage.integer(at: position, as: Int64.self).map { "\($0)" }
                    ?? "the end of the file")
        }
        let start = position + 8
        let (size, overflow) = reference.count.multipliedReportingOverflow(
            by: reference.type.size)
        guard !overflow, size <= storage.count - start else {
            throw ContentError(
                "byte \(start)",
                expected: "\(reference.count) elements of \(reference.type.size) bytes",
                found: "\(storage.count - start) bytes")
        }
        position = start + size
        return ByteRegion(storage, start..<position)
    }
}
