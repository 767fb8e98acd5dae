import Parity

extension Sizes {
    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [
            .init("LAYER"), .init("OPERATOR"), .init("WINDOW"), .init("OUTPUT", .right),
            .init("FLOOR", .right), .init("CEIL", .right), .init("FIELD", .right),
            .init("JUMP", .right), .init("START", .right), .init("PAD", .right),
            .init("PARAMETERS", .right), .init("MULTIPLY-ADDS", .right),
            .init("ACTIVATION", .right), .init("ALIVE", .right),
        ])
        for layer in layers {
            table.add([
                .init(layer.name), .init(layer.operation), .init(layer.formText),
                .init(Self.product(layer.outputShape.dropFirst().map { "\($0)" })),
                .init(Self.side(layer.floor)), .init(Self.side(layer.ceil)),
                .init(Self.side(layer.receptiveField)), .init(Self.side(layer.jump)),
                .init(Self.side(layer.start)), .init(layer.paddingText),
                .init(layer.parameters == 0 ? "" : Numbers.grouped(layer.parameters)),
                .init(layer.multiplyAdds == 0 ? "" : Numbers.grouped(layer.multiplyAdds)),
                .init(layer.activationBytes == 0 ? "" : Numbers.bytes(layer.activationBytes)),
                .init(Numbers.bytes(layer.liveBytes)),
            ])
        }
        var total = [TextTable.Cell](repeating: "", count: 10)
        total[0] = .init("total", .strong)
        for text in [
            Numbers.grouped(parameters), Numbers.grouped(multiplyAdds),
            Numbers.bytes(activationBytes), Numbers.bytes(peakActivationBytes),
        ] {
            total.append(.init(text, .strong))
        }
        table.add(total)
        let peak = layers.first { $0.liveBytes == peakActivationBytes }?.name ?? ""
        return """
            \(visible(file)): \(architecture ?? "a network of its own"), batch \(batch)
            \(table.render(coloured: coloured))
            window  kernel/stride+pad, or a dense layer's inputs×outputs; floor and ceil are a \
            window's output sides, rounded down and up
            field   pixels of the picture that one position sees; jump, from one to the next; \
            start, the first's middle; pad, beyond the picture
            alive   what a layer reads and gives, and what later ones read
            memory  \(Numbers.bytes(parameterBytes)) of parameters; activations: \
            \(Numbers.bytes(activationBytes)) with the input when all are kept, \
            \(Numbers.bytes(peakActivationBytes)) at the peak (\(visible(peak))); \
            \(Numbers.bytes(peakBytes)) together
            """
    }

    fileprivate static func product(_ sizes: [String]) -> String { sizes.joined(separator: "×") }

    /// One number where both axes have the same.
    private static func side<Number: Equatable & LosslessStringConvertible>(
        _ sizes: [Number]?
    ) -> String {
        guard let sizes else { return "" }
        let texts = sizes.map { size in
            let text = String(size)
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        return Set(texts).count == 1 ? texts[0] : product(texts)
    }
}

extension Sizes.Layer {
    /// "3×3+1" of a window, "25088×4096" of a dense layer.
    fileprivate var formText: String {
        window?.text ?? matrix.map { Sizes.product($0.map { "\($0)" }) } ?? ""
    }

    /// Above and below, or left and right, where all axes have the same.
    fileprivate var paddingText: String {
        guard let padding, padding.count == 4 else { return "" }
        let pairs = [[padding[0], padding[2]], [padding[1], padding[3]]].map { pair in
            pair[0] == pair[1] ? "\(pair[0])" : "\(pair[0]),\(pair[1])"
        }
        return pairs[0] == pairs[1] ? pairs[0] : "\(pairs[0])×\(pairs[1])"
    }
}

extension Sizes.Window {
    /// "11×11/4+2", stride 1 and pad 0 left out; "~2" a dilation.
    var text: String {
        var text = kernel.map { "\($0)" }.joined(separator: "×")
        func add(_ sign: String, _ sizes: [Int], unless usual: Int) {
            if sizes.allSatisfy({ $0 == usual }) { return }
            let isOne = Set(sizes).count == 1
            text += sign + (isOne ? "\(sizes[0])" : sizes.map { "\($0)" }.joined(separator: ","))
        }
        add("/", stride, unless: 1)
        add("+", pads, unless: 0)
        add("~", dilation, unless: 1)
        return text
    }
}
