import Architectures
import Foundation
import IR
import Images
import Parity
import Tensors

/// How likely a network thinks each class of a picture.
struct ClassScores {
    /// The larger, the likelier: the network's own scores, negated where they are distances; the
    /// averaged probabilities where several views were looked at.
    let ranks: [Double]
    /// By softmax unless the network ends in one. Distances count as negative logarithms, as
    /// LeNet-5's paper takes them.
    let probabilities: [Double]

    /// - Parameter rows: the classes' scores for each view, at least one.
    init(_ rows: [[Double]], of file: ModelFile) {
        let areDistances = file.model.architecture?.ranksSmallestFirst == true
        let isSoftmax = file.endsInSoftmax
        let ranked = areDistances ? rows.map { $0.map { -$0 } } : rows
        let each = isSoftmax ? ranked : ranked.map(softmax)
        guard each.count > 1 else {
            (ranks, probabilities) = (ranked[0], each[0])
            return
        }
        let count = Double(each.count)
        probabilities = each[0].indices.map { index in
            each.reduce(0) { $0 + $1[index] } / count
        }
        ranks = probabilities
    }

    /// The first class whose score is no number.
    var firstNaN: Int? { ranks.firstIndex(where: \.isNaN) }

    /// Indices of the likeliest classes, the likeliest first; of equals the first in order.
    func likeliest(_ count: Int) -> [Int] {
        ranks.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
            .prefix(count).map(\.offset)
    }
}

/// The five likeliest categories of a picture.
struct Classification: Encodable {
    struct Candidate: Encodable {
        let index: Int
        let label: String
        let probability: Double
    }

    let picture: String
    let preprocess: String
    let `protocol`: String
    let views: [ViewReport]
    let top: [Candidate]

    init(
        _ picture: String, _ scores: ClassScores, _ recipe: Preprocessing, _ views: ViewProtocol
    ) {
        self.picture = picture
        preprocess = recipe.rawValue
        self.protocol = views.kind.rawValue
        self.views = views.groups.joined().map { ViewReport($0) }
        let labels = Categories.names(count: scores.ranks.count)
        top = scores.likeliest(5).map {
            Candidate(
                index: $0, label: labels?[$0] ?? "\($0)", probability: scores.probabilities[$0])
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
