import FormatInterface

/// libhdf5 in a process of its own: release 1.10 crashes on about one damaged file in a hundred.
///
/// Questions are asked by forking, answers come back as values.
struct HDF5Process: ~Copyable {
    private let path: String
    private let work: ForkedWork

    /// Lets `body` read the file in another process, and `receive` its answers in this one.
    ///
    /// - Parameters:
    ///   - seconds: processor time for it, beyond what any sound file needs.
    ///   - bytes: memory for the elements it reads.
    ///   - receive: returns nil when an answer is missing.
    /// - Throws: `InputError` when the process died, or what `receive` throws.
    static func ask<Value>(
        _ file: HDF5Source, seconds: Int, bytes: Int = 0,
        _ body: (Answers) throws(InputError) -> Void,
        receive: (borrowing HDF5Process) throws(InputError) -> Value?
    ) throws(InputError) -> Value {
        // A copy can find a lock taken that no thread of its own will release, and sleep or spin
        // before it. That is rare, and the next copy need not.
        let patience = [seconds + 2, 2 * seconds + 5, 60 + 4 * seconds]
        for wait in patience {
            let process = try HDF5Process(file, seconds, bytes, wait, body)
            if let value = try receive(process) { return value }
            let mayBeLocked =
                process.work.isLate || wait == patience.first && process.work.hasUsedItsTime
            if !mayBeLocked || wait == patience.last { throw process.failure() }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private init(
        _ file: HDF5Source, _ seconds: Int, _ bytes: Int, _ patience: Int,
        _ body: (Answers) throws(InputError) -> Void
    ) throws(InputError) {
        let memory = (1 << 30).addingReportingOverflow(bytes).partialValue
        // Inside the lock, so that no other thread is halfway through a call that the copy would
        // find unfinished.
        let work = HDF5Library.locked {
            ForkedWork(seconds: seconds, bytes: memory, patience: patience) { descriptor in
                let answers = Answers(descriptor: descriptor)
                do throws(InputError) {
                    try body(answers)
                } catch {
                    answers.send(refusal: error)
                }
            }
        }
        guard let work else {
            throw InputError(
                file: file.path, format: HDF5File.format,
                expected: "room for a process to read in", found: lastSystemError())
        }
        path = file.path
        self.work = work
    }

    /// Where the other process answers; an error that its work throws is its last answer.
    struct Answers {
        fileprivate let descriptor: Int32

        func send(_ value: some HDF5Message) {
            var bytes: [UInt8] = [1]
            value.encode(into: &bytes)
            sendCounted(bytes)
        }

        fileprivate func send(refusal error: InputError) {
            var bytes: [UInt8] = [0]
            bytes.append(text: error.place)
            bytes.append(text: error.problem)
            sendCounted(bytes)
        }

        private func sendCounted(_ bytes: [UInt8]) {
            var length: [UInt8] = []
            length.append(integer: bytes.count)
            unsafe length.withUnsafeBytes { unsafe send($0) }
            unsafe bytes.withUnsafeBytes { unsafe send($0) }
        }

        /// Answers with bytes whose number the reader knows.
        func send(_ bytes: UnsafeRawBufferPointer) {
            _ = unsafe writeAll(bytes, to: descriptor)
        }
    }

    /// The next answer; nil when there is none.
    ///
    /// - Throws: the error that was the answer.
    func next<Value: HDF5Message>(_: Value.Type) throws(InputError) -> Value? {
        guard let length = receive(8) else { return nil }
        var lengthReader = HDF5MessageReader(length)
        guard let count = try? lengthReader.integer(), (1...1 << 30).contains(count),
            let bytes = receive(count)
        else { return nil }
        var reader = HDF5MessageReader(Array(bytes.dropFirst()))
        if bytes[0] == 1 { return try? Value(from: &reader) }
        guard let place = try? reader.text(), let problem = try? reader.text() else { return nil }
        throw InputError(
            file: path, format: HDF5File.format, place: place, problem: problem)
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let isComplete = unsafe bytes.withUnsafeMutableBytes { unsafe work.read(into: $0) }
        return isComplete ? bytes : nil
    }

    /// Fills `buffer` with bytes that were the answer; false when there are not enough.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe work.read(into: buffer)
    }

    /// The error for an answer that did not come.
    private consuming func failure() -> InputError {
        let path = path
        return InputError(
            file: path, format: HDF5File.format, expected: "undamaged HDF5",
            found: work.causeOfSilence())
    }
}
