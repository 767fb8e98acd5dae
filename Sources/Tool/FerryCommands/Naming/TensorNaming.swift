import FormatInterface
package import IR

/// What the command line says about the names of a file's tensors, and about those it lacks.
package struct TensorNaming: Sendable {
    /// Applied one after the other to every name that the mapping leaves.
    package var replacements: [Replacement] = []
    package var mapping: NameMapping?
    /// Whether tensors may be missing, misshapen or too many.
    package var isPartial = false

    /// Everything as the file has it.
    package init() {}

    /// The options that say it.
    static let options: [CommandOption] = [
        .value(
            "rename", "REGEX=TEXT", repeats: true,
            help: "rename tensors before they are recognised; $1 is a group"),
        .value(
            "mapping", "FILE", help: "names, one a line: SOURCE<tab>TARGET or SOURCE => TARGET"),
        .flag("partial", help: "take what is there: report tensors that do not fit"),
    ]

    /// - Throws: `UsageError` for a bad pattern, `InputError` for a bad mapping file.
    init(_ arguments: ParsedArguments) throws(UsageError) {
        for text in arguments.values("rename") { replacements.append(try Replacement(text)) }
        mappingPath = arguments.value("mapping")
        isPartial = arguments.has("partial")
    }

    private var mappingPath: String?

    /// The naming with its mapping file read.
    ///
    /// - Throws: `InputError` for a bad mapping file.
    func loaded() throws(InputError) -> TensorNaming {
        var naming = self
        if let mappingPath { naming.mapping = try NameMapping(path: mappingPath) }
        return naming
    }

    private var isEmpty: Bool { replacements.isEmpty && mapping == nil }

    /// A file's tensors under their new names.
    ///
    /// - Throws: `InputError` for a mapping of tensors the file has not, `UsageError` where two
    ///   tensors would have one name.
    package func applied(to checkpoint: Checkpoint, of file: String) throws -> Checkpoint {
        if isEmpty { return checkpoint }
        var checkpoint = checkpoint
        let old = checkpoint.tensors.map(\.path)
        var new = old
        let isMapped = try map(&new, of: file, notes: &checkpoint.notes)
        var steps = PatternLimits.steps
        for replacement in replacements {
            guard let changed = try replacement.applied(to: new, within: &steps) else {
                checkpoint.notes.append("--rename '\(replacement.text)' matches no tensor")
                continue
            }
            for index in new.indices where !isMapped.contains(index) { new[index] = changed[index] }
        }
        try check(new, old, checkpoint)
        let renamed = checkpoint.tensors.indices.map { checkpoint.tensors[$0].renamed(to: new[$0]) }
        if var graph = checkpoint.graph {
            let names = zip(checkpoint.tensors, renamed).map { ($0.name, $1.name) }
            graph.rename(Dictionary(names) { first, _ in first })
            checkpoint.graph = graph
        }
        checkpoint.tensors = renamed
        return checkpoint
    }

    /// - Returns: places of the tensors that the mapping names.
    private func map(
        _ names: inout [String], of file: String, notes: inout [String]
    ) throws(InputError) -> Set<Int> {
        guard let mapping else { return [] }
        let places = Dictionary(
            names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var mapped: Set<Int> = []
        for entry in mapping.entries {
            guard let place = places[entry.source] else {
                if isPartial {
                    notes.append(
                        "\(mapping.path), line \(entry.line): no tensor '\(entry.source)'")
                    continue
                }
                throw mapping.error(
                    entry.line, expected: "a tensor of \(file)",
                    found: "'\(entry.source)', which it has not")
            }
            names[place] = entry.target
            mapped.insert(place)
        }
        return mapped
    }

    private func check(
        _ new: [String], _ old: [String], _ checkpoint: Checkpoint
    ) throws(UsageError) {
        let option = mapping.map { "--mapping \($0.path)" } ?? "--rename"
        let constants = Set(checkpoint.tensors.map(\.name))
        let values = checkpoint.graph.map { $0.valueNames.subtracting(constants) } ?? []
        var owners: [String: String] = [:]
        for (name, before) in zip(new, old) {
            if name.isEmpty {
                throw UsageError("\(option): expected a name, found none left of '\(before)'")
            }
            if let other = owners.updateValue(before, forKey: name), name != before || other != name
            {
                throw UsageError(
                    "\(option): expected a name for each tensor, found '\(name)' for both "
                        + "'\(other)' and '\(before)'")
            }
            if name != before, values.contains(name) {
                throw UsageError(
                    "\(option): expected a new name for '\(before)', found '\(name)', which is "
                        + "another value of the graph")
            }
        }
    }
}

extension NamedTensor {
    /// What the command line calls the tensor: its name, below its layer's where it has one.
    package var path: String {
        guard let layer, !name.hasPrefix("\(layer)/") else { return name }
        return "\(layer)/\(name)"
    }

    /// The tensor under another path, whose layer is the first part where the old one is left.
    fileprivate func renamed(to path: String) -> NamedTensor {
        guard path != self.path else { return self }
        var tensor = self
        guard let layer else {
            tensor.name = path
            return tensor
        }
        let isShort = self.path != name
        if !path.hasPrefix("\(layer)/") {
            tensor.layer = path.split(separator: "/").first.map(String.init) ?? path
        }
        let prefix = "\(tensor.layer ?? "")/"
        tensor.name =
            isShort && path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
        return tensor
    }
}

extension Graph {
    /// Everything that nodes read and write, and what goes in and out.
    fileprivate var valueNames: Set<String> {
        Set(nodes.flatMap { $0.inputs + $0.outputs } + inputs.map(\.name) + outputs.map(\.name))
    }

    /// Gives constants other names.
    fileprivate mutating func rename(_ names: [String: String]) {
        for index in nodes.indices {
            for input in nodes[index].inputs.indices {
                guard let name = names[nodes[index].inputs[input]] else { continue }
                nodes[index].inputs[input] = name
            }
        }
        for index in outputs.indices {
            outputs[index].name = names[outputs[index].name] ?? outputs[index].name
        }
    }
}
