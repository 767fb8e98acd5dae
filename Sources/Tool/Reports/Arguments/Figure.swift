import Foundation

/// A number with its unit.
package enum Figure: Sendable, Equatable {
    case count(Int)
    /// Shown in MiB.
    case bytes(Int)
    /// Shown in hundredths.
    case share(Double)
    /// Shown with so many digits behind the point.
    case decimal(Double, digits: Int)
    case milliseconds(Double)
    /// From the first to the second, or without an end.
    case range(Int, Int?)

    /// The number as text.
    ///
    /// - Parameter separator: between thousands.
    package func text(separator: String) -> String {
        switch self {
        case .count(let count): return Self.grouped(count, separator)
        case .bytes(let bytes):
            let mebibytes = Double(bytes) / 1_048_576
            return String(format: mebibytes < 0.1 ? "%.3f" : "%.1f", mebibytes)
        case .share(let share):
            return String(format: share < 0.00995 ? "%.2f %%" : "%.1f %%", 100 * share)
        case .decimal(let number, let digits):
            if number.isInfinite { return number > 0 ? "∞" : "−∞" }
            let text = String(format: "%.\(digits)f", number)
            // No minus before what is rounded to 0.
            let isZero = text.allSatisfy { !$0.isNumber || $0 == "0" }
            return isZero ? text.replacing("-", with: "") : text.replacing("-", with: "−")
        case .milliseconds(let time):
            let digits = time >= 99.95 ? 0 : time >= 9.995 ? 1 : time >= 0.9995 ? 2 : 3
            return String(format: "%.\(digits)f", time)
        case .range(let first, let last):
            guard let last else { return "from \(first)" }
            return first == last ? "\(first)" : "\(first)–\(last)"
        }
    }

    private static func grouped(_ number: Int, _ separator: String) -> String {
        var digits = Array("\(number.magnitude)").map(String.init)
        for place in stride(from: digits.count - 3, to: 0, by: -3) {
            digits.insert(separator, at: place)
        }
        return (number < 0 ? "−" : "") + digits.joined()
    }

    /// The length of a bar; nil for what is no length.
    var length: Double? {
        switch self {
        case .count(let count), .bytes(let count): Double(count)
        case .share(let number), .decimal(let number, _), .milliseconds(let number): number
        case .range: nil
        }
    }
}

extension Figure: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .count(let number), .bytes(let number): try container.encode(number)
        case .share(let number), .decimal(let number, _), .milliseconds(let number):
            try container.encode(number)
        case .range(let first, let last): try container.encode([first, last])
        }
    }
}

extension Argument: Encodable {
    private enum Key: String, CodingKey {
        case name, title, claim, source, formulas, columns, rows, verdict, conclusion
    }

    private struct Row: Encodable {
        let name: String
        let figures: [String: Figure]
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(title, forKey: .title)
        try container.encode(claim, forKey: .claim)
        try container.encode(source, forKey: .source)
        try container.encode(formulas, forKey: .formulas)
        try container.encode(table.columns, forKey: .columns)
        let rows = table.rows.map { row in
            let told = zip(table.columns, row.figures).compactMap { column, figure in
                figure.map { (column.key, $0) }
            }
            return Row(name: row.name, figures: Dictionary(uniqueKeysWithValues: told))
        }
        try container.encode(rows, forKey: .rows)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(conclusion, forKey: .conclusion)
    }
}
