import Images
import Tensors
import Testing

/// Equal to Pillow, torchvision and Keras, pixel for pixel and bit for bit.
struct GoldenTests {
    @Test(arguments: PictureFixtures.expectations.filter { !$0.name.contains("#") })
    func `every kind of JPEG and PNG decodes to Pillow's pixels`(
        _ expected: PictureFixtures.Expectation
    ) throws {
        let picture = try PictureFixtures.decode("formats/\(expected.name)").picture
        #expect(picture.width == expected.width)
        #expect(picture.height == expected.height)
        #expect(picture.hash == expected.hash)
    }

    @Test(arguments: PictureFixtures.expectations.filter { $0.name.hasSuffix("#upright") })
    func `every EXIF orientation is turned upright as Pillow does, when asked`(
        _ expected: PictureFixtures.Expectation
    ) throws {
        let name = "formats/\(expected.name.prefix { $0 != "#" })"
        let upright = try PictureFixtures.decode(name, exif: .apply)
        #expect(upright.picture.width == expected.width)
        #expect(upright.picture.height == expected.height)
        #expect(upright.picture.hash == expected.hash)
        #expect(upright.notes.isEmpty)
    }

    @Test(arguments: PictureFixtures.expectations.filter { $0.name.hasPrefix("resize#") })
    func `every filter resizes to Pillow's pixels`(
        _ expected: PictureFixtures.Expectation
    ) throws {
        let filter = try #require(
            ResamplingFilter(rawValue: String(expected.name.dropFirst("resize#".count))))
        let pattern = Picture(61, 47) { x, y, channel in
            [(x * 3 + y * 2) % 256, 255 * ((x / 7 + y / 5) % 2), x * y * 37 % 251][channel]
        }
        let resized = pattern.resized(to: (expected.width, expected.height), filter: filter)
        #expect(resized.hash == expected.hash)
    }

    @Test(arguments: PictureFixtures.names())
    func `torchvision's input is equal bit for bit`(_ name: String) throws {
        let stem = name.prefix { $0 != "." }
        let golden = try PictureFixtures.decode("golden/\(stem).png").picture
        let table = try PictureFixtures.table("golden/normalise_torchvision.npy")
        let picture = try PictureFixtures.decode(name).picture
        let tensor = try Preprocessing.torchvision.tensor(
            of: picture, channels: 3, height: 224, width: 224)
        #expect(tensor.isBitEqual(to: planes(of: golden, [0, 1, 2], table)))
    }

    @Test(arguments: PictureFixtures.names(in: "golden").filter { $0.contains(".keras.") })
    func `Keras' VGG input is equal bit for bit`(_ golden: String) throws {
        let stem = golden.prefix { $0 != "." }
        let name = try #require(
            PictureFixtures.names().first { $0.prefix { $0 != "." } == stem })
        let table = try PictureFixtures.table("golden/normalise_keras_caffe.npy")
        let picture = try PictureFixtures.decode(name).picture
        let expected = try PictureFixtures.decode("golden/\(golden)").picture
        let tensor = try Preprocessing.kerasCaffe.tensor(
            of: picture, channels: 3, height: 224, width: 224)
        #expect(tensor.isBitEqual(to: planes(of: expected, [2, 1, 0], table)))
    }

    @Test func `the shipped pictures are all there`() {
        #expect(PictureFixtures.names().count >= 20)
        #expect(PictureFixtures.names(in: "digits").count >= 10)
        #expect(PictureFixtures.expectations.count >= 90)
    }

    @Test(arguments: PictureFixtures.names(in: "digits"))
    func `a digit becomes its grey values over 255`(_ name: String) throws {
        let picture = try PictureFixtures.decode("digits/\(name)").picture
        let tensor = try Preprocessing.torchvision.tensor(
            of: picture, channels: 1, height: 28, width: 28)
        #expect(tensor.shape == [1, 1, 28, 28])
        #expect(tensor.floats() == picture.reds.map { Float($0) / 255 })
    }

    private func planes(of picture: Picture, _ channels: [Int], _ table: [[Float]]) -> Tensor {
        let values = channels.enumerated().flatMap { plane, channel in
            stride(from: channel, to: picture.samples.count, by: 3).map { sample in
                table[plane][Int(picture.samples[sample])]
            }
        }
        return Tensor(values, shape: [1, channels.count, picture.height, picture.width])
    }
}
