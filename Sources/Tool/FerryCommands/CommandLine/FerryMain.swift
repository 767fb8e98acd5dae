import Foundation

/// The program.
package enum FerryMain {
    /// What `ferry --version` prints.
    package static let version = "0.1.0"

    /// Prepares the process and obeys its arguments, the program's name first.
    ///
    /// - Returns: the exit status.
    package static func run(_ arguments: [String]) -> Int32 {
        StandardDescriptors.open()
        Signals.install()
        let console = Console()
        if let garbled = garbledArgument {
            return console.report(
                UsageError("expected arguments in UTF-8, found '\(garbled)'")
            ).rawValue
        }
        let shell = Shell(commands: commands, version: version)
        return shell.run(Array(arguments.dropFirst()), on: console).rawValue
    }

    /// The first argument that is no UTF-8, repaired: it would name another file than was meant.
    private static var garbledArgument: String? {
        for index in 0..<Int(CommandLine.argc) {
            guard let bytes = unsafe CommandLine.unsafeArgv[index] else { continue }
            if unsafe String(validatingCString: bytes) == nil {
                return unsafe String(cString: bytes)
            }
        }
        return nil
    }
}
