import FormatInterface
import Parity

/// What surrounds the commands: choosing one, its help, its errors and its exit status.
package struct Shell {
    /// All commands, in the order help lists them.
    package let commands: [any Command.Type]
    /// What `--version` prints.
    package let version: String

    package init(commands: [any Command.Type], version: String) {
        self.commands = commands
        self.version = version
    }

    /// Obeys `arguments`, which do not include the program's name.
    package func run(_ arguments: [String], on console: Console) -> ExitStatus {
        var status: ExitStatus
        do {
            status = try dispatch(arguments, on: console)
        } catch {
            status = console.report(error)
        }
        do {
            try console.flush()
        } catch {
            status = max(status, console.report(error))
        }
        return status
    }

    private func dispatch(_ arguments: [String], on console: Console) throws -> ExitStatus {
        if arguments.isEmpty {
            console.note(help, prefixed: false)
            return .wrongUsage
        }
        guard let position = try commandPosition(arguments) else {
            return try runWithoutCommand(arguments, on: console)
        }
        let word = arguments[position]
        var rest = arguments
        rest.remove(at: position)
        if word == "help" { return try printHelp(rest, on: console) }
        guard let command = commands.first(where: { $0.name == word }) else {
            throw unknownCommand(word)
        }
        return try run(command, rest, on: console)
    }

    private func run(
        _ command: any Command.Type, _ words: [String], on console: Console
    ) throws -> ExitStatus {
        do {
            let parsed = try ParsedArguments(words, options: command.allOptions)
            if parsed.has("help") {
                try console.print(command.help, terminator: "")
                return .done
            }
            let global = try GlobalOptions(parsed)
            return try command.init(parsing: parsed, global: global).run(on: console)
        } catch var error as UsageError {
            error.command = error.command ?? command.name
            throw error
        }
    }

    /// Index of the first word that is neither a global option nor its value.
    private func commandPosition(_ arguments: [String]) throws(UsageError) -> Int? {
        var index = 0
        while index < arguments.count {
            let word = arguments[index]
            if !word.hasPrefix("-") || word == "-" { return index }
            if word == "--" { return nil }
            let matches = CommandOption.global.filter { "--\($0.name)".hasPrefix(word) }
            index += matches.count == 1 && matches[0].placeholder != nil ? 2 : 1
        }
        return nil
    }

    private func runWithoutCommand(
        _ arguments: [String], on console: Console
    ) throws -> ExitStatus {
        let options = CommandOption.global + [.flag("version", help: "print the version")]
        let parsed = try ParsedArguments(arguments, options: options)
        if parsed.has("help") {
            try console.print(help, terminator: "")
            return .done
        }
        if parsed.has("version") {
            try console.print("ferry \(version)")
            return .done
        }
        throw UsageError(
            parsed.arguments.first.map { "expected a command before '\($0)'" }
                ?? "expected a command, found nothing")
    }

    private func printHelp(_ words: [String], on console: Console) throws -> ExitStatus {
        let parsed = try ParsedArguments(words, options: CommandOption.global)
        guard let word = parsed.arguments.first else {
            try console.print(help, terminator: "")
            return .done
        }
        guard let command = commands.first(where: { $0.name == word }) else {
            throw unknownCommand(word)
        }
        try console.print(command.help, terminator: "")
        return .done
    }

    private func unknownCommand(_ word: String) -> UsageError {
        let names = commands.map { $0.name } + ["help"]
        return UsageError("unknown command '\(word)'" + didYouMean(word, among: names))
    }

    /// The help of the program itself, ending in a newline.
    private var help: String {
        var table = TextTable(columns: [.init(""), .init("")])
        for command in commands {
            table.add([.init("  \(command.name)"), .init(command.abstract)])
        }
        return """
            Ferry carries the weights of convolutional networks between file formats, proves that
            nothing changed on the way, and runs them.

            Usage: ferry COMMAND [ARGUMENTS] [OPTIONS]

            Commands:
            \(table.render())

            Options of every command:
            \(optionList(CommandOption.global))
            'ferry COMMAND --help' explains a command; 'ferry --version' prints the version.

            """
    }
}

/// Options as help lists them, one a line.
func optionList(_ options: [CommandOption]) -> String {
    var table = TextTable(columns: [.init(""), .init("")])
    for option in options { table.add([.init("  \(option.synopsis)"), .init(option.help)]) }
    return table.render() + "\n"
}
