// swift-tools-version: 6.2
import PackageDescription

// Targets stand in layer order: each may depend only on targets above it.

let safe: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// One instruction set's compilation of `KernelBodies`. Always optimised: a debug kernel is 500×
/// slower. In one thread: several would optimise files apart, and accumulators would leave their
/// registers (a quarter of the speed).
func kernels(_ name: String, march: [String]) -> Target {
    .target(
        name: name,
        dependencies: ["KernelInterface", "CPrefetch"],
        path: "Sources/Engine/\(name)",
        swiftSettings: safe + [.unsafeFlags(["-O"] + march.flatMap { ["-Xcc", $0] })])
}

#if arch(x86_64)
    let kernelTargets = [
        kernels("AVX512Kernels", march: ["-march=x86-64-v4"]),
        kernels("AVX2Kernels", march: ["-march=x86-64-v3"]),
        kernels("BaselineKernels", march: []),
    ]
#else
    let kernelTargets = [
        kernels("NEONKernels", march: []),
        kernels("BaselineKernels", march: []),
    ]
#endif

func module(_ name: String, in room: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(room)/\(name)",
        swiftSettings: safe)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)",
        swiftSettings: safe)
}

let package = Package(
    name: "ferry",
    products: [.executable(name: "ferry", targets: ["ferry"])],
    targets: [
        // C libraries, each with one owner.
        .systemLibrary(
            name: "CProtobuf", path: "Sources/C/CProtobuf", pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
        .target(name: "COnnx", dependencies: ["CProtobuf"], path: "Sources/C/COnnx"),
        .systemLibrary(
            name: "CHDF5", path: "Sources/C/CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "CJPEG", path: "Sources/C/CJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(
            name: "CPNG", path: "Sources/C/CPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/C/CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CCrypto", path: "Sources/C/CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CGetopt", path: "Sources/C/CGetopt"),
        .systemLibrary(name: "CFiles", path: "Sources/C/CFiles"),
        .target(name: "CPlatform", path: "Sources/C/CPlatform"),
        .target(name: "CPrefetch", path: "Sources/C/CPrefetch"),

        // Core: what tensors and graphs are, and what they mean.
        module("Tensors", in: "Core", []),
        module("IR", in: "Core", ["Tensors"]),
        module("Architectures", in: "Core", ["IR", "Tensors"]),

        // File side.
        module("FormatInterface", in: "Formats", ["IR", "Tensors", "CCrypto", "CFiles"]),
        module("ZIPContainer", in: "Formats", ["FormatInterface", "Tensors", "CZlib"]),
        module(
            "ONNXFormat", in: "Formats", ["FormatInterface", "IR", "Tensors", "COnnx", "CProtobuf"]),
        module("HDF5Format", in: "Formats", ["FormatInterface", "IR", "Tensors", "CHDF5"]),
        module(
            "PyTorchFormat", in: "Formats", ["FormatInterface", "IR", "Tensors", "ZIPContainer"]),
        module("SafetensorsFormat", in: "Formats", ["FormatInterface", "IR", "Tensors"]),
        module(
            "NumPyFormat", in: "Formats", ["FormatInterface", "IR", "Tensors", "ZIPContainer"]),
        module(
            "KerasFormat", in: "Formats",
            ["HDF5Format", "ZIPContainer", "FormatInterface", "IR", "Tensors"]),
        module(
            "CaffeFormat", in: "Formats", ["HDF5Format", "FormatInterface", "IR", "Tensors"]),
        module(
            "Formats", in: "Formats",
            [
                "CaffeFormat", "ONNXFormat", "HDF5Format", "KerasFormat", "PyTorchFormat",
                "SafetensorsFormat",
                "NumPyFormat", "FormatInterface", "IR", "Tensors",
            ]),

        // Compute side.
        module("KernelInterface", in: "Engine", []),
    ] + kernelTargets + [
        module(
            "Kernels", in: "Engine",
            ["KernelInterface", "CPlatform"] + kernelTargets.map { .byName(name: $0.name) }),
        module("Runtime", in: "Engine", ["Kernels", "KernelInterface", "IR", "Tensors"]),

        // The tool.
        module("Images", in: "Tool", ["Tensors", "CJPEG", "CPNG"]),
        module("Parity", in: "Tool", ["Tensors"]),
        module("Reports", in: "Tool", ["Parity"]),
        .target(
            name: "FerryCommands",
            dependencies: [
                "Architectures", "CaffeFormat", "FormatInterface", "Formats", "IR", "Images",
                "KernelInterface",
                "Kernels", "NumPyFormat", "ONNXFormat",
                "Parity", "Reports", "Runtime", "Tensors", "CGetopt",
            ],
            path: "Sources/Tool/FerryCommands",
            resources: [.embedInCode("Resources/imagenet_categories.txt")],
            swiftSettings: safe),
        .executableTarget(
            name: "ferry", dependencies: ["FerryCommands"], path: "Sources/Tool/ferry",
            swiftSettings: safe),

        .target(
            name: "TestSupport",
            dependencies: [
                "CHDF5", "FormatInterface", "HDF5Format", "IR", "ONNXFormat", "Tensors",
                "ZIPContainer",
            ],
            path: "Tests/TestSupport", swiftSettings: safe),
        tests("TensorsTests", ["Tensors"]),
        tests("IRTests", ["IR", "Tensors"]),
        tests("ArchitecturesTests", ["Architectures", "IR", "Tensors"]),
        tests("ONNXFormatTests", ["FormatInterface", "IR", "ONNXFormat", "Tensors"]),
        // Also makes files that Ferry never writes, through libhdf5 itself.
        tests(
            "HDF5FormatTests",
            ["CHDF5", "FormatInterface", "Formats", "HDF5Format", "IR", "Tensors"]),
        tests("ZIPContainerTests", ["CZlib", "FormatInterface", "Tensors", "ZIPContainer"]),
        tests(
            "PyTorchFormatTests",
            ["FormatInterface", "IR", "PyTorchFormat", "Tensors", "ZIPContainer"]),
        tests("SafetensorsFormatTests", ["FormatInterface", "IR", "SafetensorsFormat", "Tensors"]),
        tests(
            "NumPyFormatTests",
            ["FormatInterface", "IR", "NumPyFormat", "Tensors", "ZIPContainer"]),
        tests(
            "KerasFormatTests",
            [
                "Architectures", "FormatInterface", "Formats", "HDF5Format", "IR", "KerasFormat",
                "Tensors", "ZIPContainer",
            ]),
        tests(
            "CaffeFormatTests",
            [
                "Architectures", "CaffeFormat", "FormatInterface", "Formats", "HDF5Format", "IR",
                "Parity", "Tensors",
            ]),
        tests(
            "FormatConformance",
            ["Architectures", "FormatInterface", "Formats", "IR", "ONNXFormat", "Tensors"]),
        tests(
            "OperatorConformance",
            [
                "FormatInterface", "IR", "KernelInterface", "Kernels", "ONNXFormat", "Parity",
                "Runtime", "Tensors",
            ]),
        tests(
            "RuntimeTests",
            [
                "FormatInterface", "IR", "KernelInterface", "Kernels", "ONNXFormat", "Parity",
                "Runtime", "Tensors",
            ]),
        tests("ImagesTests", ["Images", "Tensors"]),
        tests("ParityTests", ["Parity", "Tensors"]),
        tests("ReportsTests", ["Parity", "Reports", "Tensors"]),
        tests(
            "CommandTests",
            [
                "Architectures", "FerryCommands", "FormatInterface", "Formats", "IR", "Images",
                "ONNXFormat", "Parity",
                "Tensors", "ferry",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
