import Foundation
package import Tensors

/// How far the activations of a network's layers lie from their float64 truth, in several
/// arithmetics.
package struct ErrorGrowth: Codable, Equatable, Sendable {
    /// Errors over a layer's elements, as parts of its largest magnitude.
    package struct Errors: Codable, Equatable, Sendable {
        /// max |v − r| / max |r|; infinite where a value is no number though its truth is.
        package var maximum: Double
        /// √(mean (v − r)²) / max |r|.
        package var rms: Double

        /// Measures float `values` against `truth`, over the elements whose truth is finite.
        ///
        /// - Precondition: the shapes agree.
        package init(of values: Tensor, from truth: Tensor) {
            precondition(values.shape == truth.shape, "only equal shapes can be compared")
            let scale = Self.largest(truth)
            var (count, squares, largest) = (0, 0.0, 0.0)
            for (chunk, other) in zip(values.chunks(), truth.chunks()) {
                for (value, reference) in zip(chunk.doubles(), other.doubles())
                where reference.isFinite {
                    let error =
                        value == reference ? 0 : ((value - reference) / scale).magnitude
                    largest = error.isNaN ? .infinity : max(largest, error)
                    squares += error * error
                    count += 1
                }
            }
            maximum = largest
            rms = largest.isFinite ? (squares / Double(max(count, 1))).squareRoot() : .infinity
        }

        /// The largest finite magnitude.
        package static func largest(_ truth: Tensor) -> Double {
            TensorSummary(of: truth).maximumMagnitude
        }
    }

    /// A layer, in graph order.
    package struct Layer: Codable, Equatable, Sendable {
        package var name: String
        /// What it computes, with what follows in the same breath: `Conv + Relu`.
        package var operation: String
        /// Of its output.
        package var shape: [Int]
        /// The largest finite magnitude of the truth.
        package var largest: Double
        /// By arithmetic; none for one that cannot hold the network.
        package var errors: [String: Errors]

        package init(name: String, operation: String, truth: Tensor) {
            self.name = name
            self.operation = operation
            shape = truth.shape
            largest = Errors.largest(truth)
            errors = [:]
        }
    }

    /// What was measured, in the order of the table's columns.
    package var arithmetics: [String]
    package var layers: [Layer]
    /// Why an arithmetic has no figures.
    package var notes: [String] = []

    package init(arithmetics: [String], layers: [Layer]) {
        self.arithmetics = arithmetics
        self.layers = layers
    }

    /// A table with two columns for each arithmetic, and what it means.
    package func text(coloured: Bool = false) -> String {
        var table = TextTable(
            columns: [
                .init("LAYER"), .init("OPERATION"), .init("OUTPUT", .right),
                .init("LARGEST", .right),
            ]
                + arithmetics.flatMap {
                    [
                        TextTable.Column("\($0.uppercased()) MAX", .right),
                        TextTable.Column("RMS", .right),
                    ]
                })
        for layer in layers {
            table.add(
                [
                    .init(layer.name), .init(layer.operation),
                    .init(layer.shape.map { "\($0)" }.joined(separator: "×")),
                    .init(String(format: "%.3g", layer.largest)),
                ]
                    + arithmetics.flatMap { name in
                        let errors = layer.errors[name]
                        return [
                            TextTable.Cell(errors.map { short($0.maximum) } ?? "-"),
                            TextTable.Cell(errors.map { short($0.rms) } ?? "-", .faint),
                        ]
                    })
        }
        return
            (["errors against float64, as parts of each layer's largest magnitude"]
            + [table.render(coloured: coloured)] + notes.map { "note: \(visible($0))" })
            .joined(separator: "\n")
    }
}
