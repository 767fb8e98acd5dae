package import Tensors

/// How often two outputs rank the same classes best.
package struct ClassAgreement: Codable, Equatable, Sendable {
    /// Pictures compared.
    package var pictures: Int
    /// Pictures of which both find the same class likeliest.
    package var top1: Int
    /// Pictures of which both find the same five likeliest, in any order; nil of five classes or less.
    package var top5: Int?
    /// The same of as many as the tolerance asks for, the likeliest in its place.
    package var topRequired: Int?

    /// Compares outputs [N, classes], or of further axes of size 1; nil for other shapes and for
    /// fewer than two classes. Equal scores rank by their index.
    ///
    /// - Parameter required: how many classes must agree; nil when none need.
    package init?(_ value: Tensor, _ reference: Tensor, required: Int? = nil) {
        let shape = value.shape
        guard shape == reference.shape, shape.count >= 2, shape[0] > 0, shape[1] > 1,
            shape.dropFirst(2).allSatisfy({ $0 == 1 }), value.elementType.isFloatingPoint
        else { return nil }
        let (pictures, classes) = (shape[0], shape[1])
        let (mine, theirs) = (value.doubles(), reference.doubles())
        var counts = (first: 0, five: 0, required: 0)
        let most = max(5, required ?? 1)
        for start in stride(from: 0, to: pictures * classes, by: classes) {
            let a = best(most, of: mine[start..<start + classes])
            let b = best(most, of: theirs[start..<start + classes])
            counts.first += a[0] == b[0] ? 1 : 0
            counts.five += Set(a.prefix(5)) == Set(b.prefix(5)) ? 1 : 0
            let count = required ?? 1
            let isSame = a[0] == b[0] && Set(a.prefix(count)) == Set(b.prefix(count))
            counts.required += isSame ? 1 : 0
        }
        self.pictures = pictures
        top1 = counts.first
        top5 = classes > 5 ? counts.five : nil
        topRequired = required == nil ? nil : counts.required
    }

    /// Adds the pictures of another comparison; five classes count where both have more.
    mutating func add(_ other: ClassAgreement) {
        pictures += other.pictures
        top1 += other.top1
        top5 = top5.flatMap { five in other.top5.map { five + $0 } }
        topRequired = topRequired.flatMap { count in other.topRequired.map { count + $0 } }
    }

    /// Whether what was asked for is so in every picture.
    package var isMet: Bool { topRequired.map { $0 == pictures } ?? true }

    /// "top-1 agrees in 8 of 8, top-5 in 7".
    package var words: String {
        "top-1 agrees in \(top1) of \(pictures)" + (top5.map { ", top-5 in \($0)" } ?? "")
    }
}

/// Indices of the largest scores, counted from the first, largest first.
private func best(_ count: Int, of scores: ArraySlice<Double>) -> [Int] {
    scores.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
        .prefix(count).map(\.offset)
}
