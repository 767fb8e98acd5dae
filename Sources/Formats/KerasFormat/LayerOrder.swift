extension [WrittenLayer] {
    /// The layers in the order in which Keras lists those of a model that it builds from its
    /// configuration. By their places in this list it finds their weights, whatever the order of the
    /// configuration was.
    ///
    /// Layers far from the outputs come first; of those equally far, the one that a walk from the
    /// outputs towards the inputs, in depth first, meets first.
    ///
    /// - Parameter outputs: names of the layers that give the model's outputs.
    ///
    /// Source: Keras 3, `map_graph` in `keras/src/ops/function.py`; Keras 2 does the same in
    /// `_map_graph_network`.
    func inKerasOrder(from outputs: [String]) -> [WrittenLayer] {
        let places = Dictionary(
            enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let reads = map { layer in layer.reads.compactMap { places[$0] } }
        let walk = Walk(reads, from: outputs.compactMap { places[$0] })
        var distances = [Int](repeating: 0, count: count)
        for place in walk.finished.reversed() {
            for read in reads[place] {
                distances[read] = Swift.max(distances[read], distances[place] + 1)
            }
        }
        return indices.sorted {
            (-distances[$0], walk.met[$0] ?? -1, $0) < (-distances[$1], walk.met[$1] ?? -1, $1)
        }.map { self[$0] }
    }
}

/// A walk in depth first from layers to those they read.
private struct Walk {
    /// How many layers were met before, by place; absent for those that no output needs.
    private(set) var met: [Int: Int] = [:]
    /// Places, each after all that it reads.
    private(set) var finished: [Int] = []

    /// - Parameter reads: for each layer, the places of the layers it reads.
    init(_ reads: [[Int]], from outputs: [Int]) {
        for output in outputs where met[output] == nil {
            met[output] = met.count
            // Each with how many of the layers it reads were looked at.
            var path = [(place: output, next: 0)]
            while let (place, next) = path.last {
                guard next < reads[place].count else {
                    finished.append(place)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let read = reads[place][next]
                if met[read] != nil { continue }
                met[read] = met.count
                path.append((read, 0))
            }
        }
    }
}
