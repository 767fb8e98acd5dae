import FormatInterface
import Foundation

/// Refuses a destination that no file can replace, or that exists when it may not be replaced,
/// before any work is done for it.
func refuseExisting(_ path: String, unless force: Bool) throws(UsageError) {
    if let kind = OutputFile.irreplaceable(path) {
        throw UsageError("\(path): expected a file to write, found \(kind)")
    }
    if !force, (try? FileManager.default.attributesOfItem(atPath: path)) != nil {
        throw UsageError("\(path): exists already; give --force to replace it")
    }
}

/// Refuses a destination that would replace what is being read.
func refuse(_ destination: String, replacing source: String) throws(UsageError) {
    guard let file = identity(destination, followingLinks: false) else { return }
    let originals = [true, false].map { identity(source, followingLinks: $0) }
    if originals.contains(file) {
        throw UsageError("\(destination): expected another file than the source, found the same")
    }
}

/// A file's device and number.
private func identity(_ path: String, followingLinks: Bool) -> [UInt64]? {
    var status = stat()
    let result =
        followingLinks ? unsafe stat(path, &status) : unsafe lstat(path, &status)
    return result == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
}
