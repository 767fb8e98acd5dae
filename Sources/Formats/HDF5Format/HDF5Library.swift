import CHDF5
import Synchronization

/// The one door to libhdf5, which keeps global state and allows one caller at a time.
package enum HDF5Library {
    private static let isReady = Mutex(false)

    /// Calls `body` while no other thread is inside libhdf5. Not reentrant.
    package static func locked<Result: ~Copyable & Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try isReady.withLock { (isReady: inout Bool) throws(Failure) -> Result in
            if !isReady {
                // After a failed close the library's own clean-up at exit loops and prints.
                H5dont_atexit()
                H5open()
                // No filter plug-ins from HDF5_PLUGIN_PATH.
                H5PLset_loading_state(0)
                isReady = true
            }
            // Thread-safe builds keep one error stack, and this setting, for every thread.
            H5Eset_auto2(hid_t(0), nil, nil)
            return try body()
        }
    }

    /// What the failure at the bottom of the last failed call's error stack was.
    static func innermostError() -> String {
        var message = ""
        unsafe withUnsafeMutablePointer(to: &message) { message in
            _ = unsafe H5Ewalk2(
                hid_t(0), H5E_WALK_UPWARD,
                { _, entry, context in
                    if let text = unsafe entry?.pointee.desc {
                        let message = unsafe context?.assumingMemoryBound(to: String.self)
                        unsafe message?.pointee = String(cString: text)
                    }
                    return 1
                }, message)
        }
        return message.isEmpty ? "unknown error" : systemMessage(in: message) ?? message
    }

    /// The system's own words in a message such as "…, error message = 'No space left', buf = …".
    private static func systemMessage(in message: String) -> String? {
        guard let start = message.firstRange(of: "error message = '"),
            let end = message[start.upperBound...].firstIndex(of: "'")
        else { return nil }
        return message[start.upperBound..<end].lowercased()
    }
}

/// A libhdf5 identifier of any kind, released when its owner goes.
struct HDF5Handle: ~Copyable {
    let id: hid_t

    /// Takes over an identifier that a call returned; nil when the call failed.
    init?(_ id: hid_t) {
        guard id >= 0 else { return nil }
        self.id = id
    }

    /// Releases the identifier and tells whether that went well: closing a file writes it out.
    consuming func close() -> Bool {
        let status = H5Idec_ref(id)
        discard self
        return status >= 0
    }

    deinit { H5Idec_ref(id) }
}
