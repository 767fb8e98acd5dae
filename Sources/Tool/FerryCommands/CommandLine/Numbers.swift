import Foundation

/// Numbers as people read them, the same in every locale.
package enum Numbers {
    /// "61,100,840".
    package static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// "512 bytes", "233.1 MiB".
    package static func bytes(_ count: Int) -> String {
        if count.magnitude < 1024 { return "\(count) byte\(count == 1 ? "" : "s")" }
        var value = Double(count)
        var unit = ""
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where value.magnitude >= 1023.95 {
            value /= 1024
            unit = next
        }
        return String(format: "%.1f ", value) + unit
    }

    /// "0.012 ms", "9.41 ms", "118 ms", "2,345 ms": three significant digits.
    package static func milliseconds(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "\(value) ms" }
        if value.magnitude >= 99.95 { return grouped(Int(value.rounded())) + " ms" }
        let digits = value.magnitude >= 9.995 ? 1 : value.magnitude >= 0.9995 ? 2 : 3
        return String(format: "%.\(digits)f ms", value)
    }

    /// "0.1235", "-12.3", "1.2e-07": four significant digits.
    package static func short(_ value: Double) -> String { String(format: "%.4g", value) }

    /// A duration in milliseconds.
    package static func milliseconds(_ duration: Duration) -> String {
        milliseconds(duration / .milliseconds(1))
    }
}
