/// A regular expression, matched in time proportional to its size and the text's.
///
/// Letters, `.`, classes (`[a-z]`, `[^.]`, `\d`, `\w`, `\s`), `^`, `$`, groups (`(…)`, `(?:…)`),
/// `a|b`, and the counts `*`, `+`, `?`, `{2,5}`, each also with `?` for as few as possible. Of all
/// matches the leftmost counts, then the one that its earlier choices prefer, as in Perl.
///
/// All ways to match are followed side by side, so no pattern takes exponential time. Source: Pike's
/// virtual machine, as Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009, has it.
package struct Pattern: Sendable {
    let program: [Instruction]
    /// Groups that capture, the whole match among them.
    let groupCount: Int

    enum Instruction: Sendable, Equatable {
        case scalar(ScalarClass)
        case start, end
        /// Goes on in both places; the first is preferred.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case match
    }

    /// - Throws: `PatternError` with the place of what cannot be understood.
    package init(_ text: String) throws(PatternError) {
        var parser = try PatternParser(text)
        let node = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(.group(node, capture: 0))
        program = compiler.program + [.match]
        groupCount = parser.groupCount
    }
}

/// Some of Unicode's scalars.
struct ScalarClass: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    static let any = ScalarClass(ranges: [], isNegated: true)

    init(ranges: [ClosedRange<UInt32>], isNegated: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
    }

    init(_ scalar: Unicode.Scalar) {
        ranges = [scalar.value...scalar.value]
    }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) } != isNegated
    }
}

/// Why a text is no pattern.
package struct PatternError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Counted in characters from 1.
    package var place: Int
    package var problem: String

    package var description: String { "character \(place): \(problem)" }
}

/// Bounds that keep every pattern small.
package enum PatternLimits {
    static let characters = 1000
    static let instructions = 10_000
    static let depth = 50
    static let count = 1000
    /// Instructions looked at in all texts together: some seconds.
    package static let steps = 60_000_000
}

/// Makes a program of a parsed pattern.
struct PatternCompiler {
    private(set) var program: [Pattern.Instruction] = []

    private mutating func emit(_ instruction: Pattern.Instruction) throws(PatternError) {
        guard program.count < PatternLimits.instructions else {
            throw PatternError(
                place: 1,
                problem: "expected counts that multiply to less, found a pattern too large")
        }
        program.append(instruction)
    }

    mutating func compile(_ node: PatternNode) throws(PatternError) {
        switch node {
        case .scalar(let scalars): try emit(.scalar(scalars))
        case .start: try emit(.start)
        case .end: try emit(.end)
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .group(let node, let capture):
            if let capture { try emit(.save(2 * capture)) }
            try compile(node)
            if let capture { try emit(.save(2 * capture + 1)) }
        case .choice(let nodes): try compile(choice: nodes)
        case .repeated(let node, let least, let most, let isGreedy):
            try compile(node, least, most, isGreedy)
        }
    }

    private mutating func compile(choice nodes: [PatternNode]) throws(PatternError) {
        var jumps: [Int] = []
        for (index, node) in nodes.enumerated() {
            let split = program.count
            let isLast = index == nodes.count - 1
            if !isLast { try emit(.split(split + 1, 0)) }
            try compile(node)
            if isLast { break }
            jumps.append(program.count)
            try emit(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func compile(
        _ node: PatternNode, _ least: Int, _ most: Int?, _ isGreedy: Bool
    ) throws(PatternError) {
        func split(_ inside: Int, _ outside: Int) -> Pattern.Instruction {
            isGreedy ? .split(inside, outside) : .split(outside, inside)
        }
        for _ in 0..<least { try compile(node) }
        guard let most else {
            let place = program.count
            try emit(.split(0, 0))
            try compile(node)
            try emit(.jump(place))
            program[place] = split(place + 1, program.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            try emit(.split(0, 0))
            try compile(node)
        }
        for place in splits { program[place] = split(place + 1, program.count) }
    }
}
