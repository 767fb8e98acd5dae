import Architectures
import Foundation
import IR
import Images
import Parity
import Tensors

/// The five likeliest categories of a picture.
struct Classification: Encodable {
    struct Candidate: Encodable {
        let index: Int
        let label: String
        let probability: Double
    }

    let picture: String
    let preprocess: String
    let top: [Candidate]

    /// Ranks the network's first output, as probabilities: by softmax unless the network ends in
    /// one. Distances count as negative logarithms, as LeNet-5's paper takes them.
    init(
        _ picture: String, _ results: [String: Tensor], _ file: ModelFile, _ recipe: Preprocessing
    ) {
        self.picture = picture
        preprocess = recipe.rawValue
        let output = file.model.graph.outputs.first.flatMap { results[$0.name] }
        let scores = output?.doubles() ?? []
        let areDistances = file.model.architecture?.ranksSmallestFirst == true
        let ranked = areDistances ? scores.map { -$0 } : scores
        let probabilities = file.endsInSoftmax ? scores : softmax(ranked)
        let labels = Categories.names(count: scores.count)
        top = ranked.enumerated().sorted {
            ($1.element, $0.offset) < ($0.element, $1.offset)
        }
        .prefix(5).map {
            Candidate(
                index: $0.offset, label: labels?[$0.offset] ?? "\($0.offset)",
                probability: probabilities[$0.offset])
        }
    }

    func text(coloured: Bool) -> String {
        var table = TextTable(columns: [.init("", .right), .init("", .right), .init("")])
        for candidate in top {
            let index = "\(candidate.index)"
            table.add([
                .init(String(format: "%.2f %%", candidate.probability * 100)), .init(index),
                .init(candidate.label == index ? "" : candidate.label),
            ])
        }
        return "\(visible(picture))\n\(table.render(coloured: coloured))"
    }
}

extension ModelFile {
    /// Whether the network's first output is a softmax already, perhaps with its axes moved.
    var endsInSoftmax: Bool {
        guard var value = model.graph.outputs.first?.name else { return false }
        for node in model.graph.nodes.reversed() where node.outputs.contains(value) {
            if node.op is Softmax { return true }
            let isMove = node.op is Transpose || node.op is Reshape || node.op is Flatten
            guard isMove, let input = node.inputs.first else { return false }
            value = input
        }
        return false
    }
}

/// e^(x − max) / Σ e^(x − max).
func softmax(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let powers = scores.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}

/// ImageNet's category names as torchvision lists them.
enum Categories {
    private static let imagenet =
        String(decoding: PackageResources.imagenet_categories_txt, as: UTF8.self)
        .split(separator: "\n").map(String.init)

    /// The names when there are as many classes as ImageNet has; nil otherwise.
    static func names(count: Int) -> [String]? {
        count == imagenet.count ? imagenet : nil
    }
}
