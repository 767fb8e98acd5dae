/// The one of `choices` that `word` most likely meant: the fewest edits away, at most a third of its
/// length in edits and at least one, or else the first that begins with it; nil when there is none.
/// Case and "-" for "_" do not count.
package func nearestName(to word: String, among choices: [String]) -> String? {
    // A word far longer than any choice matches none; comparing it would only cost time.
    guard word.utf8.count <= 64 else { return nil }
    func key(_ name: String) -> String { name.lowercased().replacing("-", with: "_") }
    let close = choices.map { (editDistance(key(word), key($0)), $0) }
        .filter { $0.0 <= max(1, word.count / 3) }
    if let best = close.min(by: { $0 < $1 }) { return best.1 }
    return word.count < 3 ? nil : choices.first { key($0).hasPrefix(key(word)) }
}

/// The fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`,
/// no part being edited twice (optimal string alignment; Damerau 1964, Levenshtein 1966).
package func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a)
    let b = Array(b)
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            let cost = a[i] == b[j] ? 0 : 1
            var best = min(previous[j + 1] + 1, row[j] + 1, previous[j] + cost)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                best = min(best, beforePrevious[j - 1] + 1)
            }
            row.append(best)
        }
        beforePrevious = previous
        previous = row
    }
    return previous[b.count]
}
