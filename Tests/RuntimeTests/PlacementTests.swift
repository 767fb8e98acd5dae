import Runtime
import TestSupport
import Testing

@Suite struct Placement {
    @Test(arguments: UInt64(0)..<200)
    func `buffers alive at the same time never overlap`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let sizes = [0, 1, 4, 63, 64, 65, 1_000, 4_096, 100_000]
        let buffers = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
            let first = Int.random(in: -1...30, using: &generator)
            let length = Int.random(in: 0...12, using: &generator)
            return Buffer(
                byteCount: sizes[Int.random(in: sizes.indices, using: &generator)],
                firstStep: first, lastStep: length == 12 ? .max : first + length)
        }
        let (offsets, byteCount) = placeBuffers(buffers)
        #expect(offsets.count == buffers.count)
        for (index, buffer) in buffers.enumerated() {
            #expect(offsets[index] >= 0 && offsets[index] % 64 == 0)
            #expect(offsets[index] + buffer.byteCount <= byteCount)
            for (other, next) in buffers.enumerated().dropFirst(index + 1) {
                let alive =
                    buffer.firstStep <= next.lastStep && next.firstStep <= buffer.lastStep
                let apart =
                    offsets[index] + buffer.byteCount <= offsets[other]
                    || offsets[other] + next.byteCount <= offsets[index]
                #expect(!alive || apart || buffer.byteCount == 0 || next.byteCount == 0)
            }
        }
        #expect(byteCount <= buffers.reduce(0) { $0 + ($1.byteCount + 63) & ~63 })
    }

    @Test func `a chain takes the memory of its two largest neighbours`() {
        let chain = (0..<20).map {
            Buffer(byteCount: 6_400, firstStep: $0 - 1, lastStep: $0)
        }
        #expect(placeBuffers(chain).byteCount == 12_800)
        #expect(placeBuffers([]).byteCount == 0)
    }

    @Test func `the same buffers are placed the same way every time`() {
        let buffers = (0..<40).map {
            Buffer(byteCount: 64 * ($0 % 5), firstStep: $0 % 7, lastStep: $0 % 7 + $0 % 3)
        }
        let first = placeBuffers(buffers)
        for _ in 0..<20 { #expect(placeBuffers(buffers).offsets == first.offsets) }
    }
}
