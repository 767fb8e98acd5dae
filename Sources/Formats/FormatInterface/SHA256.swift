import CCrypto

/// The SHA-256 digest of bytes that come piece by piece, by OpenSSL's libcrypto.
@safe
package final class SHA256 {
    private let context: OpaquePointer

    package struct OutOfMemory: Error {}

    package init() throws(OutOfMemory) {
        guard let context = unsafe ferry_sha256_start() else { throw OutOfMemory() }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: RawSpan) {
        let status = unsafe bytes.withUnsafeBytes {
            unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        precondition(status == 1, "a digest that was started takes bytes")
    }

    /// The digest of everything so far, in hexadecimal.
    package func hexadecimal() throws(OutOfMemory) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let status = unsafe digest.withUnsafeMutableBufferPointer {
            unsafe ferry_sha256_digest(context, $0.baseAddress)
        }
        guard status == 1 else { throw OutOfMemory() }
        return digest.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }
}
