import CHDF5
import Foundation

/// Work in a forked copy of this process, which may crash, loop or run out of memory without harm.
///
/// The copy answers through a pipe. It can write no files, has bounded processor time and memory,
/// prints nothing, and dies with its owner.
struct ForkedWork: ~Copyable, Sendable {
    private let process: pid_t
    private let answers: Int32
    private let deadline: Date

    /// Starts `work` in the copy and hands it the descriptor to answer to; nil when the system has
    /// no room for another process.
    ///
    /// - Parameters:
    ///   - seconds: processor time the copy may use.
    ///   - bytes: memory it may use beside what this process has.
    ///   - patience: seconds to wait for all its answers.
    init?(seconds: Int, bytes: Int, patience: Int, _ work: (Int32) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let memory = addressSpace().map { $0.addingClamped(bytes) }
        let process = ferry_fork()
        if process == 0 {
            close(ends[0])
            Self.limit(seconds: seconds, addressSpace: memory)
            work(ends[1])
            _exit(0)
        }
        close(ends[1])
        guard process > 0 else {
            close(ends[0])
            return nil
        }
        self.process = process
        answers = ends[0]
        deadline = Date(timeIntervalSinceNow: Double(patience))
    }

    deinit {
        kill(process, SIGKILL)
        _ = waitpid(process, nil, 0)
        close(answers)
    }

    private static func limit(seconds: Int, addressSpace: Int?) {
        for signal in [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGXCPU, SIGPIPE] {
            _ = Foundation.signal(signal, SIG_DFL)
        }
        set(RLIMIT_CORE, 0)
        set(RLIMIT_FSIZE, 0)
        // One second between the signal that tells the cause and the one that always ends it.
        set(RLIMIT_CPU, seconds, hard: seconds + 1)
        if let addressSpace { set(RLIMIT_AS, addressSpace) }
        // A failed allocator prints before it gives up.
        let nowhere = unsafe open("/dev/null", O_WRONLY)
        if nowhere >= 0 { dup2(nowhere, STDERR_FILENO) }
    }

    /// Fills `buffer` with the copy's answers; false when it died or its time ran out before.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let left = deadline.timeIntervalSinceNow
            var request = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
            guard left > 0 else { return false }
            let ready = unsafe poll(&request, 1, Int32(min(left, 1000) * 1000) + 1)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = unsafe Foundation.read(answers, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            filled += count
        }
        return true
    }

    /// Whether its time is over.
    var isLate: Bool { deadline.timeIntervalSinceNow <= 0 }

    /// Whether it has died of using all its processor time.
    var hasUsedItsTime: Bool {
        // Its end of the pipe closes a little before it is dead.
        usleep(10_000)
        var end = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(process), &end, WEXITED | WNOWAIT | WNOHANG) == 0 else {
            return false
        }
        // Nothing ends it with a status of its own but 0.
        #if os(Linux)
            return unsafe end._sifields._sigchld.si_status == SIGXCPU
        #else
            return unsafe end.si_status == SIGXCPU
        #endif
    }

    /// Ends the copy, and says in words why it gave no answer.
    consuming func causeOfSilence() -> String {
        let isLate = isLate
        if isLate { kill(process, SIGKILL) }
        var status: Int32 = 0
        unsafe _ = waitpid(process, &status, 0)
        close(answers)
        discard self
        let signal = status & 0x7F
        return switch signal {
        case _ where isLate: "damage that libhdf5 hangs on"
        case SIGXCPU: "damage that keeps libhdf5 busy without end"
        case 0: "damage that libhdf5 gives up on"
        default: "damage that crashes libhdf5 (signal \(signal))"
        }
    }
}

/// Writes bytes to a descriptor; false when the reader is gone.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
        let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = unsafe write(descriptor, piece.baseAddress, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
    }
    return true
}

#if os(Linux)
    private func set(_ resource: __rlimit_resource, _ value: Int, hard: Int? = nil) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(hard ?? value))
        unsafe _ = setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
#else
    private func set(_ resource: Int32, _ value: Int, hard: Int? = nil) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(hard ?? value))
        unsafe _ = setrlimit(resource, &limit)
    }
#endif

/// Bytes of address space this process has, where the system tells.
private func addressSpace() -> Int? {
    let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii)
    return text?.split(separator: " ").first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
}

extension Int {
    /// The sum, or the largest number when it overflows.
    fileprivate func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
