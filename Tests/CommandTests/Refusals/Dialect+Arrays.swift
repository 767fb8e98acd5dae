import TestSupport

extension Dialect {
    static let safetensors = Dialect(
        name: "safetensors", formats: ["safetensors"], files: ["checkpoints/types.safetensors"],
        destination: ["out.pth"],
        defects: [
            Defect("a header longer than the file", "at most") {
                try $0.change { $0[2] = 1 }
            },
            Defect("a length of 2⁶³", "at most") { try $0.change { $0[7] = 0x80 } },
            Defect("a header that is no JSON", "header, byte") { try $0.changeHeader(":{", "::{") },
            Defect("an unknown dtype", "F33") { try $0.changeHeader("\"F32\"", "\"F33\"") },
            Defect("a tensor without a dtype", "to have dtype, shape") {
                try $0.changeHeader("\"dtype\":\"U64\",", "")
            },
            Defect("a tensor twice", "each key once") {
                try $0.changeHeader("\"uint64\":", "\"int64\":")
            },
            Defect("metadata that is a number", "'\"'") {
                try $0.changeHeader("\"note\":\"größe\"", "\"note\":1")
            },
            Defect("a negative size", "no negative number") {
                try $0.changeHeader("\"shape\":[2,3]", "\"shape\":[-2,3]")
            },
            Defect("a shape that overflows", "uint64") {
                try $0.changeHeader("\"shape\":[2,3]", "\"shape\":[4611686018427387904,4]")
            },
            Defect("a shape that its bytes do not fill", "uint64") {
                try $0.changeHeader("\"shape\":[2,3]", "\"shape\":[2,4]")
            },
            Defect("offsets reversed", "data_offsets [begin, end]") {
                try $0.changeHeader("[48,96]", "[96,48]")
            },
            Defect("three offsets", "data_offsets [begin, end]") {
                try $0.changeHeader("[48,96]", "[48,64,96]")
            },
            Defect("an offset with a fraction", "a whole number") {
                try $0.changeHeader("[48,96]", "[48.0,96]")
            },
            Defect("a hole between tensors", "data from 48") {
                try $0.changeHeader("[48,96]", "[49,97]")
            },
            Defect("offsets beyond the end", "inside") { try $0.cut(8) },
            Defect("bytes behind the data", "the end of the data") { try $0.append([1, 2]) },
        ])

    static let npz = Dialect(
        name: "npz", formats: ["npz"], files: ["checkpoints/types.npz"],
        destination: ["out.safetensors"],
        defects: [
            header("Python objects", "Python objects", "'<f4'", "'|O' "),
            header("structured elements", "structured elements", "'<f4'", "[('a', '<f4')]"),
            header("text", "'<U4'", "'<f4'", "'<U4'"),
            header("complex numbers", "'<c8'", "'<f4'", "'<c8'"),
            header("a call in the header", "in quotes", "'<f4'", "exit()"),
            header("a negative size", "an axis' size", "(2, 3)", "(-2, 3)"),
            header(
                "a shape that overflows", "can be counted", "(2, 3)", "(4611686018427387904, 4)"),
            header("a shape that its bytes do not fill", "of float32", "(2, 3)", "(2, 4)"),
            header("a header without a shape", "float32.npy", "'shape'", "'shapE'"),
            Defect("version 9", "version 1.0, 2.0 or 3.0") {
                try $0.changeMember("float32.npy") { $0[6] = 9 }
            },
            Defect("no magic", "the magic") { try $0.changeMember("float32.npy") { $0[0] = 0 } },
            Defect("an array one byte short", "of float32") {
                try $0.changeMember("float32.npy") { $0.removeLast() }
            },
            Defect("a byte behind the array", "of float32") {
                try $0.changeMember("float32.npy") { $0.append(0) }
            },
            Defect("a header that ends early", "the header") {
                try $0.changeMember("float32.npy") { $0.removeLast($0.count - 20) }
            },
            Defect("a member that is no array", "members that are arrays") {
                try $0.changeMembers { $0.append(("readme.txt", [1])) }
            },
            Defect("an archive cut short", "the end record") { try $0.cut(5) },
            Defect("a wrong checksum", "CRC-32") { try $0.replace("<f4", with: "<f2") },
        ])

    /// A change of an array's header, in whose padding there is room.
    private static func header(
        _ name: String, _ words: String, _ old: String, _ new: String
    ) -> Defect {
        Defect(name, words) {
            try $0.changeMember("float32.npy") { bytes in
                try bytes.replace(old, with: new)
                let growth = new.utf8.count - old.utf8.count
                if growth > 0 {
                    try bytes.replace(String(repeating: " ", count: growth) + "\n", with: "\n")
                }
            }
        }
    }
}
