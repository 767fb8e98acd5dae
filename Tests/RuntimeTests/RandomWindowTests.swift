import IR
import Tensors
import TestSupport
import Testing

@Suite struct RandomWindows {
    /// Kernels, strides, dilations, pads and sizes in any combination that the operator accepts.
    @Test(arguments: UInt64(0)..<150)
    func `windows of any geometry compute what the plain evaluation does`(_ seed: UInt64) throws {
        let (builder, shape) = randomWindow(seed: seed)
        let input = ["x": picture(shape)]
        let isAccepted =
            (try? builder.graph.inferTypes(
                inputShapes: ["x": shape], constants: builder.weights)) != nil
        guard isAccepted else {
            #expect(throws: (any Error).self) { try builder.check(input) }
            return
        }
        try builder.check(input, allowingNothing: true)
    }
}

/// A convolution or a pool of seeded geometry, which it may refuse, for an input `x` of a shape.
func randomWindow(seed: UInt64) -> (builder: GraphBuilder, shape: [Int]) {
    var generator = SeededGenerator(seed: seed)
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let channels = [1, 2, 4, 5, 16, 19][pick(0...5)]
    let shape = [pick(1...3), channels, pick(1...12), pick(1...12)]
    let kernel = [pick(1...4), pick(1...4)]
    var window = SpatialWindow(
        kernel: kernel, strides: [pick(1...3), pick(1...3)],
        dilations: [pick(1...3), pick(1...3)], pads: (0..<4).map { _ in pick(0...4) })
    let padding: [SpatialWindow.AutoPad] = [.notSet, .notSet, .valid, .sameUpper, .sameLower]
    window.autoPad = padding[pick(0...4)]
    if window.autoPad != .notSet { window.pads = [] }
    var builder = GraphBuilder()
    let x = builder.input("x")
    let kind = pick(0...3)
    if kind == 0 {
        let group = channels % 2 == 0 ? pick(1...2) : 1
        let weight = builder.constant("w", [6, channels / group] + kernel)
        builder.node("y", Conv(window: window, group: group), x, weight)
    } else {
        window.ceilMode = pick(0...1) == 1
        if kind == 1 {
            builder.node("y", MaxPool(window: window), x)
        } else {
            builder.node("y", AveragePool(window: window, countsPadding: kind == 2), x)
        }
    }
    builder.outputs("y")
    return (builder, shape)
}
