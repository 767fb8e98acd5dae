/// Rows of text in aligned columns.
///
/// Cells may hold text from files: control characters, which could steer a terminal, are replaced.
package struct TextTable: Sendable {
    /// Where a column's text stands.
    package enum Alignment: Sendable { case left, right }

    /// What a cell says about itself in colour.
    package enum Style: String, Sendable {
        case plain = ""
        case good = "32"
        case bad = "1;31"
        case faint = "2"
        case strong = "1"
    }

    /// A column's heading and alignment.
    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// A cell's text and style.
    package struct Cell: Sendable, ExpressibleByStringInterpolation {
        package var text: String
        package var style: Style

        package init(_ text: String, _ style: Style = .plain) {
            self.text = text
            self.style = style
        }

        package init(stringLiteral value: String) { self.init(value) }
    }

    package var columns: [Column]
    private var rows: [[Cell]] = []

    package init(columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells stay empty.
    ///
    /// - Precondition: there are no more cells than columns.
    package mutating func add(_ cells: [Cell]) {
        precondition(cells.count <= columns.count, "a row of \(cells.count) cells")
        rows.append(
            cells.map { Cell(visible($0.text), $0.style) }
                + Array(repeating: Cell(""), count: columns.count - cells.count))
    }

    /// Lines without a final newline: titles (unless all are empty), then rows, two spaces between
    /// columns and none at the ends of lines.
    package func render(coloured: Bool = false) -> String {
        let titles = columns.map { Cell($0.title, .strong) }
        let all = columns.allSatisfy { $0.title.isEmpty } ? rows : [titles] + rows
        let widths = columns.indices.map { column in
            all.map { displayWidth($0[column].text) }.max() ?? 0
        }
        return all.map { row in line(row, widths: widths, coloured: coloured) }
            .joined(separator: "\n")
    }

    private func line(_ row: [Cell], widths: [Int], coloured: Bool) -> String {
        let last = row.lastIndex { !$0.text.isEmpty } ?? 0
        return row.indices.prefix(last + 1).map { column in
            let cell = row[column]
            let space = String(repeating: " ", count: widths[column] - displayWidth(cell.text))
            let text = coloured ? styled(cell.text, cell.style) : cell.text
            if columns[column].alignment == .right { return space + text }
            return column == last ? text : text + space
        }.joined(separator: "  ")
    }
}

/// `text` in a style's terminal colours.
package func styled(_ text: String, _ style: TextTable.Style) -> String {
    style == .plain || text.isEmpty ? text : "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
}

/// `text` with every control and formatting character replaced by U+FFFD.
package func visible(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: result.append("\u{FFFD}")
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// Terminal columns `text` takes: 2 for East Asian wide characters and emoji, 0 for marks that
/// combine, 1 for the rest (Unicode Standard Annex 11, simplified to the wide blocks).
package func displayWidth(_ text: String) -> Int {
    text.reduce(0) { width, character in
        guard let scalar = character.unicodeScalars.first else { return width }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return width
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return width + 2
        default: return width + 1
        }
    }
}
