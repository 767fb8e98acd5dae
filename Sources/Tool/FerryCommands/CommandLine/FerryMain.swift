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
        let shell = Shell(commands: commands, version: version)
        return shell.run(Array(arguments.dropFirst()), on: Console()).rawValue
    }
}
