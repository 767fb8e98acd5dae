/// One of Ferry's commands.
package protocol Command {
    /// The word that chooses it.
    static var name: String { get }

    /// What it does, in one line without a full stop.
    static var abstract: String { get }

    /// Its arguments, one line for each way to call it: "SRC DST [--to FORMAT]".
    static var usage: [String] { get }

    /// Its own options; the global ones are added.
    static var options: [CommandOption] { get }

    /// What else help says, in lines of at most 80 characters; may be empty.
    static var discussion: String { get }

    /// A worked example: the command line, then what it prints.
    static var example: String { get }

    /// Takes its arguments and options from the command line.
    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError)

    /// Does the work, results to the console's output.
    ///
    /// - Throws: what is printed as one line and decides the exit status by `ExitStatus(of:)`.
    func run(on console: Console) throws -> ExitStatus
}

extension Command {
    package static var options: [CommandOption] { [] }
    package static var discussion: String { "" }

    static var allOptions: [CommandOption] { options + CommandOption.global }

    /// The whole help text, ending in a newline.
    static var help: String {
        var text = "\(abstract).\n\n"
        for (index, line) in usage.enumerated() {
            text += (index == 0 ? "Usage: " : "       ") + "ferry \(name) \(line)\n"
        }
        if !discussion.isEmpty { text += "\n\(discussion)\n" }
        if !options.isEmpty { text += "\nOptions:\n" + optionList(options) }
        text += "\nOptions of every command:\n" + optionList(CommandOption.global)
        let indented = example.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
        return text + "\nExample:\n\(indented)\n"
    }
}
