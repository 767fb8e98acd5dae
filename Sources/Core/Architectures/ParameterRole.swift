/// What a constant tensor does in its operator; it decides names and axis orders.
package enum ParameterRole: String, CaseIterable, Sendable {
    /// A convolution's kernel or a dense layer's matrix.
    case weight
    case bias
    /// Batch normalisation: γ, β and the two statistics.
    case scale, shift, mean, variance
    /// A leaky rectifier's slopes.
    case slope
    /// A parameter of an operator that no convention treats specially.
    case other

    /// The last part of the tensor's name in a state_dict.
    var pytorchName: String {
        switch self {
        case .weight, .scale, .slope: "weight"
        case .bias, .shift: "bias"
        case .mean: "running_mean"
        case .variance: "running_var"
        case .other: "parameter"
        }
    }

    /// The last part of the tensor's name in a Keras file.
    var kerasName: String {
        switch self {
        case .weight: "kernel"
        case .bias: "bias"
        case .scale: "gamma"
        case .shift: "beta"
        case .mean: "moving_mean"
        case .variance: "moving_variance"
        case .slope: "alpha"
        case .other: "parameter"
        }
    }
}
