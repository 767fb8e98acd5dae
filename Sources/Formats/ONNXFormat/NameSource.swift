/// Hands out names that nothing else in a model has.
struct NameSource {
    private var used: Set<String>
    /// Where to go on counting for each base, so that many equal names do not take quadratic time.
    private var next: [String: Int] = [:]

    init(_ used: some Sequence<String> = EmptyCollection()) {
        self.used = Set(used)
    }

    mutating func reserve(_ name: String) {
        used.insert(name)
    }

    /// `base`, or `base_2`, `base_3` … when that is taken.
    mutating func unique(_ base: String) -> String {
        if used.insert(base).inserted { return base }
        var count = next[base] ?? 2
        while !used.insert("\(base)_\(count)").inserted { count += 1 }
        next[base] = count + 1
        return "\(base)_\(count)"
    }
}
