package import Tensors

/// y = the mean of x over some axes.
///
/// Source: ONNX operator ReduceMean; the axes are an input since opset 18.
package struct ReduceMean: ReductionOperator {
    package static let type = "ReduceMean"
    package static let axesInputSince = 18

    package var reduction: Reduction

    package init(_ reduction: Reduction = Reduction()) {
        self.reduction = reduction
    }

    package static func start(_ elementType: ElementType) -> Double { 0 }

    package static func combine(_ total: Double, _ x: Double) -> Double { total + x }

    package static func finish(_ total: Double, count: Int) -> Double { total / Double(count) }
}
