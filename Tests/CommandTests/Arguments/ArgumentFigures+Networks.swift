/// The arguments that compare all networks.
extension ArgumentFigures {
    /// Heads, and the sides whose last maps are 5, 6 or 7 wide, or at all there.
    static var pooledHeads: Table {
        let heads = [
            ("lenet5", 16 * 10 + 10, [28, 31], 12), ("alexnet", 256 * 1000 + 1000, [223, 254], 63),
            ("vgg16", 512 * 1000 + 1000, [224, 255], 32),
        ]
        return Dictionary(
            uniqueKeysWithValues: heads.map { name, pooled, sides, least in
                let network = network(name)
                let dense = network.layers.filter(\.isDense).reduce(0) { $0 + $1.parameters }
                return (
                    name,
                    [
                        "dense_parameters": .count(dense), "pooled_parameters": .count(pooled),
                        "network_parameters": .count(network.parameters),
                        "network_pooled_parameters": .count(network.parameters - dense + pooled),
                        "dense_sides": .range(sides), "pooled_sides": .range([least, nil]),
                    ]
                )
            })
    }

    static var dense: Table {
        PublishedNetwork.all.mapValues { network in
            let convs = network.layers.filter(\.isConv)
            let dense = network.layers.filter(\.isDense)
            func sums(_ layers: [PublishedNetwork.Layer]) -> (parameters: Int, products: Int) {
                layers.reduce((0, 0)) { ($0.0 + $1.parameters, $0.1 + $1.products) }
            }
            return [
                "convolution_parameters": .count(sums(convs).parameters),
                "dense_parameters": .count(sums(dense).parameters),
                "parameters": .count(network.parameters),
                "weight_share": .share(sums(dense).parameters, network.parameters),
                "convolution_multiply_adds": .count(sums(convs).products),
                "dense_multiply_adds": .count(sums(dense).products),
                "multiply_adds": .count(network.products),
                "work_share": .share(sums(dense).products, network.products),
            ]
        }
    }

    static var memory: Table {
        let quoted = ["alexnet": 1191, "vgg11": 1467, "vgg13": 1477, "vgg16": 1501, "vgg19": 1527]
        return PublishedNetwork.all.mapValues { network in
            let plan = PlannedMemory(network)
            var row: [String: Figure] = [
                "weight_bytes": .count(4 * network.numbers),
                "prepared_bytes": .count(plan.prepared),
                "planned_bytes": .count(plan.activations),
                "bytes": .count(4 * network.numbers + plan.prepared + plan.activations),
                "unplanned_bytes": .count(network.peak),
            ]
            row["quoted_bytes"] = quoted[network.name].map { .count($0 * 1_048_576) }
            return row
        }
    }
}
