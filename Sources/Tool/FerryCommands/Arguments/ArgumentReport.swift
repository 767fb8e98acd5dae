import Foundation
import KernelInterface
import Parity
import Reports
import Runtime

/// What `compare-architectures` tells.
struct ArgumentReport: Encodable {
    let arguments: [Argument]
    let kernels: String
    let numerics: String
    let threads: Int
    /// The processor that times were measured on; nil where none were.
    let processor: String?

    init(_ arguments: [Argument], _ engine: Engine, measures: Bool) {
        self.arguments = arguments
        kernels = engine.kernels.name
        numerics = engine.numerics.rawValue
        threads = engine.pool.threadCount
        processor = measures ? Provenance.processorName : nil
    }

    private var facts: [(name: String, value: String)] {
        [
            ("Ferry", FerryMain.version), ("Kernels", "\(kernels), \(numerics) numerics"),
            ("Threads", "\(threads)"),
        ] + (processor.map { [("Processor", $0)] } ?? [])
    }

    var page: String {
        ArgumentPage(
            arguments, version: FerryMain.version, commandLine: CommandLine.arguments, facts: facts
        ).html
    }

    func text(coloured: Bool) -> String {
        func style(_ text: String, _ style: TextTable.Style) -> String {
            coloured ? styled(text, style) : text
        }
        let parts = arguments.enumerated().map { index, argument in
            """
            \(style("\(index + 1). \(argument.title)", .strong))
            \(wrapped("\(argument.claim) (\(argument.source))", to: 100))

            \(argument.table.text(coloured: coloured))

            \(argument.formulas.map { wrapped($0, to: 100, indent: "    ") }.joined(separator: "\n"))
            \(style(argument.verdict.rawValue, argument.verdict.style)): \
            \(wrapped(argument.conclusion, to: 100, taken: argument.verdict.rawValue.count + 2))

            """
        }
        let settings = facts.dropFirst().map { "\($0.name.lowercased()) \($0.value)" }
        return parts.joined(separator: "\n") + "\n" + settings.joined(separator: ", ")
    }
}

extension Argument.Verdict {
    fileprivate var style: TextTable.Style {
        switch self {
        case .holds: .good
        case .holdsInPart: .strong
        case .doesNotHold: .bad
        }
    }
}

extension FigureTable {
    fileprivate func text(coloured: Bool) -> String {
        var text = TextTable(
            columns: [.init(rowTitle.uppercased())]
                + columns.map { column in
                    let mark = column.origin == .computed ? "" : ", \(column.origin.rawValue)"
                    return .init((column.title + mark).uppercased(), .right)
                })
        for row in rows {
            text.add(
                [.init(row.name)]
                    + row.figures.map { .init($0?.text(separator: ",") ?? "") })
        }
        return text.render(coloured: coloured)
    }
}
