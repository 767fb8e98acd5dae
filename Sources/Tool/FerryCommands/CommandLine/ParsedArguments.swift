/// A command's arguments and options, checked against its table.
package struct ParsedArguments: Sendable {
    /// The arguments that are not options, in order.
    package let arguments: [String]
    private let values: [String: [String]]

    /// Takes `words` apart.
    ///
    /// - Throws: `UsageError`, among others for an option given twice that may be given once.
    package init(_ words: [String], options: [CommandOption]) throws(UsageError) {
        var arguments: [String] = []
        var values: [String: [String]] = [:]
        for item in try OptionScanner.scan(words, options: options) {
            switch item {
            case .argument(let word): arguments.append(word)
            case .option(let name, let value):
                let repeats = options.first { $0.name == name }?.repeats ?? false
                if values[name] != nil, !repeats {
                    throw UsageError("--\(name): expected once, found twice")
                }
                values[name, default: []].append(value ?? "")
            }
        }
        self.arguments = arguments
        self.values = values
    }

    /// Whether an option was given.
    package func has(_ name: String) -> Bool { values[name] != nil }

    /// The value of an option, or nil when it was not given.
    package func value(_ name: String) -> String? { values[name]?.first }

    /// All values of an option that repeats.
    package func values(_ name: String) -> [String] { values[name] ?? [] }

    /// A whole number in `range`, or nil when the option was not given.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "--\(name): expected \(range.lowerBound) to \(range.upperBound), found \(text)")
        }
        return number
    }

    /// A number in `range`, or nil when the option was not given.
    package func number(
        _ name: String, in range: ClosedRange<Double>
    ) throws(UsageError) -> Double? {
        guard let text = value(name) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw UsageError(
                "--\(name): expected \(range.lowerBound) to \(range.upperBound), found \(text)")
        }
        return number
    }

    /// One of `choices`, or nil when the option was not given.
    package func choice(_ name: String, among choices: [String]) throws(UsageError) -> String? {
        guard let text = value(name) else { return nil }
        guard choices.contains(text) else {
            let list = choices.joined(separator: ", ")
            throw UsageError(
                "--\(name): expected one of \(list), found '\(text)'"
                    + didYouMean(text, among: choices))
        }
        return text
    }

    /// One of an enum's cases, or nil when the option was not given.
    package func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String, of _: Choice.Type
    ) throws(UsageError) -> Choice? {
        try choice(name, among: Choice.allCases.map(\.rawValue)).flatMap { Choice(rawValue: $0) }
    }

    /// The files of an option that takes `FILE` or `NAME=FILE` and repeats.
    ///
    /// The first `=` ends the name; a file whose own path holds one is given as `=FILE`.
    ///
    /// - Throws: `UsageError` when a name is given twice or a file is missing.
    package func arrays(_ name: String) throws(UsageError) -> [ArrayArgument] {
        var found: [ArrayArgument] = []
        for text in values(name) {
            let array = ArrayArgument(text)
            if array.file.isEmpty {
                throw UsageError("--\(name): expected NAME=FILE, found '\(text)'")
            }
            if let binding = array.name, found.contains(where: { $0.name == binding }) {
                throw UsageError("--\(name): expected '\(binding)' once, found twice")
            }
            found.append(array)
        }
        return found
    }

    /// Refuses options that contradict each other when more than one of `names` was given.
    package func refuseTogether(_ names: String...) throws(UsageError) {
        let given = names.filter(has)
        if given.count > 1 {
            throw UsageError("--\(given[0]) and --\(given[1]) exclude each other")
        }
    }

    /// Refuses `name` unless `other` was given too.
    package func require(_ other: String, with name: String) throws(UsageError) {
        if has(name), !has(other) { throw UsageError("--\(name): expected --\(other) too") }
    }

    /// The arguments, when there are as many as `names` says.
    ///
    /// - Throws: `UsageError` naming the first missing or superfluous argument.
    package func exactly(_ names: String...) throws(UsageError) -> [String] {
        try counted(names, atMost: names.count)
    }

    /// The arguments, when there are at least as many as `names`; the last may repeat.
    package func atLeast(_ names: String...) throws(UsageError) -> [String] {
        try counted(names, atMost: .max)
    }

    private func counted(_ names: [String], atMost most: Int) throws(UsageError) -> [String] {
        if arguments.count < names.count {
            throw UsageError("expected \(names[arguments.count]), found nothing")
        }
        if arguments.count > most {
            throw UsageError(
                most == 0
                    ? "expected no argument, found '\(arguments[0])'"
                    : "expected \(most) argument\(most == 1 ? "" : "s"), "
                        + "found '\(arguments[most])' too")
        }
        if arguments.contains("") { throw UsageError("expected a file name, found ''") }
        return arguments
    }
}

/// A `FILE` or `NAME=FILE` argument.
package struct ArrayArgument: Equatable, Sendable {
    /// The model's input or output; nil when only a file was given.
    package var name: String?
    package var file: String

    /// Splits at the first `=`.
    package init(_ text: String) {
        guard let sign = text.firstIndex(of: "=") else {
            file = text
            return
        }
        let before = String(text[..<sign])
        name = before.isEmpty ? nil : before
        file = String(text[text.index(after: sign)...])
    }
}
