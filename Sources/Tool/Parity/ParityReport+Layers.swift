import Foundation

/// Layers, bisection and findings as text.
extension ParityReport {
    /// One line a layer, in graph order.
    var layerTable: TextTable {
        let names = layers.contains { $0.referenceName != $0.name && !$0.referenceName.isEmpty }
        var columns: [TextTable.Column] = [
            .init("LAYER"), .init("REFERENCE"), .init("OPERATION"), .init("SHAPE", .right),
            .init("STATUS"), .init("MAX ABS", .right), .init("MAX REL", .right),
            .init("ULP", .right), .init("COSINE", .right), .init("SNR dB", .right),
            .init("OUTSIDE", .right), .init("WHY"),
        ]
        if !names { columns.remove(at: 1) }
        var table = TextTable(columns: columns)
        for layer in layers {
            var row = cells(of: layer)
            if !names { row.remove(at: 1) }
            table.add(row)
        }
        return table
    }

    private func cells(of layer: LayerRow) -> [TextTable.Cell] {
        let difference = layer.parity.difference
        let operation =
            layer.operation + (layer.referenceOperation.map { " (reference: \($0))" } ?? "")
        return [
            .init(layer.name), .init(layer.referenceName), .init(operation),
            .init(layer.shape.map { "\($0)" } ?? "-"),
            .init(layer.parity.status.words, layer.parity.status.style),
            .init(difference.map { short($0.maximumAbsolute) } ?? "-"),
            .init(difference.map { short($0.maximumRelative) } ?? "-"),
            .init(difference?.maximumULP.map { String($0) } ?? "-"),
            .init(difference?.cosine.map(cosineText) ?? "-"),
            .init(difference?.signalToNoise.map { String(format: "%.1f", $0) } ?? "-"),
            .init(difference.map(outside) ?? "-"), .init(layer.parity.explanation),
        ]
    }

    func bisectionLines(coloured: Bool) -> [String] {
        guard let bisection else { return [] }
        var what = bisection.operation
        if let other = bisection.referenceOperation { what += ", in the reference \(other)" }
        let name = styled(visible(bisection.layer), coloured ? .strong : .plain)
        return [
            "first layer outside the tolerance: \(name) (\(visible(what)))",
            "  \(visible(bisection.explanation))",
        ]
    }
}

extension Finding {
    var sentence: String {
        let place = tensor.map { "\(layer) (\(operation)), \($0)" } ?? "\(layer) (\(operation))"
        return "\(place): \(explanation)" + (isExact ? "; undoing it leaves no difference" : "")
    }
}
