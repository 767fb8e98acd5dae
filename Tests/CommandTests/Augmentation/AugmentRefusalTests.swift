import Foundation
import TestSupport
import Testing

private func picture(_ name: String) -> String { Fixtures.url("images/\(name)").path }

@Test(arguments: [
    ([], "expected a transform: --scale, --square, --crop, --mirror or --color-sigma"),
    (["--scale", "512..256"], "--scale: expected S or A..B in 1…8192, found '512..256'"),
    (["--scale", "0"], "--scale: expected S or A..B"),
    (["--scale", "1..2..3"], "--scale: expected S or A..B"),
    (["--scale", "256..9999"], "--scale: expected S or A..B"),
    (["--scale", "200..300", "--crop", "224"], "--scale: expected at least the 224 of --crop"),
    (["--crop", "0"], "--crop: expected 1 to 8192, found 0"),
    (["--color-sigma", "0.1"], "--color-sigma: expected --components too"),
    (["--color-sigma", "nan", "--components", "x"], "--color-sigma: expected 0.0 to 1000.0"),
    (["--mirror", "--components", "x"], "expected --color-sigma or --write-components too"),
    (["--mirror", "--color-by", "deviation"], "--color-by: expected --color-sigma too"),
    (["--mirror", "--write-components", "x"], "--write-components: expected --components too"),
    (["--mirror", "--count", "0"], "--count: expected 1 to 1000000, found 0"),
    (["--mirror", "--format", "jpg"], "--format: expected one of png, npy, found 'jpg'"),
])
func `transforms that make no sense are refused`(words: [String], problem: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let chelsea = picture("chelsea_444.jpg")
    expectRefusal(try ferry.run(["augment", chelsea, "-o", "out"] + words), 2, problem)
    #expect(try folder.names().isEmpty)
}

@Test(arguments: [
    ("", "the end of the text"), ("{}", "found [] and []"),
    (#"{"eigenvalues": [1, 2, 3], "components": [[1,0,0],[0,1,0],[0,0,1]]}"#, "found [1.0, 2.0"),
    (#"{"eigenvalues": [0.3, 0.2, 1e999]}"#, "the largest first"),
    (#"{"eigenvalues": ["a"]}"#, "expected a number"),
    (#"{"eigenvalues": [1], "eigenvalues": [1]}"#, "expected each key once"),
])
func `files that hold no components are refused`(text: String, problem: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(text.utf8), as: "c.json")
    let outcome = try Ferry(in: folder)(
        "augment", picture("chelsea_444.jpg"), "-o", "out", "--color-sigma", "0.1",
        "--components", "c.json")
    expectRefusal(outcome, 3, "c.json: components: ", problem)
    #expect(try folder.names() == ["c.json"])
}
