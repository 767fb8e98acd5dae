/// What is needed to repeat a comparison.
package struct Provenance: Codable, Equatable, Sendable {
    package struct File: Codable, Equatable, Sendable {
        package var path: String
        package var byteCount: Int
        package var sha256: String

        package init(path: String, byteCount: Int, sha256: String) {
            self.path = path
            self.byteCount = byteCount
            self.sha256 = sha256
        }
    }

    package var version: String
    package var commandLine: [String]
    package var files: [File]
    package var processor: String
    package var kernels: String
    package var threads: Int
    package var numerics: String
    /// Where the inputs came from.
    package var inputs: String

    package init(
        version: String, commandLine: [String], files: [File], processor: String,
        kernels: String, threads: Int, numerics: String, inputs: String
    ) {
        self.version = version
        self.commandLine = commandLine
        self.files = files
        self.processor = processor
        self.kernels = kernels
        self.threads = threads
        self.numerics = numerics
        self.inputs = inputs
    }
}
