import BaselineKernels
import CPlatform
package import KernelInterface

#if arch(x86_64)
    import AVX2Kernels
    import AVX512Kernels
#else
    import NEONKernels
#endif

/// A compiled kernel set, and whether this CPU runs it.
package struct CPUTarget: Sendable {
    package let kernels: KernelSet
    package let isAvailable: Bool

    /// Every compiled set, fastest first.
    package static let all: [CPUTarget] = {
        #if arch(x86_64)
            [
                CPUTarget(kernels: avx512Kernels, isAvailable: ferry_cpu_has_x86_64_v4() != 0),
                CPUTarget(kernels: avx2Kernels, isAvailable: ferry_cpu_has_x86_64_v3() != 0),
                CPUTarget(kernels: baselineKernels, isAvailable: true),
            ]
        #else
            [
                CPUTarget(kernels: neonKernels, isAvailable: true),
                CPUTarget(kernels: baselineKernels, isAvailable: true),
            ]
        #endif
    }()

    /// The set `name` asks for, or the fastest this CPU runs when nil.
    ///
    /// - Throws: `KernelSelectionError` when no such set is compiled in or the CPU lacks it.
    package static func select(_ name: String?) throws(KernelSelectionError) -> KernelSet {
        let available = all.filter(\.isAvailable)
        guard let name else {
            return available.first?.kernels ?? baselineKernels
        }
        guard let target = available.first(where: { $0.kernels.name == name }) else {
            throw KernelSelectionError(
                name: name, isCompiled: all.contains { $0.kernels.name == name },
                available: available.map(\.kernels.name))
        }
        return target.kernels
    }
}

/// A kernel set that cannot be had.
package struct KernelSelectionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let name: String
    /// Whether the set exists in this build, so that only the CPU lacks it.
    package let isCompiled: Bool
    package let available: [String]

    package var description: String {
        let found = isCompiled ? "\(name), which this CPU lacks" : "'\(name)'"
        return "FERRY_KERNELS: expected \(available.joined(separator: " or ")), found \(found)"
    }
}
