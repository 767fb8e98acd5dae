/// A layer that is no model, where it lies in a network.
struct KerasLeaf {
    let layer: KerasLayer
    /// Names of the models it lies in, and its own.
    let path: [String]

    var name: String { path.joined(separator: "/") }
}

extension KerasNetwork {
    /// All layers in the order of the configuration, those of models inside in their model's place.
    func leaves(below path: [String] = []) -> [KerasLeaf] {
        layers.flatMap { layer in
            let place = path + [layer.name]
            return layer.inner?.leaves(below: place) ?? [KerasLeaf(layer: layer, path: place)]
        }
    }
}
