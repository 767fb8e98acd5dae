import Parity

/// Markup. Text that is put into it by interpolation is escaped; other markup is not.
///
/// File and tensor names come from strangers: they cannot leave the text they stand in, hide
/// characters in it or change its direction.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    var source: String

    init(source: String) { self.source = source }

    /// Text as markup, shortened beyond `limit` scalars.
    init(text: String, limit: Int = 200) { source = escaped(text, limit) }

    init(stringLiteral value: String) { source = value }

    init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { source += literal }
        mutating func appendInterpolation(_ text: String) { source += HTML(text: text).source }
        mutating func appendInterpolation(_ number: Int) { source += "\(number)" }
        mutating func appendInterpolation(_ markup: HTML) { source += markup.source }
        mutating func appendInterpolation(_ parts: [HTML]) {
            for part in parts { source += part.source }
        }
        /// A coordinate, to a tenth.
        mutating func appendInterpolation(_ coordinate: Double) {
            let tenths = Int((coordinate * 10).rounded())
            let sign = tenths < 0 ? "-" : ""
            let rest = tenths.magnitude % 10
            source += "\(sign)\(tenths.magnitude / 10)" + (rest == 0 ? "" : ".\(rest)")
        }
    }

    static let nothing: HTML = ""
}

/// `text` for elements and quoted attributes, long ones shortened in the middle.
private func escaped(_ text: String, _ limit: Int) -> String {
    shortened(visible(text), to: limit).reduce(into: "") { result, character in
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.append(character)
        }
    }
}

/// At most `count` scalars of `text`: its beginning and end.
func shortened(_ text: String, to count: Int) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > count else { return text }
    let head = (count - 1) / 2
    return String(String.UnicodeScalarView(scalars.prefix(head))) + "…"
        + String(String.UnicodeScalarView(scalars.suffix(count - 1 - head)))
}

extension String {
    /// With a capital at the beginning and a full stop at the end.
    var sentence: String {
        let ends = hasSuffix(".") || hasSuffix("!") || hasSuffix("?")
        return prefix(1).uppercased() + dropFirst() + (isEmpty || ends ? "" : ".")
    }

    /// As a shell takes it for one word.
    var quotedForShell: String {
        let plain =
            !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./,:=@%+".utf8.contains(byte)
                }
            }
        return plain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
