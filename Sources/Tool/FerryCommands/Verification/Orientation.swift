import Tensors

/// Tensors of another layout brought to the layout of a network's graph.
enum Orientation {
    /// The order of axes that makes [N, C, H, W] of [N, H, W, C].
    static let toChannelsFirst = [0, 3, 1, 2]
    private static let toChannelsLast = [0, 2, 3, 1]

    /// `tensor` as one of `shape`; nil when it cannot be.
    ///
    /// - Parameter isChannelsLast: whether pictures have their channels last where the shape alone
    ///   does not tell.
    static func oriented(
        _ tensor: Tensor, to shape: [Int], isChannelsLast: Bool = false
    ) -> Tensor? {
        if tensor.rank == 4, shape.count == 4 {
            let turned = toChannelsFirst.map { tensor.shape[$0] }
            if turned == shape, isChannelsLast || tensor.shape != shape {
                return tensor.permuted(toChannelsFirst)
            }
            if tensor.shape == shape { return tensor }
            if toChannelsLast.map({ tensor.shape[$0] }) == shape {
                return tensor.permuted(toChannelsLast)
            }
        }
        if tensor.shape == shape { return tensor }
        guard tensor.shape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) else { return nil }
        return tensor.reshaped(shape)
    }

    /// Flattened pictures with their numbers in the order of the other layout.
    ///
    /// - Parameters:
    ///   - tensor: [N, C·H·W].
    ///   - picture: [C, H, W].
    static func flattened(
        _ tensor: Tensor, of picture: [Int], toChannelsLast: Bool
    ) -> Tensor {
        let (planar, turned) = (picture, [picture[1], picture[2], picture[0]])
        let (given, order) =
            toChannelsLast ? (planar, Self.toChannelsLast) : (turned, toChannelsFirst)
        return tensor.reshaped([tensor.shape[0]] + given).permuted(order).reshaped(tensor.shape)
    }

    /// Whether a tensor can only be `shape` with its channels last; nil where its shape does not
    /// tell.
    static func hasChannelsLast(_ tensor: Tensor, for shape: [Int]) -> Bool? {
        guard tensor.rank == 4, shape.count == 4 else { return nil }
        let isTurned = toChannelsFirst.map { tensor.shape[$0] } == shape
        return isTurned == (tensor.shape == shape) ? nil : isTurned
    }
}
