import Images
import Testing

/// Cases small enough to compute by hand.
struct PictureTests {
    @Test func `bilinear halving weighs 1 3 3 1 inside and 3 3 1 at the edge`() {
        let half = Picture(greyRow: [0, 80, 160, 240]).resized(to: (2, 1), filter: .bilinear)
        // (3·0 + 3·80 + 1·160) / 7 and its mirror image.
        #expect(half.reds == [57, 183])
    }

    @Test func `box halving is the mean of pairs, halves rounded up`() {
        let half = Picture(greyRow: [0, 1, 10, 20]).resized(to: (2, 1), filter: .box)
        #expect(half.reds == [1, 15])
    }

    @Test func `bicubic overshoot is clamped`() {
        let large = Picture(greyRow: [0, 0, 255, 255]).resized(to: (8, 1), filter: .bicubic)
        #expect(large.reds.first == 0)
        #expect(large.reds.last == 255)
        #expect(large.reds == large.reds.sorted())
    }

    @Test func `nearest takes the pixel that holds the centre`() {
        let picture = Picture(greyRow: [0, 1, 2, 3, 4])
        #expect(picture.resized(to: (2, 1), filter: .nearest).reds == [1, 3])
        #expect(picture.resized(to: (3, 1), filter: .nearest).reds == [0, 2, 4])
        #expect(
            picture.resized(to: (10, 1), filter: .nearest).reds == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    }

    @Test(arguments: ResamplingFilter.allCases)
    func `the same size is the same picture, and one colour stays it`(_ filter: ResamplingFilter) {
        let picture = Picture(5, 4) { x, y, channel in x * 40 + y * 10 + channel }
        #expect(picture.resized(to: (5, 4), filter: filter) == picture)
        let plain = Picture(7, 9) { _, _, channel in 77 + channel }
        #expect(
            plain.resized(to: (3, 20), filter: filter)
                == Picture(3, 20) { _, _, channel in 77 + channel })
    }

    @Test(arguments: [(256, 16), (257, 16), (258, 17), (259, 18), (260, 18), (224, 0)])
    func `a centre crop rounds half an offset to even`(_ size: Int, _ offset: Int) {
        let wide = Picture(size, 224) { x, _, _ in x % 256 }
        let crop = wide.centerCropped(width: 224, height: 224)
        #expect(crop == wide.cropped(left: offset, top: 0, width: 224, height: 224))
        let tall = Picture(1, size) { _, y, _ in y % 256 }
        #expect(tall.centerCropped(width: 1, height: 224).reds.first == offset)
    }

    @Test func `a picture smaller than its crop is framed in black, the odd pixel after it`() {
        let framed = Picture(greyRow: [9, 8]).centerCropped(width: 5, height: 4)
        #expect(framed.width == 5)
        #expect(framed.height == 4)
        #expect(
            framed.reds == [0, 0, 0, 0, 0] + [0, 9, 8, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `a crop may be larger one way and smaller the other`() {
        let framed = Picture(greyRow: [1, 2, 3, 4]).centerCropped(width: 2, height: 3)
        #expect(framed.reds == [0, 0, 2, 3, 0, 0])
    }

    @Test func `flipping exchanges left and right`() {
        let picture = Picture(3, 2) { x, y, channel in x * 30 + y * 10 + channel }
        #expect(
            picture.flippedHorizontally()
                == Picture(3, 2) { x, y, channel in (2 - x) * 30 + y * 10 + channel })
        #expect(picture.flippedHorizontally().flippedHorizontally() == picture)
    }

    @Test func `grey follows the luma weights`() {
        let colors = Picture(
            width: 4, height: 1, samples: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
        #expect(colors.grey().reds == [76, 150, 29, 9])
        let grey = colors.grey().samples
        #expect(Array(grey[0..<3]) == [76, 76, 76])
    }
}
