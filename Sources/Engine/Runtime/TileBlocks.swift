/// How the tiles of a transformed convolution are shared among threads.
///
/// Every thread has as many tiles as the others, in blocks that stay in its caches. Where tiles are
/// so few that a thread has one block, what does not divide evenly is shared by outputs: each
/// thread transforms these tiles, and multiplies them with its own share of the weights' panels.
package struct TileBlocks: Sendable {
    /// Tiles that are multiplied with the same panels.
    package struct Part: Equatable, Sendable {
        package var tiles: Range<Int>
        /// Where they lie in the block: whole groups, the last of which may reach beyond the tiles.
        package var rows: Range<Int>
        package var panels: Range<Int>
    }

    /// A thread's piece of work.
    package struct Block: Equatable, Sendable {
        /// Tiles of this block alone, for all panels.
        package var own: Part
        /// Tiles that all blocks have, each for panels of its own; without any, no panels either.
        package var shared: Part
    }

    private let tiles: Int
    /// Tiles that a kernel multiplies at least.
    private let groupTiles: Int
    private let threads: Int
    private let panels: Int
    private let groupsPerBlock: Int
    private let blocksPerThread: Int
    private let sharedGroups: Int

    /// - Parameters:
    ///   - tileRows: tiles that a kernel multiplies at once, a multiple of `groupTiles`.
    ///   - wanted: tiles of a block that would suit the caches.
    package init(
        tiles: Int, threads: Int, panels: Int, groupTiles: Int, tileRows: Int, wanted: Int
    ) {
        self.tiles = tiles
        self.groupTiles = groupTiles
        self.threads = threads
        self.panels = panels
        let groups = (tiles + groupTiles - 1) / groupTiles
        let share = (groups + threads - 1) / threads
        let blocks = (share * groupTiles + wanted - 1) / max(wanted, 1)
        if blocks <= 1 {
            blocksPerThread = 1
            groupsPerBlock = groups / threads
            sharedGroups = groups % threads
        } else {
            let step = tileRows / groupTiles
            let even = (share + blocks - 1) / blocks
            groupsPerBlock = (even + step - 1) / step * step
            blocksPerThread = (share + groupsPerBlock - 1) / groupsPerBlock
            sharedGroups = 0
        }
    }

    /// Blocks of all threads; a thread's follow one another.
    package var count: Int { threads * blocksPerThread }

    /// Rows of the largest block.
    package var capacity: Int { (groupsPerBlock + sharedGroups) * groupTiles }

    /// The block `index`; the last of a thread may be smaller, or empty.
    package subscript(index: Int) -> Block {
        let (thread, number) = (index / blocksPerThread, index % blocksPerThread)
        let groups = (tiles + groupTiles - 1) / groupTiles
        let divided = groups - sharedGroups
        let end = divided * (thread + 1) / threads
        let first = min(divided * thread / threads + number * groupsPerBlock, end)
        let own = part(first..<min(first + groupsPerBlock, end), fromRow: 0, 0..<panels)
        let share = panels * thread / threads..<panels * (thread + 1) / threads
        return Block(
            own: own,
            shared: part(
                divided..<groups, fromRow: own.rows.upperBound, sharedGroups > 0 ? share : 0..<0))
    }

    private func part(_ groups: Range<Int>, fromRow row: Int, _ panels: Range<Int>) -> Part {
        let end = min(groups.upperBound * groupTiles, tiles)
        return Part(
            tiles: min(groups.lowerBound * groupTiles, end)..<end,
            rows: row..<row + groups.count * groupTiles, panels: panels)
    }
}
