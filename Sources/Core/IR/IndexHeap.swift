/// A binary heap of indices, smallest first.
package struct IndexHeap {
    private var items: [Int] = []

    package init() {}

    package mutating func insert(_ index: Int) {
        items.append(index)
        var child = items.count - 1
        while child > 0, items[child] < items[(child - 1) / 2] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    package mutating func removeSmallest() -> Int? {
        guard let smallest = items.first else { return nil }
        let last = items.removeLast()
        if items.isEmpty { return smallest }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && items[child] < items[least] {
                least = child
            }
            if least == parent { return smallest }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
