import FerryCommands
import Foundation
import TestSupport
import Testing

/// Every dialect's malformed and unsupported files, refused by `ferry convert` itself.
@Suite struct DialectRefusals {
    @Test(arguments: Dialect.all)
    func `the good file of each dialect converts`(_ dialect: Dialect) throws {
        let outcome = try dialect.convert { _ in }
        #expect(outcome.answer.status == .done, "\(outcome.answer.errors)")
        #expect(outcome.added == 1)
    }

    @Test(arguments: Dialect.all)
    func `each dialect has at least ten defects, each of its own name`(_ dialect: Dialect) {
        #expect(dialect.defects.count >= 10)
        #expect(Set(dialect.defects.map(\.name)).count == dialect.defects.count)
    }

    @Test(arguments: DefectiveFile.all)
    func `a file is refused, a line a problem, with status 3 for`(_ file: DefectiveFile) throws {
        let outcome = try file.dialect.convert(damage: file.defect.make)
        let line = outcome.answer.errors
        #expect(outcome.answer.status == .badInput, "\(line)")
        #expect(outcome.answer.output.isEmpty && outcome.added == 0)
        #expect(line.hasPrefix("ferry: \(outcome.folder)/"), "\(line)")
        #expect(file.dialect.formats.contains { line.contains(": \($0): ") }, "\(line)")
        #expect(line.contains(file.defect.words), "\(line)")
        #expect(line.firstMatch(of: /: expected .+, found ./) != nil, "\(line)")
        let lines = line.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.last == "" && lines.count <= 3, "\(line)")
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("ferry: ") }, "\(line)")
    }
}

/// What a conversion in this process left behind.
private struct Conversion {
    let answer: ShellOutcome
    let folder: String
    /// Files more than before.
    let added: Int
}

extension Dialect {
    /// Converts the good file after damage to it.
    fileprivate func convert(
        damage: (DamagedFile) throws -> Void
    ) throws -> Conversion {
        let folder = try TemporaryFolder()
        let copies = try files.map {
            try DamagedFile(copying: Fixtures.url($0), into: folder)
        }
        let names = Set(try folder.names())
        try damage(copies[0])
        let before = try folder.names().count
        let options = options.map { names.contains($0) ? folder.path($0) : $0 }
        let target = [folder.path(destination[0])] + destination.dropFirst()
        let answer = try ShellOutcome(of: ["convert", copies[0].path] + target + options)
        return Conversion(
            answer: answer, folder: folder.path, added: try folder.names().count - before)
    }
}
