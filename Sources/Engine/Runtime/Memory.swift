import Foundation
import KernelInterface
import Tensors

/// A session's memory: the arena, each thread's scratch, and zeros for padding.
@safe
final class Memory {
    let pool: WorkPool
    let kernels: KernelSet
    private let offsets: [Int]
    private let arena: UnsafeMutableRawPointer
    private let mappedByteCount: Int
    private let scratch: UnsafeMutableRawPointer
    private let scratchStride: Int
    /// `Plan.zeroCount` zeros.
    let zeros: UnsafePointer<Float>

    init(_ plan: Plan, pool: WorkPool) throws(SessionError) {
        let arenaBytes = aligned(plan.arenaByteCount)
        let zeroBytes = aligned(plan.zeroCount * 4)
        // A line between threads' scratch, so that they share none.
        scratchStride = aligned(plan.scratchByteCount) + 64
        let total = arenaBytes + zeroBytes + scratchStride * pool.threadCount
        guard
            let base = unsafe mmap(
                nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe base != MAP_FAILED
        else { throw .outOfMemory(bytes: total) }
        unsafe preferLargePages(UnsafeMutableRawBufferPointer(start: base, count: total))
        unsafe arena = base
        mappedByteCount = total
        unsafe zeros = UnsafePointer((base + arenaBytes).assumingMemoryBound(to: Float.self))
        unsafe scratch = base + (arenaBytes + zeroBytes)
        offsets = plan.offsets
        kernels = plan.kernels
        self.pool = pool
    }

    deinit { unsafe _ = munmap(arena, mappedByteCount) }

    func floats(_ value: Value) -> UnsafeMutablePointer<Float> {
        unsafe (arena + offsets[value.buffer]).assumingMemoryBound(to: Float.self)
    }

    func scratch(thread: Int) -> UnsafeMutableRawPointer {
        unsafe scratch + thread * scratchStride
    }

    func store(_ tensor: Tensor, in value: Value) {
        unsafe tensor.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            unsafe (arena + offsets[value.buffer]).copyMemory(
                from: source, byteCount: bytes.count)
        }
    }

    /// A copy of a row-major value, or the constant itself.
    func tensor(_ operand: Operand) -> Tensor {
        switch operand {
        case .constant(let tensor): return tensor
        case .value(let value):
            let source = unsafe arena + offsets[value.buffer]
            let storage = unsafe ByteStorage(count: value.byteCount) { bytes in
                unsafe bytes.copyMemory(
                    from: UnsafeRawBufferPointer(start: source, count: value.byteCount))
            }
            return Tensor(elementType: value.elementType, shape: value.shape, storage: storage)
        }
    }
}

/// Asks for large pages where whole ones lie in `bytes`, not written yet: kernels walk through them
/// in many places at once, and page walks would cost more than the reads.
func preferLargePages(_ bytes: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
        guard let base = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        let skipped = (page - Int(bitPattern: base) % page) % page
        guard bytes.count > skipped else { return }
        unsafe _ = madvise(base + skipped, bytes.count - skipped, Int32(MADV_HUGEPAGE))
    #endif
}

extension Tensor {
    /// The first element of a float32 tensor that starts on a float's boundary, as everything the
    /// planner prepares does; valid while the tensor lives.
    var floatPointer: UnsafePointer<Float> {
        precondition(elementType == .float32 && elementCount > 0)
        return unsafe withUnsafeBytes { bytes in
            guard let base = unsafe bytes.assumingMemoryBound(to: Float.self).baseAddress else {
                preconditionFailure("a tensor with elements has an address")
            }
            return unsafe base
        }
    }

    /// Calls `body` with the elements, as `floatPointer` finds them.
    func withFloats(_ body: (UnsafePointer<Float>) -> Void) {
        withExtendedLifetime(self) { unsafe body(floatPointer) }
    }
}
