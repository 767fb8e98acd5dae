import CHDF5
import FormatInterface
import TestSupport

/// A dataset of 10 × 10 floats in chunks of 4 × 4, shuffled, deflated and checksummed.
func makeChunked(
    _ scratch: borrowing Scratch, latest: Bool = false
) throws -> InputFile {
    try scratch.make(latestFormat: latest) { file in
        let creation = H5Pcreate(ferry_H5P_DATASET_CREATE())
        unsafe _ = H5Pset_chunk(creation, 2, [4, 4])
        H5Pset_shuffle(creation)
        H5Pset_deflate(creation, 6)
        H5Pset_fletcher32(creation)
        let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0) }
        makeDataset("chunked", in: file, shape: [10, 10], creation: creation, bytes: bytes)
    }
}
