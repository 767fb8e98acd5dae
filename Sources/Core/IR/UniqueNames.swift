/// Names given once each.
package struct UniqueNames: Sendable {
    private var taken: Set<String>
    /// How often a name was wished for, so that many equal wishes do not take quadratic time.
    private var counts: [String: Int] = [:]

    package init(taken: some Sequence<String> = EmptyCollection()) {
        self.taken = Set(taken)
    }

    package mutating func insert(_ name: String) { taken.insert(name) }

    /// `wish`, or a longer name when it is taken: `wish_1`, `wish_2` …
    package mutating func fresh(_ wish: String) -> String {
        var name = wish
        while !taken.insert(name).inserted {
            counts[wish, default: 0] += 1
            name = "\(wish)_\(counts[wish, default: 0])"
        }
        return name
    }
}
