import Images
import Parity
import Tensors

/// A tensor as tiles: a convolution's filters, or a layer's maps.
struct LayerTiles {
    /// What becomes black and what white.
    enum Scale: String, CaseIterable {
        /// The least and the largest number of each filter or map.
        case each
        /// Those of the whole layer.
        case all
    }

    enum Arrangement: Equatable {
        /// One after the other, in grey.
        case sequence
        /// One after the other, three planes as red, green and blue, or in the opposite order.
        case colors(isBGR: Bool)
        /// A row for each of the first axis, a column for each of the second, in grey.
        case matrix
    }

    fileprivate struct Extremes {
        var low = Double.infinity
        var high = -Double.infinity

        mutating func add(_ value: Double) {
            low = min(low, value)
            high = max(high, value)
        }

        mutating func add(_ other: Extremes) {
            low = min(low, other.low)
            high = max(high, other.high)
        }
    }

    let arrangement: Arrangement
    let count: Int
    let nonFiniteCount: Int
    /// Of the layer's finite numbers.
    var minimum: Double { whole.low }
    var maximum: Double { whole.high }
    /// Tiles by how large their numbers are on the average, the first tile of equals first.
    let strongest: [Int]

    /// [tiles, elements].
    private let tensor: Tensor
    private let columns: Int
    private let tile: (width: Int, height: Int)
    /// Tiles that `each` gives one range: a filter's.
    private let tilesPerRange: Int
    private let ranges: [Extremes]
    private let whole: Extremes

    /// - Parameter tensor: [tiles, height, width]; with colours [filters, 3, height, width]; in a
    ///   matrix [filters, channels, height, width]. Not empty.
    init(_ tensor: Tensor, _ arrangement: Arrangement) {
        precondition(tensor.elementCount > 0 && tensor.rank == (arrangement == .sequence ? 3 : 4))
        self.arrangement = arrangement
        let sides = tensor.shape.suffix(2)
        tile = (width: sides[sides.endIndex - 1], height: sides[sides.endIndex - 2])
        let (filters, channels) = (tensor.shape[0], tensor.shape[1])
        count = arrangement == .matrix ? filters * channels : filters
        self.tensor = tensor.reshaped([count, tensor.elementCount / count])
        columns = arrangement == .matrix ? channels : TileGrid.columns(for: filters)
        tilesPerRange = arrangement == .matrix ? channels : 1
        var ranges = [Extremes](repeating: Extremes(), count: filters)
        var sums: [Double] = []
        var strange = 0
        for index in 0..<count {
            var sum = 0.0
            for value in self.tensor.part(index, of: count).doubles() {
                guard value.isFinite else {
                    strange += 1
                    continue
                }
                ranges[index / tilesPerRange].add(value)
                sum += value.magnitude
            }
            sums.append(sum)
        }
        self.ranges = ranges
        whole = ranges.reduce(into: Extremes()) { $0.add($1) }
        nonFiniteCount = strange
        strongest = sums.indices.sorted { (sums[$1], $0) < (sums[$0], $1) }
    }

    /// Nil when not even one tile fits into a picture.
    func grid(zoom: Int?) -> TileGrid? {
        TileGrid(
            columns: columns, rows: (count + columns - 1) / columns, tile: tile, zoom: zoom)
    }

    /// How many tiles a grid shows.
    func shownCount(in grid: TileGrid) -> Int {
        arrangement == .matrix
            ? grid.rows * grid.columns : min(count, grid.rows * grid.columns)
    }

    func picture(_ grid: TileGrid, _ scale: Scale) -> Picture {
        grid.picture { row, column in
            let index = row * (arrangement == .matrix ? columns : grid.columns) + column
            return index < count ? samples(index, scale) : nil
        }
    }

    /// A tile's pixels; magenta where there is no finite number, middle grey where all are equal.
    private func samples(_ index: Int, _ scale: Scale) -> [UInt8] {
        let range = scale == .all ? whole : ranges[index / tilesPerRange]
        let values = tensor.part(index, of: count).doubles()
        let planes: [Int] =
            switch arrangement {
            case .colors(isBGR: false): [0, 1, 2]
            case .colors(isBGR: true): [2, 1, 0]
            default: [0, 0, 0]
            }
        let size = tile.width * tile.height
        var samples: [UInt8] = []
        samples.reserveCapacity(size * 3)
        for element in 0..<size {
            let pixel = planes.map { values[$0 * size + element] }
            samples += pixel.allSatisfy(\.isFinite) ? pixel.map(range.level) : [255, 0, 255]
        }
        return samples
    }
}

extension LayerTiles.Extremes {
    /// 0 for the least number, 255 for the largest.
    fileprivate func level(_ value: Double) -> UInt8 {
        // Halves, as the difference of two finite numbers may be infinite.
        let span = high / 2 - low / 2
        return span > 0 ? UInt8(((value / 2 - low / 2) / span * 255).rounded()) : 128
    }
}
