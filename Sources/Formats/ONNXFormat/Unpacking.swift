import COnnx
import CProtobuf
import Foundation

/// Unpacks wire bytes with libprotobuf-c and hands the message to `body`, which must copy what it
/// keeps.
///
/// Memory is bounded by 16 times the bytes and 64 MiB: beyond, unpacking fails as it does for
/// malformed bytes.
func withUnpackedModel<R>(
    _ bytes: [UInt8], _ body: (borrowing Onnx__ModelProto) throws(ONNXError) -> R
) throws(ONNXError) -> R {
    var budget = Budget(for: bytes)
    return try unsafe withUnsafeMutablePointer(to: &budget) { budget throws(ONNXError) -> R in
        var allocator = unsafe makeAllocator(budget)
        guard let message = unsafe onnx__model_proto__unpack(&allocator, bytes.count, bytes) else {
            throw unsafe budget.pointee.failure
        }
        defer { unsafe onnx__model_proto__free_unpacked(message, &allocator) }
        return try unsafe body(message.pointee)
    }
}

/// As `withUnpackedModel`, for a tensor that stands alone in its file.
func withUnpackedTensor<R>(
    _ bytes: [UInt8], _ body: (borrowing Onnx__TensorProto) throws(ONNXError) -> R
) throws(ONNXError) -> R {
    var budget = Budget(for: bytes)
    return try unsafe withUnsafeMutablePointer(to: &budget) { budget throws(ONNXError) -> R in
        var allocator = unsafe makeAllocator(budget)
        guard let message = unsafe onnx__tensor_proto__unpack(&allocator, bytes.count, bytes) else {
            throw unsafe budget.pointee.failure
        }
        defer { unsafe onnx__tensor_proto__free_unpacked(message, &allocator) }
        return try unsafe body(message.pointee)
    }
}

/// Bytes that unpacking may still allocate.
private struct Budget {
    var bytesLeft: Int
    var isExceeded = false

    init(for bytes: [UInt8]) {
        bytesLeft = 16 * bytes.count + (64 << 20)
    }

    var failure: ONNXError {
        isExceeded
            ? ONNXError(
                .file, expected: "a model that unpacks in memory in proportion to its size",
                found: "one that grows beyond")
            : ONNXError(.file, expected: "a model message", found: "bytes that do not unpack")
    }
}

private func makeAllocator(_ budget: UnsafeMutablePointer<Budget>) -> ProtobufCAllocator {
    unsafe ProtobufCAllocator(
        alloc: { data, size in
            guard let budget = unsafe data?.assumingMemoryBound(to: Budget.self) else { return nil }
            guard unsafe size <= budget.pointee.bytesLeft else {
                unsafe budget.pointee.isExceeded = true
                return nil
            }
            unsafe budget.pointee.bytesLeft -= size
            return unsafe malloc(max(size, 1))
        },
        free: { _, memory in unsafe free(memory) },
        allocator_data: UnsafeMutableRawPointer(budget))
}
