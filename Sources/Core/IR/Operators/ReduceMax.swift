package import Tensors

/// y = the largest x over some axes; NaN wins. Of no elements it is the type's least.
///
/// Source: ONNX operator ReduceMax; the axes are an input since opset 18.
package struct ReduceMax: ReductionOperator {
    package static let type = "ReduceMax"
    package static let axesInputSince = 18
    package static let acceptsBool = true

    package var reduction: Reduction

    package init(_ reduction: Reduction = Reduction()) {
        self.reduction = reduction
    }

    package static func start(_ elementType: ElementType) -> Double {
        elementType == .bool ? 0 : -.infinity
    }

    package static func combine(_ total: Double, _ x: Double) -> Double {
        x.isNaN || x > total ? x : total
    }
}
