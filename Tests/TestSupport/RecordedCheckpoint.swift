import Foundation
package import IR
import Tensors

/// The tiny files under Fixtures/checkpoints, and what the framework that wrote each says it holds.
package enum RecordedCheckpoint {
    private struct Entry: Decodable {
        let name: String
        let type: String
        let shape: [Int]
        let bytes: String
    }

    package struct Unreadable: Error {
        package let file: String
    }

    /// Files that must load, by their endings.
    package static func files(endingIn endings: String...) -> [String] {
        ((try? entries()) ?? [:]).keys.filter { file in
            endings.contains { file.hasSuffix($0) }
        }.sorted()
    }

    package static func path(_ file: String) -> String {
        Fixtures.url("checkpoints/\(file)").path
    }

    /// The tensors of a file, in its order.
    package static func expected(_ file: String) throws -> [NamedTensor] {
        guard let entries = try entries()[file] else { throw Unreadable(file: file) }
        return try entries.map { entry in
            guard let type = ElementType(rawValue: entry.type) else {
                throw Unreadable(file: file)
            }
            let digits = Array(entry.bytes)
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0..<$0 + 2]), radix: 16)
            }
            return NamedTensor(
                name: entry.name,
                tensor: Tensor(
                    elementType: type, shape: entry.shape, storage: ByteStorage(bytes)))
        }
    }

    private static func entries() throws -> [String: [Entry]] {
        let data = try Data(contentsOf: Fixtures.url("checkpoints/expected.json"))
        return try JSONDecoder().decode([String: [Entry]].self, from: data)
    }
}

/// Words on the first difference between tensors; nil when names, order and bits agree.
package func difference(_ found: [NamedTensor], _ expected: [NamedTensor]) -> String? {
    let names = found.map(\.name)
    guard names == expected.map(\.name) else { return "names \(names)" }
    for (mine, theirs) in zip(found, expected) where !mine.tensor.isBitEqual(to: theirs.tensor) {
        return "\(mine.name): \(mine.tensor.elementType) \(mine.tensor.shape)"
    }
    return nil
}

/// The message with which `body` fails; nil when it does not.
package func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}
