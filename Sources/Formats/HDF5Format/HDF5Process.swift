import FormatInterface
import Foundation

/// libhdf5 in a process of its own: release 1.10 crashes on about one damaged file in a hundred.
///
/// Questions are asked by forking, answers come back as values.
struct HDF5Process: ~Copyable {
    private let file: InputFile
    private let work: ForkedWork

    /// Lets `body` read the file in another process.
    ///
    /// - Parameters:
    ///   - seconds: processor time for it, beyond what any sound file needs.
    ///   - bytes: memory for the elements it reads.
    init(
        _ file: InputFile, seconds: Int = 5, bytes: Int = 0, _ body: (Answers) throws -> Void
    ) throws(InputError) {
        let memory = (1 << 30).addingReportingOverflow(bytes).partialValue
        // Inside the lock, so that no other thread is halfway through a call that the copy would
        // find unfinished.
        let work = HDF5Library.locked {
            ForkedWork(seconds: seconds, bytes: memory) { descriptor in
                try? body(Answers(descriptor: descriptor))
            }
        }
        guard let work else {
            throw InputError(
                file: file.path, format: HDF5File.format,
                expected: "room for a process to read in", found: lastSystemError())
        }
        self.file = file
        self.work = work
    }

    /// Where the other process answers.
    struct Answers {
        fileprivate let descriptor: Int32

        /// Answers with what `body` returns, or with the error it throws.
        func send<Value: Codable>(
            _ body: () throws(InputError) -> Value
        ) throws {
            let reply: Reply<Value>
            do {
                reply = .value(try body())
            } catch {
                reply = .refusal(place: error.place, problem: error.problem)
            }
            let encoder = JSONEncoder()
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            let bytes = try encoder.encode(reply)
            let length = unsafe withUnsafeBytes(of: UInt64(bytes.count)) { unsafe Array($0) }
            send(length)
            send(Array(bytes))
        }

        /// Answers with bytes whose number the reader knows.
        func send(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { bytes in
                _ = unsafe writeAll(bytes, to: descriptor)
            }
        }

        func send(_ bytes: UnsafeRawBufferPointer) {
            _ = unsafe writeAll(bytes, to: descriptor)
        }
    }

    private enum Reply<Value: Codable>: Codable {
        case value(Value)
        case refusal(place: String, problem: String)
    }

    /// The next answer; nil when there is none.
    ///
    /// - Throws: the error that was the answer.
    func next<Value: Codable>(_: Value.Type) throws(InputError) -> Value? {
        var length = UInt64(0)
        let hasLength = unsafe withUnsafeMutableBytes(of: &length) { buffer in
            unsafe work.read(into: buffer)
        }
        guard hasLength, let count = Int(exactly: length), count <= 1 << 30 else { return nil }
        var bytes = Data(count: count)
        let hasBytes = unsafe bytes.withUnsafeMutableBytes { unsafe work.read(into: $0) }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard hasBytes, let reply = try? decoder.decode(Reply<Value>.self, from: bytes) else {
            return nil
        }
        switch reply {
        case .value(let value): return value
        case .refusal(let place, let problem):
            throw InputError(
                file: file.path, format: HDF5File.format, place: place, problem: problem)
        }
    }

    /// Fills `buffer` with bytes that were the answer; false when there are not enough.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe work.read(into: buffer)
    }

    /// The error for an answer that did not come.
    consuming func failure() -> InputError {
        let path = file.path
        return InputError(
            file: path, format: HDF5File.format, expected: "undamaged HDF5",
            found: work.causeOfSilence())
    }
}
