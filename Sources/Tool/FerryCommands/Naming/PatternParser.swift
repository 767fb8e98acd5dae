/// What a pattern consists of.
indirect enum PatternNode: Sendable {
    case scalar(ScalarClass)
    case start, end
    case sequence([PatternNode])
    case group(PatternNode, capture: Int?)
    case choice([PatternNode])
    case repeated(PatternNode, least: Int, most: Int?, isGreedy: Bool)
}

/// Reads a pattern's text.
struct PatternParser {
    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private(set) var groupCount = 1

    init(_ text: String) throws(PatternError) {
        self.text = Array(text.unicodeScalars)
        guard self.text.count <= PatternLimits.characters else {
            throw PatternError(
                place: PatternLimits.characters + 1,
                problem: "expected at most \(PatternLimits.characters) characters, "
                    + "found \(self.text.count)")
        }
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try choice()
        if position < text.count { throw error("expected '(' before it, found ')'") }
        return node
    }

    private func error(_ problem: String, at place: Int? = nil) -> PatternError {
        PatternError(place: (place ?? position) + 1, problem: problem)
    }

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let place = position
            let atom = try atom()
            nodes.append(try counted(atom, from: place))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        let place = position
        let scalar = text[position]
        position += 1
        switch scalar {
        case ".": return .scalar(.any)
        case "^": return .start
        case "$": return .end
        case "(": return try group(from: place)
        case "[": return .scalar(try scalarClass(from: place))
        case "\\": return .scalar(try escape(from: place))
        case "*", "+", "?", "{":
            throw error("expected something to count, found '\(scalar)'", at: place)
        default: return .scalar(ScalarClass(scalar))
        }
    }

    private mutating func group(from place: Int) throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.depth else {
            throw error("expected groups at most \(PatternLimits.depth) deep", at: place)
        }
        var capture: Int?
        if take("?") {
            guard take(":") else {
                throw error("expected '(?:', found another kind of group", at: place)
            }
        } else {
            capture = groupCount
            groupCount += 1
        }
        let node = try choice()
        guard take(")") else { throw error("expected ')' for this group, found none", at: place) }
        return .group(node, capture: capture)
    }

    // MARK: Counts

    private mutating func counted(
        _ atom: PatternNode, from place: Int
    ) throws(PatternError) -> PatternNode {
        let least: Int
        var most: Int?
        let start = position
        if take("*") {
            least = 0
        } else if take("+") {
            least = 1
        } else if take("?") {
            (least, most) = (0, 1)
        } else if take("{") {
            least = try number(from: start)
            most = least
            if take(",") { most = next == "}" ? nil : try number(from: start) }
            guard take("}"), most ?? least >= least else {
                throw error("expected a count such as {2} or {2,5}, found another", at: start)
            }
        } else {
            return atom
        }
        let isGreedy = !take("?")
        if let next, "*+?{".unicodeScalars.contains(next) {
            throw error("expected one count, found a second")
        }
        return .repeated(atom, least: least, most: most, isGreedy: isGreedy)
    }

    private mutating func number(from place: Int) throws(PatternError) -> Int {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard let number = Int(digits), number <= PatternLimits.count else {
            throw error("expected a count up to \(PatternLimits.count)", at: place)
        }
        return number
    }

    // MARK: Classes

    private static let classes: [Unicode.Scalar: ScalarClass] = {
        let digits: [ClosedRange<UInt32>] = [0x30...0x39]
        let words = digits + [0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        let spaces: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]
        return [
            "d": ScalarClass(ranges: digits), "D": ScalarClass(ranges: digits, isNegated: true),
            "w": ScalarClass(ranges: words), "W": ScalarClass(ranges: words, isNegated: true),
            "s": ScalarClass(ranges: spaces), "S": ScalarClass(ranges: spaces, isNegated: true),
        ]
    }()

    private mutating func escape(from place: Int) throws(PatternError) -> ScalarClass {
        guard let scalar = next else {
            throw error("expected a character after '\\', found the end", at: place)
        }
        position += 1
        if let known = Self.classes[scalar] { return known }
        if scalar == "t" { return ScalarClass("\t") }
        if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
            throw error("expected \\d, \\w, \\s, \\t or a sign, found '\\\(scalar)'", at: place)
        }
        return ScalarClass(scalar)
    }

    private mutating func scalarClass(from place: Int) throws(PatternError) -> ScalarClass {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = next, scalar != "]" || isFirst {
            isFirst = false
            let start = position
            position += 1
            if scalar == "\\" {
                let escaped = try escape(from: start)
                guard !escaped.isNegated else {
                    throw error("expected no negated class inside another", at: start)
                }
                guard escaped.ranges.count == 1, escaped.ranges[0].count == 1 else {
                    ranges += escaped.ranges
                    continue
                }
                ranges.append(try range(from: escaped.ranges[0].lowerBound, start))
            } else {
                ranges.append(try range(from: scalar.value, start))
            }
        }
        guard take("]") else { throw error("expected ']' for this class, found none", at: place) }
        return ScalarClass(ranges: ranges, isNegated: isNegated)
    }

    private mutating func range(
        from first: UInt32, _ start: Int
    ) throws(PatternError) -> ClosedRange<UInt32> {
        guard next == "-", position + 1 < text.count, text[position + 1] != "]" else {
            return first...first
        }
        position += 1
        let place = position
        let scalar = text[position]
        position += 1
        let escaped = scalar == "\\" ? try escape(from: place) : ScalarClass(scalar)
        guard !escaped.isNegated, escaped.ranges.count == 1, escaped.ranges[0].count == 1,
            escaped.ranges[0].lowerBound >= first
        else { throw error("expected a range from lower to higher, found another", at: start) }
        return first...escaped.ranges[0].lowerBound
    }
}
