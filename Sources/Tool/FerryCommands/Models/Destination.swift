import Foundation

/// Refuses a destination that is a folder, or that exists when it may not be replaced, before any
/// work is done for it.
func refuseExisting(_ path: String, unless force: Bool) throws(UsageError) {
    guard let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] else { return }
    if kind as? FileAttributeType == .typeDirectory {
        throw UsageError("\(path): expected a file to write, found a folder")
    }
    if !force {
        throw UsageError("\(path): exists already; give --force to replace it")
    }
}
