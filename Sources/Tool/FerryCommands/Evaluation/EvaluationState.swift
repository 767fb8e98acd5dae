import FormatInterface
import Foundation

/// What an evaluation has done so far, in a file to which each finished picture adds a line.
///
/// The first lines say what is evaluated. Each further one is `NUMBER<tab>CLASS<tab>ANSWERS<tab>PATH`:
/// the picture's place in the list, its class, and the likeliest classes divided by commas. A last
/// line that was cut short, as the process was killed, is dropped.
final class EvaluationState {
    /// What is evaluated: lines of a word and a value. Another value is another evaluation.
    typealias Header = [(key: String, value: String)]

    private static let format = "evaluation"
    private static let magic = "ferry evaluation, version 1"

    private let path: String
    private let descriptor: Int32
    private let classes: Int
    /// Which pictures are done.
    private(set) var isDone: [Bool]

    /// Opens a state, or begins one.
    ///
    /// - Parameter visit: gets every finished picture's number and likeliest classes.
    /// - Throws: `UsageError` for the state of another evaluation, `InputError` for a file that is no
    ///   state or a damaged one, `OutputError` when it cannot be written.
    init(
        path: String, header: Header, pictures: LabelledPictures, classes: Int,
        visit: (Int, [Int]) -> Void
    ) throws {
        self.path = path
        self.classes = classes
        isDone = [Bool](repeating: false, count: pictures.items.count)
        descriptor = try Self.open(path)
        // Refuses what is no regular file.
        let file = try InputFile(path: path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw InputError(
                file: path, format: Self.format, expected: "a state that no other process uses",
                found: "one in use")
        }
        let texts = [Self.magic] + header.map { "\($0.key) \($0.value)" }
        let start = texts.flatMap { Array("\($0)\n".utf8) }
        let present = file.bytes(at: 0, count: start.count)
        if present.count < start.count, start.starts(with: present) {
            try truncate(to: 0)
            try append(start)
            return
        }
        var lines = FileLines(file)
        try check(&lines, header)
        while let line = lines.next(), lines.isWhole {
            let (number, top) = try entry(line, lines.number, pictures)
            isDone[number] = true
            visit(number, top)
        }
        try truncate(to: lines.wholeEnd)
    }

    deinit { close(descriptor) }

    private static func open(_ path: String) throws -> Int32 {
        if let kind = OutputFile.irreplaceable(path) {
            throw UsageError("--resume \(path): expected a file to write, found \(kind)")
        }
        let flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC
        let descriptor = unsafe Foundation.open(path, flags, 0o666)
        guard descriptor >= 0 else {
            throw OutputError(
                file: path, problem: "expected a file to write, found \(lastSystemError())")
        }
        return descriptor
    }

    /// Requires the lines that say what is evaluated.
    private func check(_ lines: inout FileLines, _ header: Header) throws {
        guard lines.next().map({ String(decoding: $0, as: UTF8.self) }) == Self.magic else {
            throw error(
                "line 1", expected: "'\(Self.magic)', as in a state of 'ferry evaluate'",
                found: "other content")
        }
        for (key, value) in header {
            let line = lines.next().map { String(decoding: $0, as: UTF8.self) } ?? ""
            guard line.hasPrefix("\(key) "), lines.isWhole else {
                throw error(
                    "line \(lines.number)", expected: "'\(key)' and its value",
                    found: "'\(line.prefix(100))'")
            }
            let found = line.dropFirst(key.utf8.count + 1)
            if found != value {
                throw UsageError(
                    "--resume \(path): expected a state of the same \(key), "
                        + "'\(value)', found '\(found)'; give another file")
            }
        }
    }

    /// A finished picture's number and answers, from its line.
    private func entry(
        _ line: [UInt8], _ place: Int, _ pictures: LabelledPictures
    ) throws(InputError) -> (number: Int, top: [Int]) {
        let place = "line \(place)"
        let fields = line.split(separator: 0x09, maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let number = Self.number(fields[0]),
            number < pictures.items.count
        else {
            throw error(
                place,
                expected: "a picture below \(pictures.items.count), its class, answers and "
                    + "path", found: "other text")
        }
        let item = pictures.items[number]
        guard Self.number(fields[1]) == item.label,
            fields[3].elementsEqual(printable(item.path).utf8)
        else {
            throw error(
                place, expected: "class \(item.label) and '\(item.path)'", found: "another")
        }
        guard !isDone[number] else {
            throw error(
                place, expected: "every picture once", found: "'\(item.path)' twice")
        }
        let count = min(Tally.topCount, classes)
        let top = fields[2].split(separator: 0x2C, omittingEmptySubsequences: false)
            .prefix(count + 1).compactMap { Self.number($0) }
        guard top.count == count, top.allSatisfy({ $0 < classes }), Set(top).count == count else {
            throw error(
                place, expected: "\(count) classes below \(classes)",
                found: "'\(String(decoding: fields[2].prefix(60), as: UTF8.self))'")
        }
        return (number, top)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard 1...9 ~= digits.count, digits.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private func error(_ place: String, expected: String, found: String) -> InputError {
        InputError(
            file: path, format: Self.format, place: place, expected: expected, found: found)
    }

    /// Adds a finished picture, in one write.
    ///
    /// - Throws: `OutputError` when it cannot be written.
    func add(_ number: Int, _ item: LabelledPictures.Item, top: [Int]) throws(OutputError) {
        isDone[number] = true
        let answers = top.map { "\($0)" }.joined(separator: ",")
        try append(Array("\(number)\t\(item.label)\t\(answers)\t\(printable(item.path))\n".utf8))
    }

    private func append(_ bytes: [UInt8]) throws(OutputError) {
        let failure = writeAll(bytes, to: descriptor)
        if failure != 0 {
            throw OutputError(
                file: path,
                problem:
                    "could not write: \(unsafe String(cString: strerror(failure)).lowercased())")
        }
    }

    private func truncate(to size: Int) throws(OutputError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw OutputError(file: path, problem: "could not write: \(lastSystemError())")
        }
    }
}
