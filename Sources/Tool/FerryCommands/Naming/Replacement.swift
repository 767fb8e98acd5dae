/// One `--rename`: a pattern, and what stands in place of each match.
package struct Replacement: Sendable {
    /// As the command line has it.
    package let text: String
    private let pattern: Pattern
    private let pieces: [Piece]

    private enum Piece: Sendable {
        case text([UInt32])
        case group(Int)
    }

    /// Takes `REGEX=REPLACEMENT` apart at the first `=` without a `\` before it. In the replacement
    /// `$1` stands for the first group, `$0` for the whole match and `$$` for a dollar.
    ///
    /// - Throws: `UsageError` with the place of what cannot be understood.
    package init(_ text: String) throws(UsageError) {
        self.text = text
        guard let sign = Self.divider(of: text) else {
            throw UsageError("--rename: expected REGEX=REPLACEMENT, found '\(text.prefix(60))'")
        }
        do {
            pattern = try Pattern(String(text[..<sign]))
        } catch {
            throw UsageError("--rename '\(text.prefix(60))': \(error)")
        }
        pieces = try Self.pieces(
            of: String(text[text.index(after: sign)...]), groups: pattern.groupCount, in: text)
    }

    private static func divider(of text: String) -> String.Index? {
        var isEscaped = false
        for index in text.indices {
            if text[index] == "=", !isEscaped { return index }
            isEscaped = text[index] == "\\" && !isEscaped
        }
        return nil
    }

    private static func pieces(
        of replacement: String, groups: Int, in text: String
    ) throws(UsageError) -> [Piece] {
        var pieces: [Piece] = []
        var plain: [UInt32] = []
        var rest = Array(replacement.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            guard scalar == "$" else {
                plain.append(scalar.value)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                plain.append(scalar.value)
                continue
            }
            let digits = rest.prefix { ("0"..."9").contains($0) }.prefix(2)
            let group = Int(String(String.UnicodeScalarView(digits))) ?? .max
            guard group < groups else {
                throw UsageError(
                    "--rename '\(text.prefix(60))': expected $0 to $\(groups - 1), or $$ for a dollar, "
                        + "found '$\(String(String.UnicodeScalarView(rest.prefix(2))))'")
            }
            rest = rest.dropFirst(digits.count)
            pieces += [.text(plain), .group(group)]
            plain = []
        }
        return pieces + [.text(plain)]
    }

    /// Letters that a name may grow to, and all names together.
    private static let letters = (name: 1 << 16, all: 1 << 26)

    /// Names with every match replaced; nil where the pattern matches nowhere.
    ///
    /// - Parameter steps: instructions that may be looked at, less those that were.
    /// - Throws: `UsageError` for a pattern that is too much work for these names, and for names that
    ///   grow too long.
    package func applied(
        to names: [String], within steps: inout Int
    ) throws(UsageError) -> [String]? {
        var machine = PatternMachine(pattern, steps: steps)
        defer { steps = machine.steps }
        var changed: [String] = []
        var hasMatch = false
        var letters = 0
        for name in names {
            let scalars = name.unicodeScalars.map(\.value)
            let matches: [[Range<Int>?]]
            do {
                matches = try machine.matches(in: scalars)
            } catch {
                throw UsageError(
                    "--rename '\(text.prefix(60))': expected a pattern that is done within "
                        + "\(PatternLimits.steps) steps for all names, found a larger one")
            }
            if matches.isEmpty {
                changed.append(name)
                continue
            }
            hasMatch = true
            let result = replacing(matches, in: scalars)
            letters += result.count
            guard result.count <= Self.letters.name, letters <= Self.letters.all else {
                throw UsageError(
                    "--rename '\(text.prefix(60))': expected names of at most "
                        + "\(Self.letters.name) letters, found longer ones made of "
                        + "'\(name.prefix(60))'")
            }
            changed.append(
                String(String.UnicodeScalarView(result.compactMap(Unicode.Scalar.init))))
        }
        return hasMatch ? changed : nil
    }

    /// The text with its matches replaced, or more of it than a name may have.
    private func replacing(_ matches: [[Range<Int>?]], in scalars: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var end = 0
        for match in matches {
            guard let whole = match[0] else { continue }
            result += scalars[end..<whole.lowerBound]
            for piece in pieces {
                if result.count > Self.letters.name { return result }
                switch piece {
                case .text(let text): result += text
                case .group(let group): result += match[group].map { scalars[$0] } ?? []
                }
            }
            end = whole.upperBound
        }
        return result + scalars[end...]
    }
}
