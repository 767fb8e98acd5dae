import Images
import Tensors
import Testing

/// Which pixels a view is made of.
struct PictureViewTests {
    /// 37×30 pixels that tell their column (red) and row (green).
    private let picture = Picture(37, 30) { x, y, channel in [x, y, 7][channel] }

    /// Columns and rows of a view's first and last pixel, by a recipe that leaves values as they are.
    private func corners(
        _ view: PictureView, _ recipe: Preprocessing = .none, crop: Int = 28
    ) throws -> [Int] {
        let tensor = try recipe.tensor(
            of: picture, views: [view], channels: 3, size: (crop, crop))
        #expect(tensor.shape == [1, 3, crop, crop])
        let values = tensor.floats()
        let (plane, last) = (crop * crop, crop * crop - 1)
        // Caffe's planes are blue, green, red, its means subtracted.
        if recipe == .caffe {
            return [
                Int((values[2 * plane] + 122.67892).rounded()),
                Int((values[plane] + 116.66877).rounded()),
                Int((values[2 * plane + last] + 122.67892).rounded()),
                Int((values[plane + last] + 116.66877).rounded()),
            ]
        }
        return [values[0], values[plane], values[last], values[plane + last]].map { Int($0) }
    }

    /// As torchvision's FiveCrop and CenterCrop of a 37×30 picture have them.
    @Test(arguments: [
        (PictureView.Part.topLeft, [0, 0, 27, 27]), (.topRight, [9, 0, 36, 27]),
        (.bottomLeft, [0, 2, 27, 29]), (.bottomRight, [9, 2, 36, 29]),
        (.center, [4, 1, 31, 28]),
    ])
    func `parts are torchvision's five crops`(_ part: PictureView.Part, _ found: [Int]) throws {
        #expect(try corners(PictureView(shortSide: 30, part: part)) == found)
    }

    @Test(arguments: [
        (PictureView.Part.topLeft, [36, 0, 9, 27]), (.topRight, [27, 0, 0, 27]),
        (.bottomLeft, [36, 2, 9, 29]), (.bottomRight, [27, 2, 0, 29]),
        (.center, [32, 1, 5, 28]),
    ])
    func `mirrored parts are the five crops of the mirror image`(
        _ part: PictureView.Part, _ found: [Int]
    ) throws {
        #expect(try corners(PictureView(shortSide: 30, part: part, isMirrored: true)) == found)
    }

    @Test func `Caffe rounds the middle down and mirrors what it cropped`() throws {
        let center = PictureView(shortSide: 30, part: .center)
        #expect(try corners(center, .caffe) == [4, 1, 31, 28])
        var mirrored = center
        mirrored.isMirrored = true
        #expect(try corners(mirrored, .caffe) == [31, 1, 4, 28])
        // 37 − 26 = 11 and 30 − 26 = 4: half to even would begin at 6.
        #expect(try corners(center, .caffe, crop: 26) == [5, 2, 30, 27])
        #expect(try corners(center, crop: 26) == [6, 2, 31, 27])
    }

    @Test(arguments: [
        (PictureView.Part.topLeft, [4, 0, 31, 27]), (.bottomRight, [6, 2, 33, 29]),
        (.center, [5, 1, 32, 28]),
    ])
    func `the square's parts lie in the central square`(
        _ part: PictureView.Part, _ found: [Int]
    ) throws {
        #expect(try corners(PictureView(shortSide: 30, part: part, isOfSquare: true)) == found)
    }

    @Test func `views come one behind the other`() throws {
        let views = PictureView.Part.five.map { PictureView(shortSide: 30, part: $0) }
        let all = try Preprocessing.torchvision.tensor(
            of: picture, views: views, channels: 3, size: (28, 28))
        #expect(all.shape == [5, 3, 28, 28])
        let size = 3 * 28 * 28
        for (index, view) in views.enumerated() {
            let one = try Preprocessing.torchvision.tensor(
                of: picture, views: [view], channels: 3, size: (28, 28))
            #expect(Array(all.floats()[index * size..<(index + 1) * size]) == one.floats())
        }
    }

    @Test(arguments: [Preprocessing.torchvision, .caffe, .none])
    func `a whole picture keeps its proportions, mirrored too`(_ recipe: Preprocessing) throws {
        func planes(_ isMirrored: Bool) throws -> Tensor {
            try recipe.tensor(
                of: picture,
                views: [PictureView(shortSide: 60, part: .whole, isMirrored: isMirrored)],
                channels: 3, size: nil)
        }
        let (whole, mirrored) = (try planes(false), try planes(true))
        #expect(whole.shape == [1, 3, 60, 74] && mirrored.shape == whole.shape)
        let rows = stride(from: 0, to: whole.elementCount, by: 74)
        let (values, turned) = (whole.floats(), mirrored.floats())
        #expect(
            rows.allSatisfy { values[$0..<$0 + 74].elementsEqual(turned[$0..<$0 + 74].reversed()) })
    }

    @Test func `a short side is reached by the recipe's own filter`() throws {
        func enlarged(_ recipe: Preprocessing) throws -> [Float] {
            let view = PictureView(shortSide: 60, part: .whole)
            let tensor = try recipe.tensor(of: picture, views: [view], channels: 3, size: nil)
            return Array(tensor.floats()[..<74])
        }
        #expect(try enlarged(.none) == (0..<74).map { Float($0 / 2) })
        let smooth = picture.resized(to: (74, 60), filter: .bilinear)
        #expect(
            try enlarged(.caffe)
                == (0..<74).map { Float(smooth.samples[$0 * 3 + 2]) - 104.00699 })
    }

    @Test func `without a short side, Caffe's parts come from the squashed picture`() throws {
        let squashed = picture.resized(to: (256, 256), filter: .bilinear)
        let tensor = try Preprocessing.caffe.tensor(
            of: picture, views: [PictureView(shortSide: nil, part: .bottomRight)], channels: 3,
            size: (227, 227))
        let red = squashed.samples[(29 * 256 + 29) * 3]
        #expect(tensor.floats()[2 * 227 * 227] == Float(red) - 122.67892)
    }

    @Test func `a grey picture keeps its size where any is taken`() throws {
        let whole = PictureView(shortSide: nil, part: .whole)
        let tensor = try Preprocessing.torchvision.tensor(
            of: picture, views: [whole], channels: 1, size: nil)
        #expect(tensor.shape == [1, 1, 30, 37])
        let scaled = try Preprocessing.torchvision.tensor(
            of: picture, views: [PictureView(shortSide: 15, part: .whole)], channels: 1, size: nil)
        #expect(scaled.shape == [1, 1, 15, 18])
    }

    @Test func `views that a picture does not have are refused`() {
        func message(_ view: PictureView, _ picture: Picture, crop: Int?) -> String {
            do throws(PictureError) {
                _ = try Preprocessing.torchvision.tensor(
                    of: picture, views: [view], channels: 3, size: crop.map { ($0, $0) })
                return "accepted"
            } catch {
                return error.description
            }
        }
        let corner = PictureView(shortSide: 20, part: .topLeft)
        #expect(
            message(corner, picture, crop: 28)
                == "resizing: expected at least 28×28 pixels to crop, found 24×20")
        let whole = PictureView(shortSide: 2048, part: .whole)
        let thin = Picture(10, 40) { _, _, _ in 0 }
        #expect(
            message(whole, thin, crop: nil)
                == "resizing: expected a whole picture of at most 4194304 pixels, found 2048×8192")
        #expect(message(whole, Picture(4, 4) { _, _, _ in 0 }, crop: nil) == "accepted")
    }

    @Test(arguments: PictureFixtures.names())
    func `a file's pixels are known before it is decoded`(_ name: String) throws {
        let storage = ByteStorage(try PictureFixtures.bytes(name))
        let picture = try PictureFixtures.decode(name).picture
        #expect(Picture.isPicture(storage))
        #expect(Picture.claimedPixelCount(of: storage) == picture.width * picture.height)
    }

    @Test func `other files claim no pixels`() {
        for bytes: [UInt8] in [[], [0xFF, 0xD8, 0xFF], Array("GIF89a".utf8), Array("text".utf8)] {
            #expect(Picture.claimedPixelCount(of: ByteStorage(bytes)) == 0)
        }
        #expect(!Picture.isPicture(ByteStorage(Array("text".utf8))))
    }

    @Test func `sides of 32 bits claim the most pixels there can be`() {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = [0, 0, 0, 13] + Array("IHDR".utf8) + [UInt8](repeating: 0xFF, count: 8)
        #expect(Picture.claimedPixelCount(of: ByteStorage(signature + header)) == .max)
    }
}
