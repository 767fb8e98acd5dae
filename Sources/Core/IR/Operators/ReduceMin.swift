package import Tensors

/// y = the smallest x over some axes; NaN wins.
///
/// Source: ONNX operator ReduceMin; the axes are an input since opset 18.
package struct ReduceMin: ReductionOperator {
    package static let type = "ReduceMin"
    package static let axesInputSince = 18
    package static let acceptsBool = true

    package var reduction: Reduction

    package init(_ reduction: Reduction = Reduction()) {
        self.reduction = reduction
    }

    package static func start(_ elementType: ElementType) -> Double {
        elementType == .bool ? 1 : .infinity
    }

    package static func combine(_ total: Double, _ x: Double) -> Double {
        x.isNaN || x < total ? x : total
    }
}
