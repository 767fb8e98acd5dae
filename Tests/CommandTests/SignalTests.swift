import FerryCommands
import FormatInterface
import Foundation
import Testing

/// Where the process of an exit test, a child of the test's, writes.
private func folder(of process: pid_t, _ name: String) -> String {
    FileManager.default.temporaryDirectory.appending(path: "ferry-\(name)-\(process)").path
}

/// Signals the process, as the test's own thread may block signals, and waits for what it does.
private func send(_ signal: Int32) {
    kill(getpid(), signal)
    usleep(300_000)
}

private func interruptWriting(_ signal: Int32, in folder: String) throws {
    Signals.install()
    try OutputFile.write(to: folder + "/x.bin", replacing: false) { file in
        try file.write([1, 2, 3])
        send(signal)
    }
}

@Test func `interrupting a write leaves no file behind and exits with 130`() async throws {
    let path = folder(of: getpid(), "int")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    await #expect(processExitsWith: .exitCode(130)) {
        try interruptWriting(SIGINT, in: folder(of: getppid(), "int"))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(names.isEmpty)
}

@Test func `terminating a write leaves no file behind and exits with 143`() async throws {
    let path = folder(of: getpid(), "term")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    await #expect(processExitsWith: .exitCode(143)) {
        try interruptWriting(SIGTERM, in: folder(of: getppid(), "term"))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(names.isEmpty)
}

@Test func `hanging up exits with 129 unless the parent ignores it`() async {
    await #expect(processExitsWith: .exitCode(129)) {
        signal(SIGHUP, SIG_DFL)
        Signals.install()
        send(SIGHUP)
    }
    await #expect(processExitsWith: .success) {
        signal(SIGHUP, SIG_IGN)
        Signals.install()
        send(SIGHUP)
    }
}

@Test func `an input file cut short while it is read is one line and exit 3`() async {
    let result = await #expect(
        processExitsWith: .exitCode(3), observing: [\.standardErrorContent]
    ) {
        Signals.install()
        let path = folder(of: getpid(), "bus")
        try Data(count: 1 << 20).write(to: URL(filePath: path))
        let file = try InputFile(path: path)
        unsafe truncate(path, 0)
        unsafe unlink(path)
        _ = file.bytes(at: 1 << 19, count: 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("ferry: an input file was cut short by another process"))
}

@Test func `a write beyond the file size limit is an error and not a signal`() async {
    await #expect(processExitsWith: .success) {
        Signals.install()
        var limit = rlimit(rlim_cur: 10, rlim_max: 10)
        let path = folder(of: getpid(), "size")
        #if os(Linux)
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #else
            unsafe setrlimit(RLIMIT_FSIZE, &limit)
        #endif
        defer { unsafe _ = unlink(path) }
        #expect(throws: OutputError.self) {
            try OutputFile.write(to: path, replacing: false) { file in
                try file.write([UInt8](repeating: 1, count: 100))
            }
        }
    }
}
