import Foundation

/// How a picture is resized; the names and formulas are Pillow's.
package enum ResamplingFilter: String, CaseIterable, Sendable {
    case nearest, box, bilinear, hamming, bicubic, lanczos

    /// Half the filter's width in source pixels, before it is widened for shrinking.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter at distance `x`, zero outside its support.
    func value(at x: Double) -> Double {
        let distance = x.magnitude
        switch self {
        case .nearest: return 0
        case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear: return distance < 1 ? 1 - distance : 0
        case .hamming: return distance < 1 ? hammingWindowed(distance) : 0
        case .bicubic: return keysCubic(distance)
        case .lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }
}

/// sin(πx) / πx
private func sinc(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * Double.pi
    return sin(angle) / angle
}

private func hammingWindowed(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * Double.pi
    // Pillow keeps the window's two constants in single precision.
    return sin(angle) / angle * (Double(Float(0.54)) + Double(Float(0.46)) * cos(angle))
}

/// Keys' cubic convolution with a = −0.5.
private func keysCubic(_ x: Double) -> Double {
    let a = -0.5
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
}

/// The weights that resample `inputSize` pixels of a line to `outputSize`, in 22-bit fixed point.
///
/// With `scale = inputSize / outputSize`, `f = max(scale, 1)` and `c = (i + ½)·scale`, output `i`
/// is the mean of the inputs within `c ± support·f`, weighted by `filter((j + ½ − c) / f)`.
struct ResamplingWeights {
    static let fractionBits = 22

    /// Weights an output may have at most; those of output `i` start at `i · stride`.
    let stride: Int
    /// For each output, the input its first weight belongs to, and how many weights there are.
    private(set) var windows: [(first: Int, count: Int)] = []
    private(set) var weights: [Int32]

    init(from inputSize: Int, to outputSize: Int, filter: ResamplingFilter) {
        let scale = Double(inputSize) / Double(outputSize)
        let widening = max(scale, 1)
        let support = filter.support * widening
        stride = Int(support.rounded(.up)) * 2 + 1
        weights = [Int32](repeating: 0, count: outputSize * stride)
        windows.reserveCapacity(outputSize)
        var window: [Double] = []
        for output in 0..<outputSize {
            let center = (Double(output) + 0.5) * scale
            let first = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), inputSize)
            window.removeAll(keepingCapacity: true)
            for input in 0..<end - first {
                let distance = Double(input + first) - center + 0.5
                window.append(filter.value(at: distance * (1 / widening)))
            }
            let sum = window.reduce(0, +)
            for (input, weight) in window.enumerated() {
                weights[output * stride + input] = fixedPoint(sum == 0 ? weight : weight / sum)
            }
            windows.append((first, end - first))
        }
    }
}

private func fixedPoint(_ weight: Double) -> Int32 {
    let scaled = weight * Double(1 << ResamplingWeights.fractionBits)
    return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
}
