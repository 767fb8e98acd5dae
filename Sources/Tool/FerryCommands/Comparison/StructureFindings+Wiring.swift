import Architectures
import IR
import Parity

extension StructureFindings {
    /// What an operator reads, by the reference's operators where those are matched.
    private enum Source: Hashable {
        case input(Int)
        case operation(Int, output: Int)
        case unknown(String)
    }

    mutating func compareWiring() {
        // Both sides' operators go by their place in the reference.
        let own = comparison.alignment.referencePartners.enumerated().map { $1 == nil ? nil : $0 }
        for (index, item) in value.items.enumerated() {
            guard let partner = comparison.alignment.partners[index],
                !comparison.blocks.settled.contains(index)
            else { continue }
            let other = reference.items[partner]
            let mine = item.inputs.map { source($0, in: value, comparison.alignment.partners) }
            let theirs = other.inputs.map { source($0, in: reference, own) }
            guard mine != theirs, mine.count == theirs.count else { continue }
            let isPermuted = Set(mine) == Set(theirs)
            if isPermuted, item.node.op.isCommutative { continue }
            if isPermuted {
                add(
                    Double(index), item, .operandOrder, "the same inputs in another order")
            } else if !comparison.moved.contains(index), !readsMoved(mine + theirs) {
                add(
                    Double(index), item, .wiring,
                    "reads \(before(item, value)), the reference \(before(other, reference))",
                    isExact: false)
            }
        }
    }

    private func readsMoved(_ sources: [Source]) -> Bool {
        sources.contains { source in
            guard case .operation(let place, _) = source,
                let index = comparison.alignment.referencePartners[place]
            else { return false }
            return comparison.moved.contains(index)
        }
    }

    /// Whether the operator is a part of what two networks spell differently.
    private func isSettled(_ index: Int, in view: GraphView) -> Bool {
        let blocks = comparison.blocks
        return view.isReference
            ? blocks.settledInReference.contains(index) : blocks.settled.contains(index)
    }

    /// Where a value comes from, past operators that only one network has.
    private func source(_ name: String, in view: GraphView, _ partners: [Int?]) -> Source {
        var name = name
        while let producer = view.producers[name] {
            if let partner = partners[producer], !isSettled(producer, in: view) {
                let output = view.items[producer].node.outputs.firstIndex(of: name) ?? 0
                return .operation(partner, output: output)
            }
            guard let next = view.items[producer].inputs.first else { return .unknown(name) }
            name = next
        }
        let place = view.model.graph.inputs.firstIndex { $0.name == name }
        return place.map { .input($0) } ?? .unknown(name)
    }
}
