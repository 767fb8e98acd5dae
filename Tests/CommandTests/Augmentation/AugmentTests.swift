import Foundation
import Images
import Tensors
import TestSupport
import Testing

private func picture(_ name: String) -> String { Fixtures.url("images/\(name)").path }

private let pictures = ["chelsea_444.jpg", "coffee_420.jpg", "rocket_tall.jpg"]

/// Every file below a folder, by its path there.
private func files(in folder: String) throws -> [String: [UInt8]] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    var found: [String: [UInt8]] = [:]
    for name in names {
        let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
        if let data { found[name] = [UInt8](data) }
    }
    return found
}

private func fnv1a(_ bytes: some Sequence<UInt8>) -> String {
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

private struct Report: Decodable {
    struct Output: Decodable {
        let file: String
        let picture: String
        let variant: Int
        let width: Int
        let height: Int
        let scale: Int?
        let left: Int?
        let top: Int?
        let mirrored: Bool
        let alphas: [Double]?
        let shift: [Double]?
    }

    let pictures: Int
    let failed: Int
    let skipped: Int
    let outputs: [Output]

    init(_ outcome: ProcessOutcome) throws {
        self = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }
}

@Test(arguments: 0..<3)
func `variants are those that Pillow and NumPy make`(number: Int) throws {
    let run = try Recorded.read().runs[number]
    let folder = try TemporaryFolder()
    let words =
        ["augment"] + pictures.map(picture) + ["-o", "out", "--count", "3", "--seed"]
        + ["\(run.seed)", "--json"] + run.options.words
    let outcome = try Ferry(in: folder).run(words)
    expectSuccess(outcome)
    let outputs = try Report(outcome).outputs
    #expect(outputs.count == run.cases.count)
    for (output, expected) in zip(outputs, run.cases) {
        let told: Comment = "\(expected.picture), \(expected.number)"
        #expect(output.picture == picture(expected.picture) && output.variant == expected.number)
        #expect((output.scale, output.left) == (expected.scale, expected.left), told)
        #expect((output.top, output.mirrored) == (expected.top, expected.mirrored), told)
        #expect((output.alphas, output.shift) == (expected.alphas, expected.shift), told)
        let file = ByteStorage(try folder.bytes(output.file))
        let decoded = try Picture.decode(file, path: output.file).picture
        #expect(fnv1a(decoded.samples) == expected.samples, told)
    }
    expectSuccess(try Ferry(in: folder).run(words + ["--format", "npy"]))
    for expected in run.cases {
        guard let planes = expected.planes else { continue }
        let stem = expected.picture.split(separator: ".")[0]
        let file = try folder.bytes("out/\(stem)-\(expected.number).npy")
        #expect(file.count == 128 + 4 * 3 * run.options.crop * run.options.crop)
        #expect(fnv1a(file[128...]) == planes, "\(expected.picture)")
    }
}

@Test func `the same seed gives the same bytes, whatever stands around`() throws {
    let folder = try TemporaryFolder()
    let transforms = [
        "--scale", "70..90", "--crop", "64", "--mirror", "--color-sigma", "1", "--components",
        picture("../augmentation/components.json"), "--count", "11", "--seed", "7",
    ]
    func made(_ sources: [String], _ words: [String], in place: String) throws -> [String: [UInt8]]
    {
        var ferry = Ferry(in: folder)
        ferry.start = #"cd "\#(place)" && exec "$0" "$@""#
        expectSuccess(try ferry.run(["augment"] + sources + ["-o", "out"] + transforms + words))
        return try files(in: "\(place)/out")
    }
    for name in ["a", "b", "c", "copies"] {
        try FileManager.default.createDirectory(
            atPath: folder.path(name), withIntermediateDirectories: true)
    }
    let paths = pictures.map(picture)
    let first = try made(paths, ["--threads", "1"], in: folder.path("a"))
    #expect(first.count == 33 && Set(first.values).count == 33)
    #expect(try made(paths.reversed(), ["--threads", "5"], in: folder.path("b")) == first)
    for (index, path) in paths.enumerated() {
        try FileManager.default.copyItem(
            atPath: path, toPath: folder.path("copies/\(index).jpg"))
    }
    let copies = try made([folder.path("copies")], [], in: folder.path("c"))
    #expect(Set(copies.values) == Set(first.values))
}

@Test func `another seed gives other bytes, and folders are kept`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    for (name, source) in [
        ("cats/1.JPG", "chelsea_444.jpg"), ("cups/deep/1.jpeg", "coffee_420.jpg"),
    ] {
        let path = folder.path("data/\(name)")
        try FileManager.default.createDirectory(
            atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]),
            withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: picture(source), toPath: path)
    }
    try folder.write(Array("labels".utf8), as: "data/labels.txt")
    func run(_ seed: String, _ output: String) throws -> [String: [UInt8]] {
        let outcome = try ferry(
            "augment", "data/", "-o", output, "--crop", "100", "--seed", seed)
        expectSuccess(outcome, "2 pictures → \(output): 2 100×100 png files, seed \(seed), ")
        #expect(outcome.errors.contains("note: 1 other file skipped"))
        return try files(in: folder.path(output))
    }
    let (first, second) = (try run("1", "one"), try run("2", "two"))
    #expect(
        Set(first.keys.filter { $0.hasSuffix(".png") }) == ["cats/1-0.png", "cups/deep/1-0.png"])
    #expect(Set(first.keys) == Set(second.keys))
    #expect(first.filter { $0.key.hasSuffix(".png") }.allSatisfy { second[$0.key] != $0.value })
}

@Test func `broken pictures are told, and the others go on`() throws {
    let folder = try TemporaryFolder()
    let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: picture("chelsea_444.jpg"))))
    try FileManager.default.createDirectory(
        atPath: folder.path("data"), withIntermediateDirectories: true)
    try folder.write(good, as: "data/b.jpg")
    try folder.write(Array(good.prefix(good.count / 2)), as: "data/a.jpg")
    try folder.write(Array("GIF89a".utf8), as: "data/c.png")
    let outcome = try Ferry(in: folder)(
        "augment", "data", "-o", "out", "--crop", "64", "--count", "20", "--json")
    #expect(outcome.status == 3)
    #expect(outcome.errorLines.count == 2)
    #expect(outcome.errors.contains("data/a.jpg: JPEG: "))
    #expect(outcome.errors.contains("data/c.png: picture: byte 0: expected a JPEG or PNG file"))
    let report = try Report(outcome)
    #expect((report.pictures, report.failed, report.outputs.count) == (1, 2, 20))
    #expect(Set(try files(in: folder.path("out")).keys) == Set((0..<20).map { "b-\($0).png" }))
    let small = try Ferry(in: folder)("augment", "data/b.jpg", "-o", "o", "--crop", "400")
    #expect(small.status == 3)
    #expect(small.errors.contains("data/b.jpg: cropping: expected at least 400×400 pixels"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("o/b-0.png")))
}

@Test func `components of a folder are those of NumPy, and their file gives the same bytes`() throws
{
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try FileManager.default.createDirectory(
        atPath: folder.path("data"), withIntermediateDirectories: true)
    for name in pictures {
        try FileManager.default.copyItem(
            atPath: picture(name), toPath: folder.path("data/\(name)"))
    }
    let outcome = try ferry("augment", "--components", "data", "--write-components", "found.json")
    expectSuccess(outcome, "3 pictures, ", "COMPONENT", "p1", "p3")
    func read(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    let found = try read(folder.path("found.json"))
    let expected = try read(Fixtures.url("augmentation/components.json").path)
    #expect(found["pixels"] as? Int == expected["pixels"] as? Int)
    for name in ["eigenvalues", "mean"] {
        let (ours, numpys) = (found[name] as? [Double] ?? [], expected[name] as? [Double] ?? [])
        let isClose = zip(ours, numpys).allSatisfy { abs($0.0 - $0.1) < 1e-12 }
        #expect(ours.count == 3 && isClose)
    }
    for name in ["components", "covariance"] {
        let ours = (found[name] as? [[Double]] ?? []).flatMap(\.self)
        let numpys = (expected[name] as? [[Double]] ?? []).flatMap(\.self)
        let isClose = zip(ours, numpys).allSatisfy { abs($0.0 - $0.1) < 1e-10 }
        #expect(ours.count == 9 && isClose)
    }
    func made(_ components: String, _ threads: String, _ output: String) throws -> [String: [UInt8]]
    {
        expectSuccess(
            try ferry(
                "augment", "data", "-o", output, "--color-sigma", "0.5", "--color-by", "deviation",
                "--components", components, "--threads", threads))
        return try files(in: folder.path(output))
    }
    let first = try made("data", "1", "one")
    #expect(first.count == 3)
    #expect(try made("data", "3", "two") == first)
    #expect(try made("found.json", "2", "three") == first)
}

@Test func `existing outputs, two pictures of one name and circles are refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let chelsea = picture("chelsea_444.jpg")
    expectSuccess(try ferry("augment", chelsea, "-o", "out", "--mirror", "--count", "2"))
    let before = try files(in: folder.path("out"))
    expectRefusal(
        try ferry("augment", chelsea, "-o", "out", "--mirror"), 2,
        "out/chelsea_444-0.png: exists already; give --force to replace it")
    #expect(try files(in: folder.path("out")) == before)
    expectSuccess(try ferry("augment", chelsea, "-o", "out", "--crop", "9", "--force"))
    let after = try files(in: folder.path("out"))
    #expect(after["chelsea_444-0.png"] != before["chelsea_444-0.png"])
    #expect(after["chelsea_444-1.png"] == before["chelsea_444-1.png"])
    expectRefusal(
        try ferry("augment", chelsea, chelsea, "-o", "new", "--mirror"), 2,
        "new/chelsea_444-0.png: expected one picture for it, found ")
    for output in ["out", "out/", "out/new", "./out/../out/x"] {
        expectRefusal(
            try ferry("augment", "out", "-o", output, "--mirror"), 2,
            "-o: expected a folder outside out, whose pictures are read")
    }
    try folder.write([1], as: "file")
    expectRefusal(
        try ferry("augment", chelsea, "-o", "file/x", "--mirror"), 4,
        "expected a folder to write in")
    #expect(try folder.names() == ["file", "out"])
}
