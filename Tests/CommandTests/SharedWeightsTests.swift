import Foundation
import TestSupport
import Testing

/// Networks whose layers are called several times, as Keras' models may have them.
@Test(
    arguments: ["keras3", "tf_keras"],
    [["out.keras"], ["out.h5", "--to", "keras-h5"], ["out.onnx"]])
func `a layer that is called twice keeps its weights and its answers`(
    framework: String, destination: [String]
) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let source = Fixtures.url("keras/shared/\(framework)/shared.keras").path
    let outcome = try ferry.run(["convert", source] + destination)
    expectSuccess(outcome, "read back bit-equal")
    let isKeras = destination[0] != "out.onnx"
    #expect(outcome.errors.contains("weights that several layers share") == isKeras)
    expectSuccess(try ferry("verify", source, destination[0]), "verdict: equal")
}
