/// y = the largest x over some axes; NaN wins.
///
/// Source: ONNX operator ReduceMax; the axes are an input since opset 18.
package struct ReduceMax: ReductionOperator {
    package static let type = "ReduceMax"
    package static let axesInputSince = 18
    package static let reducesNothing = false
    package static let start: Double = -.infinity

    package var reduction: Reduction

    package init(_ reduction: Reduction = Reduction()) {
        self.reduction = reduction
    }

    package static func combine(_ total: Double, _ x: Double) -> Double {
        x.isNaN || x > total ? x : total
    }
}
