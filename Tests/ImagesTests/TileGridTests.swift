import Images
import Testing

@Test(arguments: [
    (1, 1), (2, 2), (3, 3), (4, 2), (6, 3), (10, 5), (16, 4), (64, 8), (84, 12), (96, 12),
    (97, 10), (120, 12), (512, 32),
])
func `tiles are laid out almost square, in full rows where they can be`(count: Int, columns: Int) {
    #expect(TileGrid.columns(for: count) == columns)
}

@Test func `tiles are enlarged, with blue between them`() throws {
    let grid = try #require(TileGrid(columns: 2, rows: 1, tile: (2, 1), zoom: 4))
    // Gaps of two pixels.
    #expect((grid.width, grid.height) == (2 + 2 * (8 + 2), 2 + 4 + 2))
    let picture = grid.picture { _, column in
        column == 0 ? [10, 20, 30, 40, 50, 60] : nil
    }
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
        Array(picture.samples[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3])
    }
    let blue: [UInt8] = [170, 190, 220]
    #expect(pixel(1, 2) == blue && pixel(2, 1) == blue)
    #expect(pixel(2, 2) == [10, 20, 30] && pixel(5, 5) == [10, 20, 30])
    #expect(pixel(6, 2) == [40, 50, 60] && pixel(9, 5) == [40, 50, 60])
    #expect(pixel(10, 2) == blue)
    // No tile.
    #expect(pixel(12, 2) == blue)
}

@Test func `a grid fills a page, and stays a picture`() throws {
    let few = try #require(TileGrid(columns: 3, rows: 2, tile: (5, 5)))
    #expect(few.zoom == 24)
    let maps = try #require(TileGrid(columns: 8, rows: 8, tile: (112, 112)))
    #expect(maps.zoom == 1 && maps.columns == 8 && maps.rows == 8)
    let kernels = try #require(TileGrid(columns: 512, rows: 512, tile: (3, 3)))
    #expect((kernels.columns, kernels.rows, kernels.zoom) == (512, 512, 1))
    let many = try #require(TileGrid(columns: 100_000, rows: 100_000, tile: (3, 3)))
    #expect(many.width <= 8192 && many.height <= 8192)
    #expect(many.width * many.height <= 1 << 25 && many.columns > 1000)
    let matrix = try #require(TileGrid(columns: 84, rows: 10, tile: (1, 1)))
    #expect(matrix.width == 84 * matrix.zoom && matrix.height == 10 * matrix.zoom)
    #expect(TileGrid(columns: 1, rows: 1, tile: (9000, 1)) == nil)
    #expect(TileGrid(columns: 1, rows: 1, tile: (200, 200), zoom: 64) == nil)
    #expect(TileGrid(columns: .max, rows: .max, tile: (1, 1)) != nil)
}
