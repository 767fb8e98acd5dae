import CGetopt
import Foundation
import Synchronization

/// A command line taken apart by `getopt_long`, in the order it was given.
enum ScannedItem: Equatable {
    case option(name: String, value: String?)
    case argument(String)
}

/// The one user of `getopt_long`, whose state is global.
enum OptionScanner {
    private static let lock = Mutex(())
    /// Codes of long options start above every letter's.
    private static let firstCode: Int32 = 1 << 16

    /// The items of `arguments`, which do not include the program's name.
    ///
    /// Options may stand anywhere; `--` ends them. Unambiguous beginnings of long names are accepted.
    ///
    /// - Throws: `UsageError` for an unknown or ambiguous option, and a missing or unwanted value.
    static func scan(
        _ arguments: [String], options: [CommandOption]
    ) throws(UsageError) -> [ScannedItem] {
        var items: [ScannedItem] = []
        let failure = lock.withLock { _ -> UsageError? in
            do throws(UsageError) {
                items = try scanLocked(arguments, options)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return items
    }

    private static func scanLocked(
        _ arguments: [String], _ options: [CommandOption]
    ) throws(UsageError) -> [ScannedItem] {
        let words = ["ferry"] + arguments
        var argv = unsafe words.map { unsafe strdup($0) } + [nil]
        let names = unsafe options.map { unsafe strdup($0.name) }
        defer {
            unsafe (argv + names).forEach { unsafe free($0) }
        }
        // "-": arguments are returned in place, as code 1. ":": a missing value is told apart.
        var letters = "-:"
        var table = unsafe [option]()
        for (index, entry) in options.enumerated() {
            if let letter = entry.letter {
                letters += "\(letter)" + (entry.placeholder == nil ? "" : ":")
            }
            unsafe table.append(
                option(
                    name: names[index], has_arg: entry.placeholder == nil ? 0 : 1, flag: nil,
                    val: firstCode + Int32(index)))
        }
        unsafe table.append(option(name: nil, has_arg: 0, flag: nil, val: 0))

        var items: [ScannedItem] = []
        ferry_getopt_reset()
        while true {
            let code = unsafe getopt_long(Int32(words.count), &argv, letters, &table, nil)
            let index = Int(ferry_getopt_index())
            if code == -1 {
                return items + words[index...].map { .argument($0) }
            }
            let value = unsafe ferry_getopt_argument().map { unsafe String(cString: $0) }
            let word = words[max(1, min(index, words.count) - 1)]
            if code == 1 {
                items.append(.argument(value ?? ""))
                continue
            }
            guard let entry = find(code, options) else {
                throw refusal(missing: code == 0x3A, word: word, options)
            }
            let isSeparate =
                unsafe ferry_getopt_argument()
                == argv[max(1, index - 1)].map {
                    unsafe UnsafePointer($0)
                }
            try items.append(item(entry, value: value, isSeparate: isSeparate))
        }
    }

    private static func find(_ code: Int32, _ options: [CommandOption]) -> CommandOption? {
        if code >= firstCode { return options[Int(code - firstCode)] }
        return options.first { entry in
            entry.letter?.unicodeScalars.first.map { Int32($0.value) == code } ?? false
        }
    }

    private static func item(
        _ entry: CommandOption, value: String?, isSeparate: Bool
    ) throws(UsageError) -> ScannedItem {
        guard entry.placeholder != nil else { return .option(name: entry.name, value: nil) }
        if let value, isSeparate, value.hasPrefix("--") {
            throw UsageError("--\(entry.name): expected a value, found the option '\(value)'")
        }
        guard let value, !value.isEmpty else {
            throw UsageError("--\(entry.name): expected a value, found nothing")
        }
        return .option(name: entry.name, value: value)
    }

    /// Why getopt_long refused an option, told from the code it left and the word it stood in.
    private static func refusal(
        missing: Bool, word: String, _ options: [CommandOption]
    ) -> UsageError {
        let code = ferry_getopt_refused()
        if let entry = find(code, options) {
            return UsageError(
                missing
                    ? "--\(entry.name): expected a value, found nothing"
                    : "--\(entry.name): expected no value, found '\(word)'")
        }
        guard word.hasPrefix("--") else {
            let letter = UnicodeScalar(UInt32(bitPattern: code & 0xFF)).map { String($0) } ?? "?"
            return UsageError("unknown option '-\(code < 0x80 ? letter : "?")' in '\(word)'")
        }
        let name = String(word.dropFirst(2).prefix { $0 != "=" })
        let longer = options.map(\.name).filter { $0.hasPrefix(name) }
        if longer.count > 1 {
            let list = longer.map { "'--\($0)'" }.joined(separator: " or ")
            return UsageError("ambiguous option '--\(name)': \(list)")
        }
        let hint = didYouMean(name, among: options.map(\.name), prefix: "--")
        return UsageError("unknown option '--\(name)'\(hint)")
    }
}
