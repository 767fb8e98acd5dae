import Foundation
import Parity
import Tensors
import Testing

private let truth = Tensor([4, -2, 0, 1] as [Double], shape: [2, 2])

@Test func `errors are parts of the largest magnitude`() {
    let values = Tensor([4, -2.5, 0, 1.25] as [Float], shape: [2, 2])
    let errors = ErrorGrowth.Errors(of: values, from: truth)
    #expect(errors.maximum == 0.125)
    #expect(errors.rms == ((0.125 * 0.125 + 0.0625 * 0.0625) / 4).squareRoot())
    let none = ErrorGrowth.Errors(of: truth, from: truth)
    #expect(none.maximum == 0 && none.rms == 0)
}

@Test(arguments: [Float.nan, .infinity])
func `a value that is no number is infinitely wrong, unless the truth is none`(value: Float) {
    let values = Tensor([4, value, 0, 1] as [Float], shape: [2, 2])
    let errors = ErrorGrowth.Errors(of: values, from: truth)
    #expect(errors.maximum == .infinity && errors.rms == .infinity)
    let odd = Tensor([4, Double(value), 0, 2] as [Double], shape: [2, 2])
    #expect(ErrorGrowth.Errors(of: values, from: odd).maximum == 0.25)
}

@Test func `beside a truth of zeros every other value is infinitely wrong`() {
    let zeros = Tensor([0, 0] as [Double])
    #expect(ErrorGrowth.Errors(of: zeros, from: zeros).maximum == 0)
    #expect(ErrorGrowth.Errors(of: Tensor([0, 1e-9] as [Float]), from: zeros).maximum == .infinity)
}

@Test func `an arithmetic without figures has dashes and a reason`() throws {
    var layer = ErrorGrowth.Layer(name: "fc", operation: "Gemm + Relu", truth: truth)
    layer.errors["fast"] = .init(of: truth.converted(to: .float16), from: truth)
    var growth = ErrorGrowth(arithmetics: ["fast", "f16"], layers: [layer])
    growth.notes = ["no figures for f16"]
    let lines = growth.text().split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[1] == "LAYER  OPERATION    OUTPUT  LARGEST  FAST MAX  RMS  F16 MAX  RMS")
    #expect(lines[2] == "fc     Gemm + Relu     2×2        4         0    0        -    -")
    #expect(lines[3] == "note: no figures for f16")
    let data = try JSONEncoder().encode(growth)
    #expect(try JSONDecoder().decode(ErrorGrowth.self, from: data) == growth)
}
