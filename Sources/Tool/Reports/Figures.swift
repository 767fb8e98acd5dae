import Foundation

/// A measure in three digits, powers of ten as people write them: 3.81 × 10⁻⁶.
func scientific(_ value: Double) -> String {
    if value == 0 { return "0" }
    guard value.isFinite else { return value.isNaN ? "NaN" : "∞" }
    if (0.01..<10_000).contains(value.magnitude) {
        return String(format: value.magnitude < 100 ? "%.3g" : "%.0f", value)
    }
    let parts = String(format: "%.2e", value).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
    return "\(parts[0]) × \(power(exponent))"
}

/// 10ⁿ.
func power(_ exponent: Int) -> String {
    let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    let text = "\(exponent.magnitude)".compactMap { $0.wholeNumberValue.map { digits[$0] } }
    return "10" + (exponent < 0 ? "⁻" : "") + text.joined()
}

/// A whole number with thin spaces between thousands.
func grouped(_ number: Int) -> String {
    var digits = Array("\(number.magnitude)")
    var place = digits.count - 3
    while place > 0 {
        digits.insert("\u{2009}", at: place)
        place -= 3
    }
    return (number < 0 ? "−" : "") + String(digits)
}

/// A share of the tolerance: "4.1 %" and "of the tolerance", or "12 ×" and "the tolerance" from twice
/// the tolerance on.
func share(_ margin: Double) -> (figure: String, unit: String) {
    guard margin.isFinite else { return ("beyond", "any tolerance") }
    if margin >= 2 { return ("\(scientific(margin)) ×", "the tolerance") }
    let percent = margin * 100
    let figure =
        margin == 0 ? "0 %" : percent < 0.01 ? "< 0.01 %" : String(format: "%.3g %%", percent)
    return (figure, "of the tolerance")
}
