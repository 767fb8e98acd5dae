import Foundation
import TestSupport
import Testing

/// What a finished `ferry` left behind.
struct ProcessOutcome: Sendable {
    /// The exit status, or minus the signal that ended the process.
    let status: Int32
    let output: String
    let errors: String
    let seconds: Double

    var errorLines: [Substring] { errors.split(separator: "\n") }

    func json() throws -> Any {
        try JSONSerialization.jsonObject(with: Data(output.utf8))
    }
}

/// The built program, in a process of its own.
struct Ferry: Sendable {
    /// Beside the tests' own product, wherever that was built.
    private static let program: String = {
        let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
        let places =
            [URL(fileURLWithPath: CommandLine.arguments[0])] + bundles
            + [Fixtures.root.appending(path: ".build/release/tests")]
        let candidates = places.map {
            $0.deletingLastPathComponent().appending(path: "ferry").path
        }
        return candidates.first(where: FileManager.default.isExecutableFile) ?? "ferry"
    }()

    /// Address space, which bounds resident memory: hostile files may have 1 GiB. Nil for no limit.
    var memoryKiB: Int? = 1 << 20
    /// Further shell commands before the program takes the shell's place.
    var prelude = ""
    /// How the shell starts the program; redirections go here.
    var start = #"exec "$0" "$@""#
    var environment: [String: String] = [:]
    /// Where the process runs and leaves its two streams.
    let folder: TemporaryFolder

    init(in folder: TemporaryFolder) {
        self.folder = folder
    }

    /// A program that runs, and the number of its process.
    struct Running {
        fileprivate let process: Process
        fileprivate let ended: DispatchSemaphore
        fileprivate let streams: String
        fileprivate let begin: ContinuousClock.Instant

        var identifier: pid_t { process.processIdentifier }

        func finish(within seconds: Double = 60) throws -> ProcessOutcome {
            defer { try? FileManager.default.removeItem(atPath: streams) }
            if ended.wait(timeout: .now() + seconds) == .timedOut {
                kill(identifier, SIGKILL)
                ended.wait()
                Issue.record("ferry took more than \(seconds) s: \(process.arguments ?? [])")
            }
            let status = process.terminationStatus
            return ProcessOutcome(
                status: process.terminationReason == .exit ? status : -status,
                output: try text(streams + "/output"), errors: try text(streams + "/errors"),
                seconds: (ContinuousClock.now - begin) / .seconds(1))
        }
    }

    func begin(_ arguments: [String]) throws -> Running {
        // The streams' own folder, so that tests may count the files of the other.
        let streams = try TemporaryFolder.lasting()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        var script = prelude
        #if os(Linux)
            if let memoryKiB { script += "ulimit -v \(memoryKiB); " }
        #endif
        process.arguments = ["-c", script + start, Self.program] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try handle(streams + "/output")
        process.standardError = try handle(streams + "/errors")
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        let begin = ContinuousClock.now
        try unblockingSignals { try process.run() }
        return Running(process: process, ended: ended, streams: streams, begin: begin)
    }

    func callAsFunction(_ arguments: String...) throws -> ProcessOutcome {
        try run(arguments)
    }

    func run(_ arguments: [String], within seconds: Double = 60) throws -> ProcessOutcome {
        try begin(arguments).finish(within: seconds)
    }

    private func handle(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}

/// Runs `body` with no signal blocked: processes inherit what the thread that starts them blocks, and
/// the tests' threads block most.
private func unblockingSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var old = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &old)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
    try body()
}

private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
}

extension TemporaryFolder {
    /// The path of a new folder that stays until it is removed.
    fileprivate static func lasting() throws -> String {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "ferry-streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path
    }

    /// Every name in the folder, hidden ones too.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}

/// Requires the one line, the status, silence on standard output, and an end within ten seconds.
func expectRefusal(
    _ outcome: ProcessOutcome, _ status: Int32, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let told: Comment = "\(outcome.status): \(outcome.errors)"
    #expect(outcome.status == status, told, sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, told, sourceLocation: sourceLocation)
    #expect(outcome.errors.hasPrefix("ferry: "), told, sourceLocation: sourceLocation)
    #expect(outcome.errors.hasSuffix("\n"), told, sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, told, sourceLocation: sourceLocation)
    #expect(outcome.seconds < 10, sourceLocation: sourceLocation)
    for word in words where !word.isEmpty {
        #expect(outcome.errors.contains(word), told, sourceLocation: sourceLocation)
    }
}

/// Requires success and nothing on standard error but notes.
func expectSuccess(
    _ outcome: ProcessOutcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    let told: Comment = "\(outcome.status): \(outcome.errors)\(outcome.output)"
    #expect(outcome.status == 0, told, sourceLocation: sourceLocation)
    #expect(
        outcome.errorLines.allSatisfy {
            $0.hasPrefix("ferry: note: ") || $0.hasPrefix("ferry: preprocess: ")
        }, told, sourceLocation: sourceLocation)
    for word in words where !word.isEmpty {
        #expect(outcome.output.contains(word), told, sourceLocation: sourceLocation)
    }
}
