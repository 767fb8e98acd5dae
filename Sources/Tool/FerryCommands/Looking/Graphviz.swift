import Foundation

/// Graphviz' program `dot`, which lays graphs out: the one other program that Ferry runs.
///
/// It is started without a shell, reads from a pipe and answers into one, and is ended when it
/// takes too long or says too much.
package enum Graphviz {
    /// Why there is no drawing.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case missing
        case silent(String)
        case slow(seconds: Int)
        case verbose(limit: Int)

        package var description: String {
            switch self {
            case .missing:
                "expected Graphviz' program 'dot' on the PATH, found none; install it (Debian, "
                    + "Ubuntu: apt install graphviz; macOS: brew install graphviz), or write "
                    + "--dot FILE"
            case .silent(let reason): "expected a drawing from Graphviz, found \(reason)"
            case .slow(let seconds):
                "expected a drawing from Graphviz within \(seconds) s, found none; write --dot FILE"
            case .verbose(let limit):
                "expected at most \(Numbers.bytes(limit)) from Graphviz, found more"
            }
        }
    }

    /// The program's path; folders of the PATH that depend on where one stands do not count.
    package static func program(
        path: String? = ProcessInfo.processInfo.environment["PATH"]
    ) throws(Failure) -> String {
        let folders = (path ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
        let places = folders.map { "\($0)/dot" }
        let found = places.first { place in
            var status = stat()
            return unsafe stat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && access(place, X_OK) == 0
        }
        guard let found else { throw .missing }
        return found
    }

    /// The drawing of a graph, as SVG.
    ///
    /// - Parameters:
    ///   - text: the graph in Graphviz' language.
    ///   - program: see `program(path:)`.
    package static func svg(
        of text: String, by program: String, seconds: Int = 60, limit: Int = 64 << 20
    ) throws(Failure) -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-Tsvg"]
        // HOME is where fonts are cached. Variables that load parts of Graphviz are not handed on.
        let environment = ProcessInfo.processInfo.environment
        process.environment = environment.filter { ["PATH", "HOME", "TMPDIR"].contains($0.key) }
            .merging(["LC_ALL": "C.UTF-8"]) { $1 }
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw .silent("a program that cannot be started")
        }
        var talk = Conversation(
            input: input.fileHandleForWriting, output: output.fileHandleForReading,
            errors: errors.fileHandleForReading, question: Array(text.utf8), limit: limit)
        let failure = talk.finish(within: seconds)
        if failure != nil { kill(process.processIdentifier, SIGKILL) }
        ended.wait()
        if let failure { throw failure }
        let status = process.terminationStatus
        guard process.terminationReason == .exit, status == 0 else {
            let words = String(decoding: talk.complaints.prefix(200), as: UTF8.self)
            throw .silent(words.isEmpty ? "exit status \(status)" : "'\(words)'")
        }
        guard talk.answer.starts(with: Array("<?xml".utf8)) else { throw .silent("no SVG") }
        return talk.answer
    }
}

/// What is said to a program and heard from it, all at once, so that neither waits for the other.
private struct Conversation {
    let input: FileHandle
    let output: FileHandle
    let errors: FileHandle
    let question: [UInt8]
    let limit: Int
    private(set) var answer: [UInt8] = []
    private(set) var complaints: [UInt8] = []
    private var saidCount = 0

    init(
        input: FileHandle, output: FileHandle, errors: FileHandle, question: [UInt8], limit: Int
    ) {
        self.input = input
        self.output = output
        self.errors = errors
        self.question = question
        self.limit = limit
    }

    /// Goes on until the program has closed its outputs.
    mutating func finish(within seconds: Int) -> Graphviz.Failure? {
        let deadline = Date(timeIntervalSinceNow: Double(seconds))
        var descriptors = [input, output, errors].map(\.fileDescriptor)
        _ = fcntl(descriptors[0], F_SETFL, O_NONBLOCK)
        defer { if descriptors[0] >= 0 { try? input.close() } }
        while descriptors[1] >= 0 || descriptors[2] >= 0 {
            let left = deadline.timeIntervalSinceNow
            guard left > 0 else { return .slow(seconds: seconds) }
            var requests = descriptors.enumerated().map { index, descriptor in
                pollfd(
                    fd: descriptor, events: Int16(index == 0 ? POLLOUT : POLLIN), revents: 0)
            }
            let ready = unsafe poll(
                &requests, nfds_t(requests.count), Int32(min(left, 1) * 1000) + 1)
            if ready <= 0 { continue }
            if requests[0].revents != 0, !say(to: descriptors[0]) {
                try? input.close()
                descriptors[0] = -1
            }
            for index in 1...2 where requests[index].revents != 0 {
                if !hear(from: descriptors[index], into: index) { descriptors[index] = -1 }
            }
            if answer.count > limit { return .verbose(limit: limit) }
        }
        return nil
    }

    /// - Returns: whether there is more to say, and someone who listens.
    private mutating func say(to descriptor: Int32) -> Bool {
        let count = unsafe question[saidCount...].withUnsafeBytes { bytes in
            unsafe write(descriptor, bytes.baseAddress, bytes.count)
        }
        if count < 0 { return errno == EINTR || errno == EAGAIN }
        saidCount += count
        return saidCount < question.count
    }

    /// - Returns: whether there may be more to hear.
    private mutating func hear(from descriptor: Int32, into index: Int) -> Bool {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe piece.withUnsafeMutableBytes { bytes in
            unsafe read(descriptor, bytes.baseAddress, bytes.count)
        }
        if count < 0 { return errno == EINTR }
        guard count > 0 else { return false }
        if index == 1 {
            answer += piece.prefix(count)
        } else if complaints.count < 1 << 16 {
            complaints += piece.prefix(count)
        }
        return true
    }
}
