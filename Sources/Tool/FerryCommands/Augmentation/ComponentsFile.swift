import FormatInterface
import Foundation
import Images
import Parity
import Tensors

/// Principal components of colours as a file of JSON, written and read.
///
/// `eigenvalues` holds λ₁ ≥ λ₂ ≥ λ₃ of values in 0…1, `components` a unit vector of red, green and
/// blue for each. The other members tell where they come from, and are not read.
struct ComponentsFile: Encodable {
    private static let format = "components"
    /// Far more than three numbers and three vectors take.
    private static let sizeLimit = 1 << 16

    let unit = "pixel values / 255"
    let pictures: Int
    let pixels: Int
    let mean: [Double]
    let covariance: [[Double]]
    let eigenvalues: [Double]
    let components: [[Double]]

    init(_ statistics: PixelStatistics, pictures: Int) {
        let matrix = statistics.covariance
        let principal = PrincipalComponents(of: matrix)
        self.pictures = pictures
        pixels = statistics.pixelCount
        mean = statistics.mean
        covariance = (0..<3).map { row in (0..<3).map { matrix[row: row, column: $0] } }
        eigenvalues = principal.values
        components = principal.vectors
    }

    /// A table of the components, the largest first.
    var text: String {
        var table = TextTable(columns: [
            .init("COMPONENT"), .init("λ", .right), .init("√λ·255", .right), .init("RED", .right),
            .init("GREEN", .right), .init("BLUE", .right), .init("SHARE", .right),
        ])
        let total = eigenvalues.reduce(0, +)
        for (index, value) in eigenvalues.enumerated() {
            var texts = [
                "p\(index + 1)", String(format: "%.6f", value),
                String(format: "%.2f", value.squareRoot() * 255),
            ]
            texts += components[index].map { String(format: "%.4f", $0) }
            texts.append(total > 0 ? String(format: "%.1f %%", value / total * 100) : "")
            table.add(texts.map { TextTable.Cell($0) })
        }
        return """
            \(AugmentationReport.counted(pictures, "picture")), \(Numbers.grouped(pixels)) pixels, \
            mean \(mean.map { String(format: "%.4f", $0) }.joined(separator: " "))
            \(table.render())
            """
    }

    func write(to path: String, replacing: Bool) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(self)
        try OutputFile.write(to: path, replacing: replacing) { file in
            try file.write(Array(text) + [0x0A])
        }
    }

    /// - Throws: `InputError` when the file holds no components.
    static func read(_ path: String) throws(InputError) -> PrincipalComponents {
        let file = try InputFile(path: path)
        guard file.count <= sizeLimit else {
            throw InputError(
                file: path, format: format, expected: "at most \(sizeLimit) bytes",
                found: "\(file.count)")
        }
        var (values, vectors): ([Double], [[Double]]) = ([], [])
        var reader = JSONReader(file.bytes(at: 0, count: file.count))
        do throws(JSONError) {
            try reader.object { reader, name throws(JSONError) in
                switch name {
                case "eigenvalues": values = try numbers(&reader)
                case "components":
                    try reader.array { reader throws(JSONError) in
                        vectors.append(try numbers(&reader))
                    }
                default: try reader.skip()
                }
            }
            try reader.end()
        } catch {
            throw ContentError(error, in: "JSON").inputError(file: path, format: format)
        }
        guard let components = PrincipalComponents(values: values, vectors: vectors) else {
            throw InputError(
                file: path, format: format,
                expected: "'eigenvalues' of three numbers in 0…1, the largest first, and "
                    + "'components' of three unit vectors at right angles",
                found: "\(values) and \(vectors)")
        }
        return components
    }

    private static func numbers(_ reader: inout JSONReader) throws(JSONError) -> [Double] {
        var numbers: [Double] = []
        try reader.array { reader throws(JSONError) in numbers.append(try reader.number()) }
        return numbers
    }
}
