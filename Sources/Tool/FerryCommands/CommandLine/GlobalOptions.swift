import Architectures
import Foundation
package import Runtime

/// What every command understands.
package struct GlobalOptions: Sendable, Equatable {
    /// More threads than this gain nothing and only cost memory.
    package static let threadRange = 1...1024

    package var json = false
    package var threads = GlobalOptions.onlineCores
    /// The architecture's name, one Ferry knows.
    package var architecture: String?
    package var numerics = Numerics.fast
    /// Batch normalisation's ε for files of weights that state none; nil for the convention's own.
    package var epsilon: Float?
    /// Who made the kernels of an old Keras file that does not say it.
    package var kernels: KerasKernels?

    /// The prototxt that says how Caffe's weights are used; nil for what their own file says.
    package var topology: String?

    package enum KerasKernels: String, CaseIterable, Sendable { case theano, tensorflow }

    package init() {}

    init(_ parsed: ParsedArguments) throws(UsageError) {
        json = parsed.has("json")
        threads = try parsed.integer("threads", in: Self.threadRange) ?? Self.onlineCores
        architecture = try parsed.value("arch").map { name throws(UsageError) in
            try knownArchitecture(name, asked: "--arch: ").name
        }
        epsilon = try parsed.number("bn-epsilon", in: 0...1).map { Float($0) }
        kernels = try parsed.choice("keras-kernels", of: KerasKernels.self)
        topology = parsed.value("prototxt")
        numerics = try parsed.choice("numerics", of: Numerics.self) ?? .fast
    }

    /// The cores this process may use.
    package static var onlineCores: Int {
        min(max(1, ProcessInfo.processInfo.activeProcessorCount), threadRange.upperBound)
    }
}

/// The architecture of a name on the command line.
///
/// - Parameter place: what stands before the message.
func knownArchitecture(
    _ name: String, asked place: String = ""
) throws(UsageError) -> Architecture {
    do {
        return try ArchitectureRegistry.architecture(named: name)
    } catch {
        throw UsageError("\(place)\(error)")
    }
}

/// "Architectures: lenet5, …" for help, in its lines.
let architectureList = wrapped(
    "Architectures: \(ArchitectureRegistry.names.joined(separator: ", ")).", to: 80)

/// `text` in lines of at most `width` characters, unless a word is longer.
///
/// - Parameters:
///   - indent: what each line begins with.
///   - taken: characters that stand before the first line already.
func wrapped(_ text: String, to width: Int, indent: String = "", taken: Int = 0) -> String {
    var lines: [String] = []
    var line = indent
    var room = width - taken
    for word in text.split(separator: " ") {
        let isFirst = line == indent
        if !isFirst, line.count + 1 + word.count > room {
            lines.append(line)
            line = indent + word
            room = width
        } else {
            line += (isFirst ? "" : " ") + word
        }
    }
    return (lines + [line]).joined(separator: "\n")
}
