/// Right and wrong answers, counted.
struct Tally {
    /// Answers that are looked at for the second error rate.
    static let topCount = 5

    private(set) var count = 0
    private(set) var wrong = 0
    private(set) var notAmongTop = 0
    /// By class and the class that was answered instead.
    private var confusions: [Pair: Int] = [:]

    private struct Pair: Hashable {
        let label: Int
        let answer: Int
    }

    /// - Parameter top: the likeliest classes, the likeliest first.
    mutating func add(label: Int, top: [Int]) {
        count += 1
        if !top.contains(label) { notAmongTop += 1 }
        guard let answer = top.first, answer != label else { return }
        wrong += 1
        confusions[Pair(label: label, answer: answer), default: 0] += 1
    }

    /// The pairs that were most often confused, the most frequent first.
    func mostFrequent(_ limit: Int) -> [(label: Int, answer: Int, count: Int)] {
        confusions.sorted {
            (-$0.value, $0.key.label, $0.key.answer) < (-$1.value, $1.key.label, $1.key.answer)
        }
        .prefix(limit).map { ($0.key.label, $0.key.answer, $0.value) }
    }
}
