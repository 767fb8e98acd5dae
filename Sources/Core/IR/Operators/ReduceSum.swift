package import Tensors

/// y = the sum of x over some axes.
///
/// Source: ONNX operator ReduceSum; the axes are an input since opset 13.
package struct ReduceSum: ReductionOperator {
    package static let type = "ReduceSum"
    package static let axesInputSince = 13

    package var reduction: Reduction

    package init(_ reduction: Reduction = Reduction()) {
        self.reduction = reduction
    }

    package static func start(_ elementType: ElementType) -> Double { 0 }

    package static func combine(_ total: Double, _ x: Double) -> Double { total + x }
}
