import FerryCommands
import Foundation
import TestSupport
import Testing

/// The two ends of a terminal of its own: what a program writes to, and where a person reads it.
private func terminal() throws -> (program: Int32, person: Int32) {
    let person = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(person >= 0)
    #if os(Linux)
        // unlockpt and ptsname, which Glibc's module does not declare.
        var (lock, number): (Int32, Int32) = (0, 0)
        try #require(unsafe ioctl(person, 0x4004_5431, &lock) == 0)
        try #require(unsafe ioctl(person, 0x8004_5430, &number) == 0)
        let program = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    #else
        try #require(grantpt(person) == 0)
        try #require(unlockpt(person) == 0)
        let name = try #require(unsafe ptsname(person))
        let program = unsafe open(name, O_RDWR | O_NOCTTY)
    #endif
    try #require(program >= 0)
    return (program, person)
}

private func shown(_ person: Int32) -> String {
    // A terminal passes on what it is given a little later.
    usleep(200_000)
    var bytes = [UInt8](repeating: 0, count: 4096)
    _ = fcntl(person, F_SETFL, O_NONBLOCK)
    let count = unsafe read(person, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
}

@Test func `a terminal is told what takes longer than a second, until it is done`() throws {
    let (program, person) = try terminal()
    defer {
        close(program)
        close(person)
    }
    let console = Console(output: program, errors: program, environment: [:])
    let activity = console.activity("reading a\nb")
    #expect(shown(person).isEmpty)
    activity.enter("writing c.h5")
    usleep(1_600_000)
    activity.finish()
    let text = shown(person)
    #expect(text.contains("\r\u{1B}[Kwriting c.h5 … 1 s"), "\(text)")
    #expect(text.hasSuffix("\r\u{1B}[K"))
    usleep(300_000)
    #expect(shown(person).isEmpty)
}

@Test func `a short activity and one without a terminal show nothing`() throws {
    let (program, person) = try terminal()
    defer {
        close(program)
        close(person)
    }
    Console(output: program, errors: program, environment: [:]).activity("short").finish()
    let folder = try TemporaryFolder()
    try folder.write([], as: "errors")
    let file = unsafe open(folder.path("errors"), O_WRONLY)
    defer { close(file) }
    let activity = Console(output: file, errors: file, environment: [:]).activity("long")
    usleep(1_300_000)
    activity.finish()
    #expect(shown(person).isEmpty)
    #expect(try folder.bytes("errors").isEmpty)
}
