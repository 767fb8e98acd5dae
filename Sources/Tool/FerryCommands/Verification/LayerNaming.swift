import Architectures
import Foundation
import IR
import Parity
import Tensors

/// What a layer may be called in recordings of it, by programs that know it under other names.
struct LayerNaming {
    /// Keys of each layer's names, the surest first.
    private let keys: [[String]]
    private let sequence: LayerSequence

    init(_ file: ModelFile, _ sequence: LayerSequence) {
        let known = Self.knownNames(file.model.architecture)
        self.sequence = sequence
        keys = sequence.layers.map { layer in
            let sources = layer.node.inputs.compactMap { file.model.sourceNames[$0] }
            let names =
                [layer.node.name] + layer.node.outputs + (known[layer.node.name] ?? [])
                + sources.compactMap(Self.owner)
            return names.flatMap(Self.keys)
        }
    }

    /// The names by which other frameworks know the layers of an architecture.
    private static func knownNames(_ architecture: Architecture?) -> [String: [String]] {
        var names: [String: [String]] = [:]
        for layer in architecture?.layers ?? [] {
            guard let all = layer.parameterNames else { continue }
            names[layer.name] = [all.keras, all.caffe]
        }
        return names
    }

    /// The layer in a weight's name: "block1_conv1" of "block1_conv1/kernel:0".
    private static func owner(of weight: String) -> String? {
        guard let end = weight.lastIndex(where: { $0 == "/" || $0 == "." }) else { return nil }
        return String(weight[..<end])
    }

    /// A name without case and separators, whole, as the path of modules that PyTorch's exporter makes
    /// of it, and its last parts that name no operator: "features.0" of
    /// "/features/features.0/Conv_output_0".
    private static func keys(of name: String) -> [String] {
        var name = name
        for ending in ["_output_0", ":0"] where name.hasSuffix(ending) {
            name.removeLast(ending.count)
        }
        let parts = name.split(separator: "/").map(String.init)
        if parts.count < 2 { return [key(name)] }
        let modules = parts.filter { !LayerKind.isOperator($0) }
        let path = modules.reduce("") { path, part in
            path.isEmpty || part.hasPrefix("\(path).") ? part : "\(path).\(part)"
        }
        return ([name, path] + modules.suffix(2).reversed()).filter { !$0.isEmpty }.map(key)
    }

    private static func key(_ name: String) -> String {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: ".")
    }

    /// The layers that recorded tensors are of, by the tensors' indices, as far as names tell.
    func layers(of names: [String]) -> [Int: Int] {
        var found: [Int: Int] = [:]
        var taken: Set<Int> = []
        func take(_ index: Int, _ isOf: (Int) -> Bool) {
            if found[index] != nil { return }
            let candidates = sequence.layers.indices.filter { !taken.contains($0) && isOf($0) }
            let type = names[index].lowercased()
            let best =
                candidates.first { type.contains(sequence.layers[$0].type.lowercased()) }
                ?? candidates.first
            if let best {
                found[index] = best
                taken.insert(best)
            }
        }
        for index in names.indices {
            take(index) { layer in
                let node = sequence.layers[layer].node
                return node.name == names[index] || node.outputs.contains(names[index])
            }
        }
        for index in names.indices {
            let key = Self.key(names[index])
            take(index) { keys[$0].contains(key) }
        }
        for index in names.indices {
            let others = Set(Self.keys(of: names[index]))
            take(index) { layer in keys[layer].contains(where: others.contains) }
        }
        return found
    }
}

extension LayerMap {
    /// Recorded tensors by their names; those whose names tell nothing stand alone at the end.
    init(recorded names: [String], of file: ModelFile, _ sequence: LayerSequence) {
        let found = LayerNaming(file, sequence).layers(of: names)
        let recorded = Dictionary(uniqueKeysWithValues: found.map { ($1, $0) })
        steps = sequence.layers.indices.map { ($0, recorded[$0]) }
        for index in names.indices where found[index] == nil { steps.append((nil, index)) }
    }

    /// Pairs what stands alone by its order: the last number in each name where all have one of
    /// their own, else as recorded tensors come.
    ///
    /// - Parameter fit: nil where a recorded tensor cannot be a layer's value, else whether it is
    ///   close to it.
    /// - Returns: the names of recorded tensors that were paired.
    mutating func pairRest(of names: [String], fit: (Int, Int) -> Bool?) -> [String] {
        let layers = steps.filter { $0.other == nil }.compactMap(\.layer)
        let rest = Self.ordered(steps.filter { $0.layer == nil }.compactMap(\.other), names)
        let alignment = Alignment(
            counts: (layers.count, rest.count), costs: ({ _ in 0 }, { _ in 0 }),
            score: { fit(layers[$0], rest[$1]).map { $0 ? 8 : 2 } })
        var paired: [String] = []
        for case (let layer?, let index?) in alignment.steps {
            steps.removeAll { $0.layer == nil && $0.other == rest[index] }
            guard let place = steps.firstIndex(where: { $0.layer == layers[layer] }) else {
                continue
            }
            steps[place].other = rest[index]
            paired.append(names[rest[index]])
        }
        return paired
    }

    private static func ordered(_ indices: [Int], _ names: [String]) -> [Int] {
        let numbers = indices.map { index in
            names[index].split { !("0"..."9").contains($0) }.last.flatMap { Int($0) }
        }
        guard !numbers.contains(nil), Set(numbers).count == numbers.count else { return indices }
        return zip(indices, numbers).sorted { ($0.1 ?? 0) < ($1.1 ?? 0) }.map(\.0)
    }
}
