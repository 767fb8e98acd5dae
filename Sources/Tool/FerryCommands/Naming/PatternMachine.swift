/// Follows a pattern's program over texts.
struct PatternMachine {
    private let pattern: Pattern
    /// Instructions that may still be looked at.
    private(set) var steps: Int
    /// The position at which an instruction was last reached.
    private var reached: [Int]

    init(_ pattern: Pattern, steps: Int = PatternLimits.steps) {
        self.pattern = pattern
        self.steps = steps
        reached = [Int](repeating: -1, count: pattern.program.count)
    }

    /// A way to match that has come as far as an instruction.
    private struct Thread {
        var instruction: Int
        /// Where each group begins and ends; −1 for none.
        var places: [Int]
    }

    /// Too much work, for a pattern and texts of the sizes they have.
    struct OutOfSteps: Error {}

    /// Every match in `text`, from left to right, none overlapping another; of each, its groups.
    mutating func matches(
        in text: [UInt32]
    ) throws(OutOfSteps) -> [[Range<Int>?]] {
        var found: [[Range<Int>?]] = []
        var start = 0
        while start <= text.count, let places = try match(in: text, from: start) {
            let groups = (0..<pattern.groupCount).map { group in
                places[2 * group] < 0 || places[2 * group + 1] < 0
                    ? nil : places[2 * group]..<places[2 * group + 1]
            }
            found.append(groups)
            guard let whole = groups[0] else { break }
            start = whole.isEmpty ? whole.upperBound + 1 : whole.upperBound
        }
        return found
    }

    private mutating func match(
        in text: [UInt32], from start: Int
    ) throws(OutOfSteps) -> [Int]? {
        steps -= reached.count
        for index in reached.indices { reached[index] = -1 }
        var threads: [Thread] = []
        var best: [Int]?
        let nowhere = [Int](repeating: -1, count: 2 * pattern.groupCount)
        var position = start
        while true {
            if best == nil {
                try add(Thread(instruction: 0, places: nowhere), to: &threads, position, text.count)
            }
            if threads.isEmpty, best != nil { return best }
            var following: [Thread] = []
            stepping: for thread in threads {
                switch pattern.program[thread.instruction] {
                case .scalar(let scalars):
                    guard position < text.count, scalars.contains(text[position]) else { continue }
                    var next = thread
                    next.instruction += 1
                    try add(next, to: &following, position + 1, text.count)
                case .match:
                    best = thread.places
                    // What is left is less preferred.
                    break stepping
                default: continue
                }
            }
            if position == text.count { return best }
            threads = following
            position += 1
        }
    }

    /// Adds the instructions that a way comes to without reading on, in order of preference.
    private mutating func add(
        _ thread: Thread, to threads: inout [Thread], _ position: Int, _ end: Int
    ) throws(OutOfSteps) {
        var pending = [thread]
        while var thread = pending.popLast() {
            steps -= 1
            guard steps > 0 else { throw OutOfSteps() }
            guard reached[thread.instruction] < position else { continue }
            reached[thread.instruction] = position
            switch pattern.program[thread.instruction] {
            case .jump(let place):
                thread.instruction = place
                pending.append(thread)
            case .split(let first, let second):
                thread.instruction = second
                pending.append(thread)
                thread.instruction = first
                pending.append(thread)
            case .save(let place):
                thread.places[place] = position
                thread.instruction += 1
                pending.append(thread)
            case .start, .end:
                let wanted = pattern.program[thread.instruction] == .start ? 0 : end
                guard position == wanted else { continue }
                thread.instruction += 1
                pending.append(thread)
            case .scalar, .match: threads.append(thread)
            }
        }
    }
}
