import TestSupport

/// Defects of the pickle of a state dict, which both forms hold alike: what is replaced by what.
private let pickles: [(name: String, words: String, old: String, new: String)] = [
    (
        "a function that would be run", "'posix system', which is not run",
        "collections\nOrderedDict", "posix\nsystem"
    ),
    (
        "an unknown rebuilding", "'torch._utils _rebuild_tensor_v9'", "_rebuild_tensor_v2",
        "_rebuild_tensor_v9"
    ),
    ("an unknown storage", "'torch FlootStorage'", "FloatStorage", "FlootStorage"),
    ("pickle protocol 9", "pickle protocol 1 to 5", "\u{2}ccollections", "\u{9}ccollections"),
    (
        "a shape outside its storage", "inside a storage", "K\u{3}K\u{2}K\u{1}K\u{2}t",
        "K\u{3}K\u{9}K\u{1}K\u{2}t"
    ),
    (
        "a stride outside its storage", "inside a storage", "K\u{4}K\u{2}K\u{2}K\u{1}t",
        "K\u{9}K\u{2}K\u{2}K\u{1}t"
    ),
    (
        "fewer strides than axes", "a stride for each", "K\u{4}K\u{2}K\u{2}K\u{1}t",
        "K\u{4}K\u{2}K\u{2}t"
    ),
    ("a persistent object that is no storage", "storage", "storageq", "massageq"),
    ("an unknown instruction", "PERSID", "}q", "Pq"),
]

extension Dialect {
    static let pth = Dialect(
        name: "pth", formats: ["pth"], files: ["checkpoints/plain.pth"],
        destination: ["out.safetensors"],
        defects: pickles.map { entry in
            Defect(entry.name, entry.words) {
                try $0.changeMember("data.pkl") { try $0.replace(entry.old, with: entry.new) }
            }
        } + [
            Defect("a pickle that ends early", "the end of its bytes") {
                try $0.changeMember("data.pkl") { $0.removeLast() }
            },
            Defect("a missing storage", "'plain/data/0'") { try $0.removeMember("data/0") },
            Defect("a storage one element short", "elements of 4 bytes") {
                try $0.changeMember("data/0") { $0.removeLast(4) }
            },
            Defect("an unknown byte order", "byteorder") {
                try $0.changeMember("byteorder") { $0 = Array("middle".utf8) }
            },
            Defect("no version", "'plain/version'") { try $0.removeMember("plain/version") },
            Defect("elements of another size", "12 elements of 8 bytes") {
                try $0.changeMember("data.pkl") {
                    try $0.replace("FloatStorage", with: "DoubleStorage")
                }
            },
            Defect("a wrong checksum", "CRC-32") {
                try $0.replace("OrderedDict", with: "OrderedDuct")
            },
            Defect("a flipped bit in a storage", "CRC-32") {
                try $0.replace([0xB0, 0x31, 0x77, 0x3D], with: [0xB0, 0x31, 0x77, 0x3C])
            },
            Defect("an archive cut short", "the end record") { try $0.cut(5) },
            Defect("a member of another name in its own header", "the name and method") {
                try $0.change { try $0.replaceLast("plain/data/1", with: "plain/data/0") }
            },
        ])

    static let legacyPth = Dialect(
        name: "pth, legacy", formats: ["pth"], files: ["checkpoints/plain.legacy.pth"],
        destination: ["out.safetensors"],
        defects: pickles.map { entry in
            Defect(entry.name, entry.words) { try $0.replace(entry.old, with: entry.new) }
        } + [
            Defect("protocol 1002", "protocol 1001") {
                try $0.replace([0x4D, 0xE9, 3, 0x2E], with: [0x4D, 0xEA, 3, 0x2E])
            },
            Defect("no byte order", "little_endian") {
                try $0.replace("little_endian", with: "medium_endian")
            },
            Defect("a key that no tensor names", "each once") {
                try $0.change { try $0.replaceLast("10000000000000q", with: "90000000000000q") }
            },
            Defect("another count than the tensor's", "the count of a storage, 12") {
                try $0.replace([12, 0, 0, 0, 0, 0, 0, 0], with: [13, 0, 0, 0, 0, 0, 0, 0])
            },
            Defect("a negative count", "the count of a storage, 12") {
                try $0.replace([12, 0, 0, 0, 0, 0, 0, 0], with: [12, 0, 0, 0, 0, 0, 0, 0x80])
            },
            Defect("a file cut in its last storage", "elements of 4 bytes") { try $0.cut(1) },
            Defect("a file cut in its pickle", "the end of its bytes") { try $0.cut(900) },
        ])
}
