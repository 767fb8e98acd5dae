import FormatInterface
import Tensors

/// The files beside a model that hold its numbers, each mapped once.
final class ExternalFiles {
    private let model: InputFile
    private var opened: [String: ByteStorage] = [:]

    init(of model: InputFile) {
        self.model = model
    }

    /// What TensorProto.external_data says, checked as far as it can be without the file.
    struct Place {
        var location = ""
        var offset = 0
        /// Nil for everything up to the file's end.
        var length: Int?

        /// - Throws: `ONNXError` for entries that are missing, twice there, or no numbers.
        init(
            _ entries: [(key: String, value: String)], at place: ONNXError.Place
        ) throws(ONNXError) {
            var seen: Set<String> = []
            for (key, value) in entries {
                guard seen.insert(key).inserted else {
                    throw ONNXError(
                        place, expected: "external data with '\(key.prefix(50))' once",
                        found: "it twice")
                }
                switch key {
                case "location": location = value
                case "offset": offset = try Self.number(value, key, at: place)
                case "length": length = try Self.number(value, key, at: place)
                default: break
                }
            }
            guard !location.isEmpty else {
                throw ONNXError(
                    place, expected: "external data with the location of a file", found: "none")
            }
        }

        private static func number(
            _ text: String, _ key: String, at place: ONNXError.Place
        ) throws(ONNXError) -> Int {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(text)
            else {
                throw ONNXError(
                    place, expected: "external data whose \(key) is a number of at least 0",
                    found: "'\(text.prefix(50))'")
            }
            return number
        }
    }

    /// The bytes of `place`, which must be `count`: the file, and where in it they begin.
    func bytes(
        _ external: Place, count: Int, at place: ONNXError.Place
    ) throws(ONNXError) -> (storage: ByteStorage, offset: Int) {
        let storage = try storage(external.location, at: place)
        guard external.offset <= storage.count else {
            throw ONNXError(
                place,
                expected: "an offset within the \(storage.count) bytes of "
                    + "'\(external.location.prefix(100))'", found: "\(external.offset)")
        }
        let left = storage.count - external.offset
        let length = external.length ?? left
        guard length == count else {
            throw ONNXError(
                place, expected: "\(count) bytes of external data", found: "\(length)")
        }
        guard length <= left else {
            throw ONNXError(
                place,
                expected: "\(length) bytes at \(external.offset) of "
                    + "'\(external.location.prefix(100))'", found: "\(left)")
        }
        return (storage, external.offset)
    }

    private func storage(
        _ location: String, at place: ONNXError.Place
    ) throws(ONNXError) -> ByteStorage {
        if let known = opened[location] { return known }
        // Some writers begin the path of a file beside the model with "./".
        let name = location.hasPrefix("./") ? String(location.dropFirst(2)) : location
        do {
            let folder = try ModelFolder(of: model, format: ONNXFormat.name)
            let storage = try folder.file(name).storage
            opened[location] = storage
            return storage
        } catch {
            let subject = error.place.isEmpty ? "'\(name.prefix(100))'" : error.place
            throw ONNXError(place, problem: "\(subject): \(error.problem)")
        }
    }
}
