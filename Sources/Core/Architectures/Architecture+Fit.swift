import IR
import Tensors

/// A tensor of a file that may play a part in an architecture, described without moving it.
struct SourceTensor {
    /// As the file has it, for messages.
    var name: String
    var elementType: ElementType
    /// In canonical axis order.
    var shape: [Int]
}

extension Architecture {
    /// Checks that tensors are this architecture's, and reads its sizes from them.
    ///
    /// - Parameters:
    ///   - hasHead: whether the layers from the flatten on are present.
    ///   - fileShape: turns a canonical shape into the file's own axis order, for messages.
    ///   - find: the tensor in a role of a layer, or the name it would have.
    /// - Throws: `.missingTensor`, `.shapeMismatch`, `.elementType`.
    func fit(
        hasHead: Bool,
        fileShape: (ParameterRole, [Int?]) -> [Int?] = { $1 },
        find: (LayerSpec, ParameterRole) -> (tensor: SourceTensor?, expectedName: String)
    ) throws(TranslationError) -> NetworkSizes {
        var walk = ShapeWalk(self, inputChannels: nil)
        var sizes = NetworkSizes(inputChannels: 0, convs: [], dense: [])
        for layer in layers(hasHead: hasHead) {
            var width: Int?
            for role in layer.roles {
                let expected = walk.expectedShape(of: role, in: layer).map { $0 ?? width }
                let found = find(layer, role)
                guard let tensor = found.tensor else {
                    throw .missingTensor(
                        name: found.expectedName, expected: fileShape(role, expected),
                        architecture: name)
                }
                try check(tensor, expected) { fileShape(role, $0) }
                if role == .weight {
                    width = tensor.shape[0]
                    sizes.add(layer, weight: tensor.shape)
                }
            }
            walk.advance(over: layer, width: width ?? 0)
        }
        return sizes
    }

    private func check(
        _ tensor: SourceTensor, _ expected: [Int?], inFile: ([Int?]) -> [Int?]
    ) throws(TranslationError) {
        let fits =
            tensor.shape.count == expected.count
            && zip(tensor.shape, expected).allSatisfy { $0 > 0 && ($1 == nil || $0 == $1) }
        if !fits {
            let found = inFile(tensor.shape).compactMap(\.self)
            throw .shapeMismatch(name: tensor.name, expected: inFile(expected), found: found)
        }
        if !tensor.elementType.isFloatingPoint {
            throw .elementType(
                name: tensor.name, expected: "floating-point elements", found: tensor.elementType)
        }
    }
}

extension NetworkSizes {
    /// Reads a layer's size from its weight's canonical shape.
    fileprivate mutating func add(_ layer: LayerSpec, weight: [Int]) {
        switch layer {
        case .conv:
            if convs.isEmpty { inputChannels = weight[1] }
            convs.append(weight[0])
        case .dense: dense.append(weight[0])
        case .batchNorm, .activation, .pool, .flatten: break
        }
    }
}
