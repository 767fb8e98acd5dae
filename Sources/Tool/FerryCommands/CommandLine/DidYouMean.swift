/// "; did you mean 'convert'?" when one of `choices` is close to `word`, otherwise "".
///
/// Close is at most a third of the word's length in edits, and at least one.
package func didYouMean(_ word: String, among choices: [String], prefix: String = "") -> String {
    // A word far longer than any choice matches none; comparing it would only cost time.
    guard word.utf8.count <= 64 else { return "" }
    let limit = max(1, word.count / 3)
    let ranked = choices.map { (editDistance(word, $0), $0) }.filter { $0.0 <= limit }
    guard let best = ranked.min(by: { $0 < $1 }) else { return "" }
    return "; did you mean '\(prefix)\(best.1)'?"
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
