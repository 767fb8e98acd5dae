package import Foundation

/// The recorded files under Fixtures/, found whatever the working directory is.
package enum Fixtures {
    /// The repository's top folder.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file below Fixtures/, such as `models/lenet5/lenet5.onnx`.
    package static func url(_ path: String) -> URL {
        root.appendingPathComponent("Fixtures").appendingPathComponent(path)
    }
}
