import FerryCommands
import FormatInterface
import Foundation
import IR
import Parity
import TestSupport
import Testing

/// The testing library has a type of this name too.
typealias ExitStatus = FerryCommands.ExitStatus

/// A command that prints what it was given, and fails as told.
private struct Echo: Command {
    static let name = "echo"
    static let abstract = "Print the arguments"
    static let usage = ["WORD… [--fail KIND]"]
    static let options: [CommandOption] = [
        .value("input", "NAME=FILE", letter: "i", repeats: true, help: "an array"),
        .value("runs", "N", help: "how often"), .value("fail", "KIND", help: "how to fail"),
        .flag("force", help: "replace the destination"), .flag("keep", help: "keep it"),
    ]
    static let example = "ferry echo a b\na b"

    let words: [String]
    let global: GlobalOptions
    let inputs: [ArrayArgument]
    let runs: Int?
    let failure: String?

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        try arguments.refuseTogether("force", "keep")
        words = try arguments.atLeast("a word")
        inputs = try arguments.arrays("input")
        runs = try arguments.integer("runs", in: 1...100)
        failure = try arguments.choice("fail", among: ["input", "output", "other"])
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        struct Other: Error {}
        switch failure {
        case "input": throw InputError(file: "a.onnx", format: "onnx", problem: "line 1\nline 2")
        case "output": throw OutputError(file: "b.onnx", problem: "no space left")
        case "other": throw Other()
        default: break
        }
        if global.json {
            try console.printJSON(["words": words])
            return .done
        }
        try console.print(words.joined(separator: " "))
        for input in inputs { try console.print("\(input.name ?? "-") \(input.file)") }
        try console.print(
            "\(global.threads) \(global.architecture ?? "-") \(global.numerics) \(runs ?? 0)")
        return words.contains("different") ? .different : .done
    }
}

private struct Outcome {
    var status: ExitStatus
    var output: String
    var errors: String
    var lines: [Substring] { output.split(separator: "\n") }
}

private func ferry(_ arguments: String...) throws -> Outcome {
    try withTemporaryFolder { folder in
        func create(_ name: String) -> Int32 {
            unsafe open("\(folder)/\(name)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        }
        let (output, errors) = (create("out"), create("err"))
        defer {
            close(output)
            close(errors)
        }
        let shell = Shell(commands: [Echo.self], version: "1.2.3")
        let console = Console(output: output, errors: errors, environment: [:])
        let status = shell.run(arguments, on: console)
        return Outcome(
            status: status, output: try text(folder + "/out"), errors: try text(folder + "/err"))
    }
}

private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

@Test func `options may stand before, between and after the words`() throws {
    for words in [
        ["--threads", "3", "echo", "a", "b", "--arch", "vgg16"],
        ["echo", "--threads=3", "a", "--arch=vgg16", "b"],
        ["echo", "a", "b", "--threads", "3", "--arch", "vgg16"],
        ["--thr", "3", "echo", "a", "b", "--arch", "vgg16"],
    ] {
        let parsed = try ParsedArguments(
            words.filter { $0 != "echo" },
            options: [
                .value("threads", "N", help: ""), .value("arch", "NAME", help: ""),
            ])
        #expect(parsed.arguments == ["a", "b"])
        #expect(parsed.value("threads") == "3")
        #expect(parsed.value("arch") == "vgg16")
    }
    let outcome = try ferry("--threads", "3", "echo", "a", "b", "--arch", "vgg16")
    #expect(outcome.status == .done)
    #expect(outcome.output == "a b\n3 vgg16 fast 0\n")
    #expect(outcome.errors.isEmpty)
}

@Test func `two dashes end the options`() throws {
    let outcome = try ferry("echo", "a", "--", "--json", "-i")
    #expect(outcome.lines.first == "a --json -i")
    #expect(try ferry("echo", "a", "-").lines.first == "a -")
}

@Test func `an option may repeat when its table says so`() throws {
    let outcome = try ferry("echo", "a", "-i", "x=1.npy", "--input", "2.npy", "--input==a=b.npy")
    #expect(outcome.lines[1...3] == ["x 1.npy", "- 2.npy", "- a=b.npy"])
}

@Test(arguments: [
    (["echo"], "expected a word, found nothing"),
    (["echo", "a", "--frce"], "unknown option '--frce'; did you mean '--force'?"),
    (["echo", "a", "--zzzzzz"], "unknown option '--zzzzzz'"),
    (["echo", "a", "-x"], "unknown option '-x'"),
    (["echo", "a", "--runs"], "--runs: expected a value, found nothing"),
    (["echo", "a", "--runs="], "--runs: expected a value, found nothing"),
    (["echo", "a", "--runs", "--json"], "--runs: expected a value, found the option '--json'"),
    (["echo", "a", "--force=1"], "--force: expected no value"),
    (["echo", "a", "--f"], "ambiguous option '--f': '--fail' or '--force'"),
    (["echo", "a", "--runs", "0"], "--runs: expected 1 to 100, found 0"),
    (["echo", "a", "--runs", "ten"], "--runs: expected 1 to 100, found ten"),
    (["echo", "a", "--runs", "-1"], "--runs: expected 1 to 100, found -1"),
    (["echo", "a", "--threads", "0"], "--threads: expected 1 to 1024, found 0"),
    (["echo", "a", "--threads", "99999999999999999999"], "--threads: expected 1 to 1024"),
    (["echo", "a", "--numerics", "fats"], "found 'fats'; did you mean 'fast'?"),
    (["echo", "a", "--runs", "1", "--runs", "1"], "--runs: expected once, found twice"),
    (["echo", "a", "--json", "--json"], "--json: expected once, found twice"),
    (["echo", "a", "--force", "--keep"], "--force and --keep exclude each other"),
    (["echo", "a", "-i", "x=1", "-i", "x=2"], "--input: expected 'x' once, found twice"),
    (["echo", "a", "-i", "x="], "--input: expected NAME=FILE, found 'x='"),
    (["echo", ""], "expected a file name, found ''"),
])
func `a command line that cannot be obeyed is one line and exit 2`(
    words: [String], problem: String
) throws {
    let outcome = try withArguments(words)
    #expect(outcome.status == .wrongUsage)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("ferry: "))
    #expect(outcome.errors.contains(problem), "\(outcome.errors)")
    #expect(outcome.errors.hasSuffix("(see 'ferry echo --help')\n"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
}

private func withArguments(_ words: [String]) throws -> Outcome {
    switch words.count {
    case 1: try ferry(words[0])
    case 2: try ferry(words[0], words[1])
    case 3: try ferry(words[0], words[1], words[2])
    case 4: try ferry(words[0], words[1], words[2], words[3])
    default: try ferry(words[0], words[1], words[2], words[3], words[4], words[5])
    }
}

@Test func `an unknown command is met with a guess`() throws {
    let outcome = try ferry("ehco", "a")
    #expect(outcome.status == .wrongUsage)
    #expect(
        outcome.errors
            == "ferry: unknown command 'ehco'; did you mean 'echo'? (see 'ferry --help')\n")
    #expect(try ferry("frobnicate").errors.contains("did you mean") == false)
}

@Test func `help goes to the output when asked for and to the errors when not`() throws {
    for words in [["--help"], ["-h"], ["help"]] {
        let outcome = try withArguments(words)
        #expect(outcome.status == .done)
        #expect(outcome.output.contains("echo  Print the arguments"))
        #expect(outcome.errors.isEmpty)
    }
    for words in [["echo", "--help"], ["help", "echo"], ["--help", "echo"]] {
        let outcome = try withArguments(words)
        #expect(outcome.status == .done)
        #expect(outcome.output.contains("Usage: ferry echo WORD… [--fail KIND]"))
        #expect(outcome.output.contains("-i, --input NAME=FILE …"))
        #expect(outcome.output.contains("--numerics fast|strict"))
        #expect(outcome.output.hasSuffix("Example:\n  ferry echo a b\n  a b\n"))
    }
    let bare = try ferry()
    #expect(bare.status == .wrongUsage)
    #expect(bare.output.isEmpty)
    #expect(bare.errors.contains("Usage: ferry COMMAND"))
    #expect(try ferry("help", "ehco").status == .wrongUsage)
    #expect(try ferry("--version").output == "ferry 1.2.3\n")
    #expect(try ferry("--json").status == .wrongUsage)
}

@Test(arguments: [
    ("input", ExitStatus.badInput, "ferry: a.onnx: onnx: line 1\\u{a}line 2\n"),
    ("output", .couldNotWrite, "ferry: b.onnx: no space left\n"),
    ("other", .badInput, "ferry: Other()\n"),
])
func `errors become one line and their exit status`(
    kind: String, status: ExitStatus, line: String
) throws {
    let outcome = try ferry("echo", "a", "--fail", kind)
    #expect(outcome.status == status)
    #expect(outcome.errors == line)
}

@Test func `a command's own status is kept`() throws {
    #expect(try ferry("echo", "different").status == .different)
}

@Test func `JSON has sorted keys and no escaped slashes`() throws {
    let outcome = try ferry("echo", "b/a", "--json")
    #expect(outcome.output == "{\n  \"words\" : [\n    \"b/a\"\n  ]\n}\n")
}

@Test func `a closed reader is met with silence and the command's own status`() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(unsafe pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    try withTemporaryFolder { folder in
        let errors = unsafe open(folder + "/err", O_RDWR | O_CREAT, 0o600)
        defer { close(errors) }
        let console = Console(output: ends[1], errors: errors, environment: [:])
        let shell = Shell(commands: [Echo.self], version: "1")
        #expect(shell.run(["echo", "different"], on: console) == .different)
        let messages = try text(folder + "/err")
        #expect(messages.isEmpty)
    }
}

#if os(Linux)
    @Test func `a full disk under the output is exit 4`() throws {
        let full = unsafe open("/dev/full", O_WRONLY)
        defer { close(full) }
        try withTemporaryFolder { folder in
            let errors = unsafe open(folder + "/err", O_RDWR | O_CREAT, 0o600)
            defer { close(errors) }
            let console = Console(output: full, errors: errors, environment: [:])
            let shell = Shell(commands: [Echo.self], version: "1")
            #expect(shell.run(["echo", "a"], on: console) == .couldNotWrite)
            let line = try text(folder + "/err")
            #expect(line == "ferry: standard output: could not write: no space left on device\n")
        }
    }
#endif

@Test func `all inputs are tried and the worst status is kept`() throws {
    try withTemporaryFolder { folder in
        let errors = unsafe open(folder + "/err", O_RDWR | O_CREAT, 0o600)
        defer { close(errors) }
        let console = Console(output: errors, errors: errors, environment: [:])
        var tried: [Int] = []
        let status = console.forEach([0, 4, 3, 1]) { number in
            tried.append(number)
            if number == 3 { throw InputError(file: "x", problem: "bad") }
            if number == 4 { throw OutputError(file: "y", problem: "full") }
            return number == 1 ? .different : .done
        }
        #expect(tried == [0, 4, 3, 1])
        #expect(status == .couldNotWrite)
        let messages = try text(folder + "/err")
        #expect(messages == "ferry: y: full\nferry: x: bad\n")
    }
}

@Test(arguments: [
    ("", "", 0), ("abc", "", 3), ("", "ab", 2), ("convert", "covnert", 1),
    ("kitten", "sitting", 3), ("ca", "abc", 3),
])
func `edit distance counts swaps of neighbours as one`(a: String, b: String, distance: Int) {
    #expect(editDistance(a, b) == distance)
    #expect(editDistance(b, a) == distance)
}

@Test func `numbers read the same everywhere`() {
    #expect(Numbers.grouped(61_100_840) == "61,100,840")
    #expect([0, 999, 1000, -1234].map(Numbers.grouped) == ["0", "999", "1,000", "-1,234"])
    #expect(Numbers.grouped(.min) == "-9,223,372,036,854,775,808")
    #expect([0, 1, 1023].map(Numbers.bytes) == ["0 bytes", "1 byte", "1023 bytes"])
    #expect(Numbers.bytes(1024) == "1.0 KiB")
    #expect(Numbers.bytes(1_048_575) == "1.0 MiB")
    #expect(Numbers.bytes(244_403_360) == "233.1 MiB")
    #expect(Numbers.bytes(.max) == "8.0 EiB")
    #expect(Numbers.milliseconds(0.0123) == "0.012 ms")
    #expect(Numbers.milliseconds(9.414) == "9.41 ms")
    #expect(Numbers.milliseconds(47.06) == "47.1 ms")
    #expect(Numbers.milliseconds(2345.4) == "2,345 ms")
    #expect(Numbers.milliseconds(.seconds(1)) == "1,000 ms")
    #expect(Numbers.milliseconds(.nan) == "nan ms")
}
