import FormatInterface
import Foundation
import KernelInterface
import Parity
import Tensors

extension Provenance {
    /// What this process computed with, and of what.
    ///
    /// - Parameters:
    ///   - paths: the files that were read, and folders, of which every file counts.
    ///   - inputs: where the inputs came from, in words.
    /// - Throws: `InputError` for files that cannot be read any more.
    static func collect(
        paths: [String], engine: Engine?, _ global: GlobalOptions, inputs: String
    ) throws -> Provenance {
        var files: [File] = []
        for path in paths.flatMap(Self.files) where !files.contains(where: { $0.path == path }) {
            files.append(try File(digesting: path))
        }
        return Provenance(
            version: FerryMain.version, commandLine: CommandLine.arguments, files: files,
            processor: processorName, kernels: engine?.kernels.name ?? "none",
            threads: global.threads, numerics: "\(engine?.numerics ?? global.numerics)",
            inputs: inputs)
    }

    /// The file itself, or a folder's files, those in its folders included.
    private static func files(at path: String) -> [String] {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else { return [path] }
        let inside = FileManager.default.subpaths(atPath: path) ?? []
        return inside.sorted().map { "\(path)/\($0)" }.filter {
            unsafe FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    /// The processor as the system calls it.
    static var processorName: String {
        #if os(Linux)
            let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
            let name = line?.split(separator: ":", maxSplits: 1).last ?? ""
            return name.trimmingCharacters(in: .whitespaces)
        #else
            var size = 0
            unsafe sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var name = [CChar](repeating: 0, count: max(size, 1))
            unsafe sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0)
            return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        #endif
    }
}

extension Provenance.File {
    /// - Throws: `InputError` when the file cannot be read.
    fileprivate init(digesting path: String) throws {
        let file = try InputFile(path: path)
        let digest = try SHA256()
        digest.update(file.storage.bytes)
        self.init(path: path, byteCount: file.count, sha256: try digest.hexadecimal())
    }
}
