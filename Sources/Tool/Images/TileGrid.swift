/// Small pictures of one size in rows and columns, enlarged, with gaps between.
package struct TileGrid: Equatable, Sendable {
    /// Pixels of the largest picture that is made, along a side and in all.
    private static let maximumSide = 8192
    private static let maximumPixelCount = 1 << 25
    /// What a grid is enlarged to fill.
    private static let usualSide = 1000
    private static let maximumZoom = 24

    package let columns: Int
    package let rows: Int
    package let tile: (width: Int, height: Int)
    /// Pixels along a side of an element of a tile.
    package let zoom: Int

    /// The grid of at most these columns and rows: fewer where the picture would be too large.
    ///
    /// - Parameter zoom: nil for what fills a page.
    /// - Returns: nil when not even one tile fits.
    package init?(columns: Int, rows: Int, tile: (width: Int, height: Int), zoom: Int? = nil) {
        precondition(min(columns, rows, tile.width, tile.height) > 0)
        self.tile = tile
        let chosen =
            zoom
            ?? (1...Self.maximumZoom).last { zoom in
                Self.side(columns, tile.width, zoom, Self.gap(tile, zoom)) <= Self.usualSide
                    && Self.side(rows, tile.height, zoom, Self.gap(tile, zoom)) <= Self.usualSide
            } ?? 1
        let gap = Self.gap(tile, chosen)
        func fitting(_ size: Int, below limit: Int) -> Int {
            (limit - gap) / (size.multipliedReportingOverflow(by: chosen).partialValue + gap)
        }
        guard max(tile.width, tile.height) <= Self.maximumSide / chosen else { return nil }
        self.zoom = chosen
        self.columns = min(columns, fitting(tile.width, below: Self.maximumSide))
        guard self.columns > 0 else { return nil }
        let width = Self.side(self.columns, tile.width, chosen, gap)
        let height = min(Self.maximumSide, Self.maximumPixelCount / width)
        self.rows = min(rows, fitting(tile.height, below: height))
        guard self.rows > 0 else { return nil }
    }

    /// Columns for `count` tiles that follow each other: as square as can be, or wider where the
    /// rows are then full.
    package static func columns(for count: Int) -> Int {
        var root = 1
        while root * root < count { root += 1 }
        return (root...max(root, min(2 * root, count))).first { count % $0 == 0 } ?? root
    }

    package static func == (a: TileGrid, b: TileGrid) -> Bool {
        (a.columns, a.rows, a.zoom) == (b.columns, b.rows, b.zoom) && a.tile == b.tile
    }

    /// Nothing between single elements, which make one matrix.
    private static func gap(_ tile: (width: Int, height: Int), _ zoom: Int) -> Int {
        tile == (1, 1) ? 0 : min(4, zoom / 4 + 1)
    }

    private static func side(_ count: Int, _ size: Int, _ zoom: Int, _ gap: Int) -> Int {
        let step = size.multipliedReportingOverflow(by: zoom).partialValue &+ gap
        let (all, overflow) = count.multipliedReportingOverflow(by: step)
        return overflow || step < 0 ? .max : all &+ gap
    }

    package var width: Int { Self.side(columns, tile.width, zoom, Self.gap(tile, zoom)) }
    package var height: Int { Self.side(rows, tile.height, zoom, Self.gap(tile, zoom)) }

    /// Between tiles and where there is none: a blue that no grey element has.
    private static let background: [UInt8] = [170, 190, 220]

    /// The picture: `samples` on the background.
    ///
    /// - Parameter samples: of the tile at a row and column, [height, width, 3]; nil where there is
    ///   none.
    package func picture(_ samples: (_ row: Int, _ column: Int) -> [UInt8]?) -> Picture {
        let (width, gap) = (width, Self.gap(tile, zoom))
        var canvas: [UInt8] = []
        canvas.reserveCapacity(width * height * 3)
        for _ in 0..<width * height { canvas += Self.background }
        for row in 0..<rows {
            for column in 0..<columns {
                guard let samples = samples(row, column) else { continue }
                precondition(samples.count == tile.width * tile.height * 3)
                let left = gap + column * (tile.width * zoom + gap)
                let top = gap + row * (tile.height * zoom + gap)
                for y in 0..<tile.height * zoom {
                    var place = ((top + y) * width + left) * 3
                    for x in 0..<tile.width * zoom {
                        let element = (y / zoom * tile.width + x / zoom) * 3
                        canvas[place] = samples[element]
                        canvas[place + 1] = samples[element + 1]
                        canvas[place + 2] = samples[element + 2]
                        place += 3
                    }
                }
            }
        }
        return Picture(width: width, height: height, samples: canvas)
    }
}
