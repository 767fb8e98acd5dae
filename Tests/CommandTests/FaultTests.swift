import Foundation
import TestSupport
import Testing

/// AlexNet at full width: 233 MiB, long enough to write for a signal to arrive in between.
private let large = "alexnet"

/// A folder with a large file to convert and an old destination.
private func prepared() throws -> (TemporaryFolder, Ferry) {
    let folder = try TemporaryFolder()
    var ferry = Ferry(in: folder)
    ferry.memoryKiB = nil
    expectSuccess(try ferry("init", large, "-o", "src.onnx"))
    try folder.write([1, 2, 3], as: "dst.h5")
    return (folder, ferry)
}

private let convert = ["convert", "src.onnx", "dst.h5", "--to", "hdf5", "--force"]

@Test(arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129), (SIGKILL, -9)] as [(Int32, Int32)])
func `a conversion cut off by a signal leaves the old file or the new one`(
    signal: Int32, status: Int32
) throws {
    let (folder, ferry) = try prepared()
    let whole = try ferry.run(convert)
    expectSuccess(whole)
    let new = try folder.bytes("dst.h5")
    var interrupted = 0
    for step in 0..<8 {
        try folder.write([1, 2, 3], as: "dst.h5")
        let running = try ferry.begin(convert)
        usleep(UInt32(1e6 * whole.seconds * Double(step) / 8 + 10_000))
        kill(running.identifier, signal)
        let outcome = try running.finish()
        // Before Ferry is ready for it, a signal ends the process as it would any other.
        #expect([0, status, -signal].contains(outcome.status), "\(outcome.errors)")
        if outcome.status == status { interrupted += 1 }
        let bytes = try folder.bytes("dst.h5")
        #expect(bytes == new || (bytes == [1, 2, 3] && outcome.status != 0))
        let parts = try folder.names().filter { $0.hasSuffix(".part") }
        if signal == SIGKILL {
            for part in parts { try FileManager.default.removeItem(atPath: folder.path(part)) }
        } else {
            #expect(parts.isEmpty)
        }
    }
    #expect(interrupted > 0)
}

@Test(arguments: ["onnx", "hdf5", "keras-weights-h5"])
func `a full disk is exit 4 and leaves the destination alone`(format: String) throws {
    let folder = try TemporaryFolder()
    let small = folder.path("small")
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: false)
    var ferry = Ferry(in: folder)
    // A disk of 128 KiB where the system lets us have one, else a limit of that size on files.
    if isMounted(small) {
        defer { unmount(small) }
        try expectFull(ferry, format, in: small)
    } else {
        ferry.prelude = "ulimit -f 256; "
        try expectFull(ferry, format, in: small)
    }
}

private func expectFull(_ ferry: Ferry, _ format: String, in small: String) throws {
    let old = URL(filePath: small + "/dst")
    try Data([1, 2, 3]).write(to: old)
    for words in [
        ["convert", model("lenet5.onnx"), "small/dst", "--to", format, "--force"],
        ["init", "lenet5", "-o", "small/dst", "--to", format, "--force"],
        ["init", "lenet5", "-o", "small/new", "--to", format],
    ] {
        expectRefusal(try ferry.run(words), 4, "small/")
    }
    #expect(try Data(contentsOf: old) == Data([1, 2, 3]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: small) == ["dst"])
}

private func isMounted(_ path: String) -> Bool {
    #if os(Linux)
        unsafe mount("tmpfs", path, "tmpfs", 0, "size=128k") == 0
    #else
        false
    #endif
}

private func unmount(_ path: String) {
    #if os(Linux)
        _ = unsafe umount(path)
    #endif
}

@Test func `a file size limit is exit 4 and no signal`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], as: "dst.onnx")
    var ferry = Ferry(in: folder)
    ferry.prelude = "ulimit -f 100; "
    expectRefusal(
        try ferry("convert", model("lenet5.onnx"), "dst.onnx", "--force"), 4,
        "dst.onnx: could not write: file too large")
    #expect(try folder.bytes("dst.onnx") == [1, 2, 3])
    #expect(try folder.names() == ["dst.onnx"])
}

@Test(arguments: [["inspect"], ["run"], ["bench", "--runs", "1"]])
func `a closed standard output is exit 4`(command: [String]) throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.start = #"exec "$0" "$@" >&-"#
    let pictures = command == ["run"] ? [digit("718_1")] : []
    let outcome = try ferry.run(command + [model("lenet5.onnx")] + pictures)
    #expect(outcome.status == 4)
    #expect(
        outcome.errorLines.last?.hasPrefix("ferry: standard output: could not write: ") ?? false)
}

#if os(Linux)
    @Test func `a full disk under standard output is exit 4`() throws {
        var ferry = Ferry(in: try TemporaryFolder())
        ferry.start = #"exec "$0" "$@" >/dev/full"#
        expectRefusal(
            try ferry("inspect", model("lenet5.onnx")), 4,
            "standard output: could not write: no space left on device")
    }
#endif

@Test func `a reader that went away is no error`() throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.start = #"("$0" "$@"; echo $? >status) | true"#
    let outcome = try ferry("inspect", model("vgg16_bn_narrow.onnx"))
    #expect(outcome.errors.isEmpty)
    #expect(try ferry.folder.bytes("status") == Array("0\n".utf8))
}

@Test func `closed input and errors change nothing`() throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.start = #"exec "$0" "$@" <&- 2>&-"#
    expectSuccess(try ferry("inspect", model("lenet5.onnx")), "lenet5")
    expectSuccess(try ferry("convert", model("lenet5.onnx"), "x.h5", "--to", "hdf5"), "bit-equal")
    #expect(try ferry("inspect", "missing.onnx").status == 3)
}

@Test(arguments: ["C", "tr_TR.UTF-8", "de_DE.UTF-8", "nonsense"])
func `the language of the system changes nothing`(locale: String) throws {
    let folder = try TemporaryFolder()
    var ferry = Ferry(in: folder)
    let plain = try ferry("inspect", model("lenet5.onnx"), "--json")
    ferry.environment = ["LC_ALL": locale, "LANG": locale]
    #expect(try ferry("inspect", model("lenet5.onnx"), "--json").output == plain.output)
}

@Test func `few descriptors and no home are enough`() throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.prelude = "unset HOME TMPDIR; ulimit -n 16; "
    expectSuccess(
        try ferry("convert", model("lenet5.onnx"), "x.h5", "--to", "hdf5"), "bit-equal")
    expectSuccess(try ferry("verify", "x.h5", model("lenet5.onnx")), "equal to the last bit")
}

@Test func `two conversions to one destination leave one whole file`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let words = ["convert", model("lenet5.onnx"), "dst.h5", "--to", "hdf5"]
    for force in [["--force"], []] {
        try? FileManager.default.removeItem(atPath: folder.path("dst.h5"))
        let running = try (0..<4).map { _ in try ferry.begin(words + force) }
        let outcomes = try running.map { try $0.finish() }
        let done = outcomes.count { $0.status == 0 }
        #expect(force.isEmpty ? done == 1 : done == 4)
        #expect(outcomes.allSatisfy { [0, 2, 4].contains($0.status) })
        expectSuccess(try ferry("verify", "dst.h5", model("lenet5.onnx")), "equal to the last bit")
        #expect(try folder.names() == ["dst.h5"])
    }
}
