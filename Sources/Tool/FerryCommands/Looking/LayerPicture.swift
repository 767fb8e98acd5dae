import FormatInterface
import Images
import Parity

/// What `show` reports: which layer's numbers became a picture, and how.
struct LayerPicture: Encodable {
    /// What is to be drawn.
    struct Drawing {
        let layer: String
        let shape: [Int]
        let tiles: LayerTiles
        /// "grey", "red first" or "blue first, turned".
        let colors: String
        var picture: String?
        var preprocess: String?
    }

    /// Channels to name in a line.
    private static let strongestLimit = 5

    let model: String
    let destination: String
    let layer: String
    let shape: [Int]
    let minimum: Double
    let maximum: Double
    let nonFinite: Int
    let tiles: Int
    let shown: Int
    let columns: Int
    let rows: Int
    let zoom: Int
    let scale: String
    let colors: String
    let width: Int
    let height: Int
    let picture: String?
    let preprocess: String?
    /// Of maps, those of the largest mean magnitude, the largest first.
    let strongest: [Int]?

    enum CodingKeys: String, CodingKey {
        case model, destination, layer, shape, minimum, maximum, tiles, shown, columns, rows, zoom
        case scale, colors, width, height, picture, preprocess, strongest
        case nonFinite = "non_finite"
    }

    /// Draws, and tells what was drawn.
    ///
    /// - Throws: `InputError` when a single tile is too large for a picture.
    static func made(
        of drawing: Drawing, in file: ModelFile, as destination: String, scale: LayerTiles.Scale,
        zoom: Int?
    ) throws -> (LayerPicture, png: [UInt8]) {
        guard let grid = drawing.tiles.grid(zoom: zoom) else {
            throw InputError(
                file: file.path, format: file.format, place: "layer '\(drawing.layer)'",
                expected: "tiles that fit into a picture", found: "shape \(drawing.shape)")
        }
        let picture = drawing.tiles.picture(grid, scale)
        let report = LayerPicture(drawing, grid, file.path, destination, scale)
        return (report, try picture.png())
    }

    private init(
        _ drawing: Drawing, _ grid: TileGrid, _ model: String, _ destination: String,
        _ scale: LayerTiles.Scale
    ) {
        self.model = model
        self.destination = destination
        layer = drawing.layer
        shape = drawing.shape
        minimum = drawing.tiles.minimum
        maximum = drawing.tiles.maximum
        nonFinite = drawing.tiles.nonFiniteCount
        tiles = drawing.tiles.count
        shown = drawing.tiles.shownCount(in: grid)
        columns = grid.columns
        rows = grid.rows
        zoom = grid.zoom
        self.scale = scale.rawValue
        colors = drawing.colors
        width = grid.width
        height = grid.height
        picture = drawing.picture
        preprocess = drawing.preprocess
        strongest =
            picture == nil ? nil : Array(drawing.tiles.strongest.prefix(Self.strongestLimit))
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("LAYER"), .init("SHAPE"), .init("MIN", .right), .init("MAX", .right),
            .init("TILES", .right), .init("GRID", .right), .init("COLOURS"), .init("SCALE"),
        ])
        table.add([
            .init(layer), "\(shape)", .init(Numbers.short(minimum)), .init(Numbers.short(maximum)),
            .init(shown == tiles ? "\(tiles)" : "\(shown) of \(tiles)"), "\(columns)×\(rows)",
            .init(colors), .init(scale),
        ])
        var lines = [
            "\(visible(model)) → \(visible(destination)): "
                + "\(picture == nil ? "filters" : "activations"), \(width)×\(height) pixels",
            table.render(coloured: coloured),
        ]
        if let strongest, tiles > 1 {
            let channels = strongest.map { "\($0)" }.joined(separator: ", ")
            lines.append("strongest channels \(channels)")
        }
        if shown < tiles { lines.append("note    the first tiles only: the others do not fit") }
        if nonFinite > 0 {
            lines.append("note    \(Numbers.grouped(nonFinite)) numbers are not finite: magenta")
        }
        return lines.joined(separator: "\n")
    }
}
