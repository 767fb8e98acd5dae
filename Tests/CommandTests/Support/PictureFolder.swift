import Foundation
import TestSupport

/// Digits among the fixtures, by the number in their names.
let allDigits = [
    "27_0", "450_0", "463_0", "718_1", "4610_9", "1344_2", "1498_2", "1575_3", "1955_3", "2168_4",
    "2335_4", "2409_4", "2534_5", "2558_5", "2634_5", "3081_6", "4021_8", "4039_8", "4116_8",
    "4559_9",
]

extension TemporaryFolder {
    /// Puts copies of pictures into `name`, each in the folder of its class.
    @discardableResult
    func writePictures(_ pictures: [(file: String, label: String)], as name: String) throws
        -> String
    {
        for (index, picture) in pictures.enumerated() {
            let folder = path("\(name)/\(picture.label)")
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let file = picture.file.split(separator: "/").last ?? ""
            try FileManager.default.copyItem(
                atPath: picture.file, toPath: "\(folder)/\(index)_\(file)")
        }
        return name
    }

    /// The digits, in folders called "0" to "9", or by `label`.
    @discardableResult
    func writeDigits(
        as name: String = "digits", label: (Int) -> String = { "\($0)" }
    ) throws -> String {
        try writePictures(
            allDigits.map { (digit($0), label(Int($0.suffix(1)) ?? 0)) }, as: name)
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func write(_ text: String, as name: String) throws {
        try write(Array(text.utf8), as: name)
    }
}

extension ProcessOutcome {
    /// What an evaluation found, without how long it took.
    func figures() throws -> String {
        let report = try json() as? [String: Any] ?? [:]
        let figures = report.filter {
            !["seconds", "picturesPerSecond", "resumed"].contains($0.key)
        }
        let data = try JSONSerialization.data(withJSONObject: figures, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    func number(_ key: String) throws -> Int? {
        (try json() as? [String: Any])?[key] as? Int
    }
}
