import Images
import Tensors
import Testing

/// What the recipes do to colours and sizes.
struct PreprocessingTests {
    private let color = Picture(2, 2) { _, _, channel in [10, 128, 255][channel] }

    private func pixel(_ recipe: Preprocessing) throws -> [Float] {
        let tensor = try recipe.tensor(of: color, channels: 3, height: 2, width: 2)
        #expect(tensor.shape == [1, 3, 2, 2])
        let values = tensor.floats()
        return [values[0], values[4], values[8]]
    }

    @Test func `each recipe has its order and range`() throws {
        let torchvision: [Float] = [
            (10 / 255 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225,
        ]
        #expect(try pixel(.torchvision) == torchvision)
        #expect(try pixel(.kerasCaffe) == [255 - 103.939, 128 - 116.779, 10 - 123.68])
        #expect(try pixel(.kerasTF) == [10 / 127.5 - 1, 128 / 127.5 - 1, 1])
        #expect(try pixel(.caffe) == [255 - 104.00699, 128 - 116.66877, 10 - 122.67892])
        #expect(try pixel(.none) == [10, 128, 255])
    }

    @Test(arguments: [(224, 256), (227, 259), (299, 342), (32, 37)])
    func `torchvision resizes the short side to eight sevenths`(_ side: Int, _ short: Int) throws {
        let picture = Picture(40, 30) { x, y, channel in x * 5 + y + channel }
        let resized = picture.resized(to: (short * 40 / 30, short), filter: .bilinear)
        let crop = resized.centerCropped(width: side, height: side)
        let tensor = try Preprocessing.torchvision.tensor(
            of: picture, channels: 3, height: side, width: side)
        let green = crop.samples[1]
        #expect(tensor.floats()[side * side] == (Float(green) / 255 - 0.456) / 0.224)
        #expect(tensor.shape == [1, 3, side, side])
    }

    @Test func `Caffe squashes to 256 and crops the middle`() throws {
        let picture = Picture(300, 280) { x, y, _ in (x + y) % 256 }
        let squashed = picture.resized(to: (256, 256), filter: .bilinear)
        let tensor = try Preprocessing.caffe.tensor(
            of: picture, channels: 3, height: 227, width: 227)
        let blue = squashed.cropped(left: 14, top: 14, width: 227, height: 227).samples[2]
        #expect(tensor.floats()[0] == Float(blue) - 104.00699)
    }

    @Test func `grey recipes scale as their digits are scaled`() throws {
        let digit = Picture(28, 28) { x, y, _ in (x + y) * 4 }
        func first(_ recipe: Preprocessing) throws -> Float {
            let tensor = try recipe.tensor(of: digit, channels: 1, height: 28, width: 28)
            #expect(tensor.shape == [1, 1, 28, 28])
            return tensor.floats()[5]
        }
        #expect(try first(.torchvision) == 20 / 255)
        #expect(try first(.kerasTF) == 20 / 127.5 - 1)
        #expect(try first(.caffe) == 20 * 0.00390625)
        #expect(try first(.none) == 20)
    }

    @Test func `a digit is framed for LeNet's original input and stretched for others`() throws {
        let digit = Picture(28, 28) { _, _, _ in 200 }
        let framed = try Preprocessing.none.tensor(of: digit, channels: 1, height: 32, width: 32)
        #expect(framed.floats()[0] == 0)
        #expect(framed.floats()[2 * 32 + 2] == 200)
        #expect(framed.floats().reduce(0, +) == 200 * 28 * 28)
        let large = try Preprocessing.none.tensor(of: digit, channels: 1, height: 40, width: 40)
        #expect(large.floats().allSatisfy { $0 == 200 })
    }

    @Test func `LeNet-5's recipe of 1998 frames a digit with paper and maps ink to 1.175`() throws {
        let digit = Picture(28, 28) { x, y, _ in x == 0 && y == 0 ? 255 : x == 1 ? 51 : 0 }
        let tensor = try Preprocessing.lenet5Original.tensor(
            of: digit, channels: 1, height: 32, width: 32)
        #expect(tensor.shape == [1, 1, 32, 32])
        let values = tensor.floats()
        let ink: Float = 255 / 255 * 1.275 - 0.1
        let grey: Float = 51 / 255 * 1.275 - 0.1
        #expect(values[0] == -0.1)
        #expect(values[2 * 32 + 2] == ink && abs(ink - 1.175) < 1e-6)
        #expect(values[2 * 32 + 3] == grey)
        // The frame is as wide whatever the picture's size, and a framed picture is left alone.
        let large = Picture(56, 56) { _, _, _ in 255 }
        let stretched = try Preprocessing.lenet5Original.tensor(
            of: large, channels: 1, height: 32, width: 32)
        #expect(stretched.floats().count { $0 == ink } == 28 * 28)
        let whole = Picture(32, 32) { _, _, _ in 255 }
        let kept = try Preprocessing.lenet5Original.tensor(
            of: whole, channels: 1, height: 32, width: 32)
        #expect(kept.floats().allSatisfy { $0 == ink })
    }

    @Test func `inputs that no recipe makes are refused`() throws {
        func message(
            _ recipe: Preprocessing, _ channels: Int, _ height: Int, _ picture: Picture
        ) -> String {
            do throws(PictureError) {
                _ = try recipe.tensor(of: picture, channels: channels, height: height, width: 8)
                return "accepted"
            } catch {
                return error.description
            }
        }
        #expect(
            message(.torchvision, 2, 8, color)
                == "preprocessing torchvision: expected an input of 1 or 3 channels, found 2")
        #expect(
            message(.kerasCaffe, 1, 8, color)
                == "preprocessing keras-caffe: expected an input of 3 channels, found 1")
        #expect(
            message(.lenet5Original, 3, 8, color)
                == "preprocessing lenet5-1998: expected an input of 1 channel, found 3")
        #expect(message(.none, 3, 0, color).contains("expected input sides of 1…8192, found 0×8"))
        #expect(message(.none, 3, 1 << 40, color).contains("expected input sides"))
        let thread = Picture(1, 200_000) { _, _, _ in 0 }
        #expect(message(.torchvision, 3, 8, thread).contains("expected a picture less thin"))
        #expect(message(.kerasTF, 3, 8, thread) == "accepted")
    }
}
