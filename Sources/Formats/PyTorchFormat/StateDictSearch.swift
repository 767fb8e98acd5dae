import FormatInterface

/// Finds the state dict in what a file holds: the object itself, or an entry of a checkpoint.
struct StateDictSearch {
    struct Result {
        var tensors: [(name: String, tensor: TensorReference)]
        var notes: [String]
    }

    /// Entries of training checkpoints that hold tensors, but not the network's.
    private static let bookkeeping = ["optim", "sched", "scaler", "amp", "loss", "criterion"]
    /// Keys under which the network is usually kept; the others may be averages or other networks.
    private static let usual = [
        "state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "module",
    ]
    private static let depthLimit = 8

    private let machine: PickleMachine

    init(_ machine: PickleMachine) {
        self.machine = machine
    }

    private struct Candidate {
        var path: [String]
        var dictionary: Int
    }

    /// - Throws: `ContentError` when there is none, or several of equal right.
    func find(in root: PickleValue) throws(ContentError) -> Result {
        guard case .dictionary(let dictionary) = root else {
            throw ContentError(expected: "a state dict", found: root.description)
        }
        var visited: Set<Int> = []
        let found = candidates(dictionary, [], &visited)
        let usual = found.filter { $0.path.last.map(Self.usual.contains) ?? true }
        guard let choice = found.count == 1 ? found.first : usual.first, usual.count <= 1 else {
            let names = found.map { "'\($0.path.joined(separator: "/"))'" }
            throw ContentError(
                expected: "one mapping of names to tensors",
                found: names.isEmpty ? "none" : names.prefix(8).joined(separator: ", "))
        }
        var result = try tensors(choice)
        if let note = leftOut(dictionary, choice) { result.notes.insert(note, at: 0) }
        return result
    }

    /// The innermost mappings that consist of tensors mostly, bookkeeping apart.
    private func candidates(
        _ dictionary: Int, _ path: [String], _ visited: inout Set<Int>
    ) -> [Candidate] {
        // A dictionary may hold itself.
        guard visited.insert(dictionary).inserted, path.count < Self.depthLimit else { return [] }
        let items = machine.dictionaries[dictionary].items
        var own = 0
        var nested: [Candidate] = []
        for (key, value) in items {
            guard case .text(let name) = key else { continue }
            switch value {
            case .tensor, .unreadableTensor: own += 1
            case .dictionary(let inner):
                let isBookkeeping = Self.bookkeeping.contains { name.lowercased().contains($0) }
                if !isBookkeeping { nested += candidates(inner, path + [name], &visited) }
            default: break
            }
        }
        let isStateDict = own > 0 && (2 * own > items.count || nested.isEmpty)
        return isStateDict ? [Candidate(path: path, dictionary: dictionary)] : nested
    }

    private func tensors(_ candidate: Candidate) throws(ContentError) -> Result {
        var result = Result(tensors: [], notes: [])
        var others: [String] = []
        for (key, value) in machine.dictionaries[candidate.dictionary].items {
            guard case .text(let name) = key else {
                others.append(key.description)
                continue
            }
            switch value {
            case .tensor(let tensor): result.tensors.append((name, tensor))
            case .unreadableTensor(let words):
                throw ContentError(tensor: name, expected: "a plain tensor", found: words)
            default: others.append("'\(name)'")
            }
        }
        if !others.isEmpty {
            result.notes.append("left out, being no tensors: \(Self.list(others))")
        }
        return result
    }

    /// What of a training checkpoint was not read.
    private func leftOut(_ root: Int, _ choice: Candidate) -> String? {
        guard let first = choice.path.first else { return nil }
        let others = machine.dictionaries[root].items.compactMap { key, _ in
            if case .text(let name) = key, name != first { "'\(name)'" } else { nil as String? }
        }
        let path = choice.path.joined(separator: "/")
        let rest = others.isEmpty ? "" : "; left out: \(Self.list(others))"
        return "a training checkpoint: the weights are those of '\(path)'\(rest)"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }
}
