package import Tensors

/// Everything an HDF5 file says about itself, free of the library that read it.
///
/// Paths are names joined with "/", without a leading one; the root group's path is empty.
package struct HDF5Contents: Equatable, Sendable {
    /// The attributes of every group, by the group's path and the attribute's name.
    package var groups: [String: [String: HDF5Value]] = [:]
    /// In name order, groups in depth-first order.
    package var datasets: [HDF5Dataset] = []

    package init() {}

    package func attribute(_ name: String, of group: String = "") -> HDF5Value? {
        groups[group]?[name]
    }
}

/// An attribute's value.
package enum HDF5Value: Equatable, Sendable {
    case string(String)
    case strings([String])
    /// Integers or floating-point numbers, one or many; empty for Keras' empty lists.
    case numbers([Double])
    /// A kind no supported file uses, in words.
    case other(String)

    package var kind: String {
        switch self {
        case .string: "a string"
        case .strings(let strings): "\(strings.count) strings"
        case .numbers(let numbers): "\(numbers.count) numbers"
        case .other(let kind): kind
        }
    }
}

/// A dataset: what its elements are and where they lie.
package struct HDF5Dataset: Equatable, Sendable {
    package enum Elements: Equatable, Sendable {
        case type(ElementType, isBigEndian: Bool)
        /// Two bytes each without a meaning, as NumPy writes types it does not know.
        case opaque16
        /// A type that is no tensor's, in words.
        case unsupported(String)
    }

    package enum Storage: Equatable, Sendable {
        /// One unfiltered run of bytes at this offset of the file.
        case contiguous(offset: Int)
        /// Compact, chunked, filtered or never written: only the library can tell the elements.
        case library
    }

    package var path: String
    package var elements: Elements
    package var shape: [Int]
    package var storage: Storage

    /// The dataset as Keras means it, whose bfloat16 is opaque in HDF5.
    package var ofKeras: HDF5Dataset {
        var dataset = self
        if elements == .opaque16 { dataset.elements = .type(.bfloat16, isBigEndian: false) }
        return dataset
    }
}

extension HDF5Dataset.Elements {
    /// A type of the elements' size; nil where no tensor has it.
    var stored: ElementType? {
        switch self {
        case .type(let elementType, _): elementType
        case .opaque16: .bfloat16
        case .unsupported: nil
        }
    }
}

/// Bounds on what a file may ask for; real files stay far below each.
enum HDF5Limits {
    static let depth = 64
    static let objects = 100_000
    static let attributesPerObject = 1024
    static let attributeBytes = 64 << 20
    static let rank = 32

    /// Processor seconds for the structure of a file of `size` bytes: far more than a sound one
    /// needs, whose objects have some hundred bytes each.
    static func seconds(fileSize size: Int) -> Int { min(1 + size / 5_000_000, 5) }

    /// Most bytes that data read by the library may have, for a file of `size` bytes.
    static func expandedBytes(fileSize size: Int) -> Int {
        let (product, overflow) = size.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : product.addingReportingOverflow(64 << 20).partialValue
    }
}
