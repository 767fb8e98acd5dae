import Architectures
import IR
import Tensors

/// A constant that is added behind a layer whose partner has it for its bias.
struct AddedBias {
    /// Which network adds it.
    let isInReference: Bool
    let addition: Int
    /// The layer's name there.
    let layer: String
    /// [out].
    let bias: Tensor

    func isIn(_ view: GraphView, _ index: Int) -> Bool {
        view.isReference == isInReference && addition == index
    }

    static func all(
        _ value: GraphView, _ reference: GraphView, _ alignment: GraphAlignment
    ) -> [AddedBias] {
        all(value, alignment.partners, reference)
            + all(reference, alignment.referencePartners, value)
    }

    private static func all(
        _ view: GraphView, _ partners: [Int?], _ other: GraphView
    ) -> [AddedBias] {
        view.items.indices.compactMap { index in
            let item = view.items[index]
            guard partners[index] == nil, item.node.op is Add, item.inputs.count == 1,
                let name = item.node.inputs.first(where: { view.model.weights[$0] != nil }),
                let constant = view.model.weights[name],
                let layer = layer(before: index, view, partners),
                let partner = partners[layer],
                view.items[layer].layer?.name(of: .bias) == nil,
                let bias = other.items[partner].layer?.name(of: .bias),
                let shape = other.model.weights[bias]?.shape,
                constant.elementCount == shape.reduce(1, *)
            else { return nil }
            return AddedBias(
                isInReference: view.isReference, addition: index,
                layer: view.items[layer].node.name, bias: constant.reshaped(shape))
        }
    }

    /// The layer behind which an operator stands, past what only moves elements.
    private static func layer(
        before index: Int, _ view: GraphView, _ partners: [Int?]
    ) -> Int? {
        var name = view.items[index].inputs.first
        while let value = name, let producer = view.producers[value] {
            let item = view.items[producer]
            if partners[producer] != nil, item.layer?.name(of: .weight) != nil { return producer }
            guard partners[producer] == nil, item.node.op is Transpose || item.skippingCost < 1
            else { return nil }
            name = item.inputs.first
        }
        return nil
    }
}
