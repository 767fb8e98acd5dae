import Images
import Tensors
import TestSupport
import Testing

@Test(arguments: [(1, 1), (7, 3), (112, 112)])
func `a written PNG decodes to the same pixels`(width: Int, height: Int) throws {
    var generator = TestSupport.SeededGenerator(seed: 3)
    let samples = (0..<width * height * 3).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
    }
    let picture = Picture(width: width, height: height, samples: samples)
    let file = try picture.png()
    let decoded = try Picture.decode(ByteStorage(file), path: "x.png", exif: .ignore)
    #expect(decoded.picture == picture)
    #expect(try picture.png() == file)
}

@Test func `an input is stretched from black to white`() throws {
    let grey = try #require(
        Picture(stretching: Tensor([-2, 0, 1, 2] as [Float], shape: [1, 2, 2]), side: 8))
    #expect(grey.samples == [0, 0, 0, 127, 127, 127, 191, 191, 191, 255, 255, 255])
    let color = try #require(
        Picture(stretching: Tensor([0, 1, 2] as [Float], shape: [3, 1, 1]), side: 8))
    #expect(color.samples == [0, 127, 255])
    let flat = try #require(
        Picture(stretching: Tensor([5, .nan] as [Float], shape: [1, 1, 2]), side: 8))
    #expect(flat.samples == [0, 0, 0, 0, 0, 0])
}

@Test func `a large input is averaged, and what is no picture gives none`() throws {
    let values = (0..<15).map { Float($0) }
    let small = try #require(Picture(stretching: Tensor(values, shape: [1, 3, 5]), side: 3))
    #expect((small.width, small.height) == (3, 2))
    // The first is the mean of 0, 1, 5 and 6.
    #expect(small.samples[0] == UInt8(3 * 255.0 / 14))
    #expect(Picture(stretching: Tensor(values), side: 3) == nil)
    #expect(Picture(stretching: Tensor([] as [Float], shape: [1, 0, 4]), side: 3) == nil)
}
