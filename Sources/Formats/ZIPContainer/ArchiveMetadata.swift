import FormatInterface

/// Metadata in a place that neither PyTorch nor NumPy looks at: the archive's comment, as a JSON
/// object of strings in the order of their keys.
package enum ArchiveMetadata {
    /// The comment that holds `metadata`; empty for none.
    package static func comment(_ metadata: [String: String]) -> [UInt8] {
        if metadata.isEmpty { return [] }
        let members = metadata.sorted { $0.key < $1.key }.map { key, value in
            "\(key.quotedForJSON):\(value.quotedForJSON)"
        }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }

    /// What a comment holds; nothing when it is no such object, but another program's words.
    package static func read(_ comment: [UInt8]) -> [String: String] {
        var reader = JSONReader(comment)
        var metadata: [String: String] = [:]
        do throws(JSONError) {
            try reader.object { reader, key throws(JSONError) in
                metadata[key] = try reader.string()
            }
            try reader.end()
        } catch {
            return [:]
        }
        return metadata
    }
}
