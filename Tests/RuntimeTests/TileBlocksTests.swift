import Runtime
import TestSupport
import Testing

@Suite struct SharedTiles {
    @Test(arguments: UInt64(0)..<300)
    func `every tile meets every panel once`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let tiles = Int.random(in: 1...400, using: &generator)
        let threads = Int.random(in: 1...5, using: &generator)
        let panels = Int.random(in: 1...9, using: &generator)
        let groupTiles = [2, 4].randomElement(using: &generator) ?? 4
        let blocks = TileBlocks(
            tiles: tiles, threads: threads, panels: panels, groupTiles: groupTiles,
            tileRows: 3 * groupTiles, wanted: Int.random(in: 0...150, using: &generator))
        var met = [Int](repeating: 0, count: tiles * panels)
        for index in 0..<blocks.count {
            let block = blocks[index]
            #expect(block.own.rows.lowerBound == 0)
            #expect(block.shared.rows.lowerBound == block.own.rows.upperBound)
            #expect(block.shared.rows.upperBound <= blocks.capacity)
            for part in [block.own, block.shared] {
                #expect(part.rows.count % groupTiles == 0)
                #expect(part.rows.count >= part.tiles.count)
                for tile in part.tiles {
                    for panel in part.panels { met[tile * panels + panel] += 1 }
                }
            }
        }
        #expect(met.allSatisfy { $0 == 1 })
    }

    @Test(arguments: 1...4, [49, 196, 784, 3_136])
    func `threads multiply equally much`(_ threads: Int, _ tiles: Int) {
        let blocks = TileBlocks(
            tiles: tiles, threads: threads, panels: 16, groupTiles: 4, tileRows: 12, wanted: 60)
        let each = blocks.count / threads
        let shares = (0..<threads).map { thread in
            (thread * each..<(thread + 1) * each).reduce(0) { sum, index in
                let block = blocks[index]
                return sum + block.own.rows.count * block.own.panels.count
                    + block.shared.rows.count * block.shared.panels.count
            }
        }
        // A group of tiles, or one panel of those that are shared.
        let limit = blocks[0].shared.tiles.isEmpty ? 4 * 16 : 4 * (threads - 1)
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= limit)
    }
}
