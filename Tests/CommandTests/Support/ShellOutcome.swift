import FerryCommands
import Foundation
import TestSupport

/// What a command in this process answered.
struct ShellOutcome {
    let status: ExitStatus
    let output: String
    let errors: String

    /// Obeys the words in this process; paths among them must be whole.
    init(of words: [String]) throws {
        let shell = Shell(commands: FerryMain.commands, version: FerryMain.version)
        let streams = try TemporaryFolder()
        let output = try Stream(in: streams, "output")
        let errors = try Stream(in: streams, "errors")
        status = shell.run(
            words,
            on: Console(
                output: output.handle.fileDescriptor, errors: errors.handle.fileDescriptor))
        self.output = try output.text()
        self.errors = try errors.text()
    }
}

/// A file in the place of a standard stream.
private struct Stream {
    let handle: FileHandle

    init(in folder: TemporaryFolder, _ name: String) throws {
        handle = try FileHandle(
            forUpdating: URL(fileURLWithPath: folder.write([], as: name)))
    }

    func text() throws -> String {
        try handle.seek(toOffset: 0)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}
