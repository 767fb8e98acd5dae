package import FormatInterface
package import Tensors

/// The bytes of an HDF5 file: a whole file, or a member of an archive.
package struct HDF5Source: Sendable {
    /// The file on disk, for messages.
    package let path: String
    package let region: ByteRegion

    package init(path: String, region: ByteRegion) {
        self.path = path
        self.region = region
    }

    package init(_ file: InputFile) {
        self.init(path: file.path, region: ByteRegion(file.storage))
    }

    var count: Int { region.count }
}
