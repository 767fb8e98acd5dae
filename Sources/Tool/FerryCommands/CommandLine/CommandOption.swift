/// An option a command understands.
package struct CommandOption: Sendable, Equatable {
    /// The long name, without dashes.
    package var name: String
    /// The one-letter name; nil when there is none.
    package var letter: Character?
    /// What stands for the value in help ("FILE"); nil for a flag without one.
    package var placeholder: String?
    /// Whether it may be given more than once.
    package var repeats: Bool
    /// One line for help.
    package var help: String

    /// An option without a value.
    package static func flag(
        _ name: String, letter: Character? = nil, help: String
    ) -> CommandOption {
        CommandOption(name: name, letter: letter, placeholder: nil, repeats: false, help: help)
    }

    /// An option with a value, given at most once unless it `repeats`.
    package static func value(
        _ name: String, _ placeholder: String, letter: Character? = nil, repeats: Bool = false,
        help: String
    ) -> CommandOption {
        CommandOption(
            name: name, letter: letter, placeholder: placeholder, repeats: repeats, help: help)
    }

    /// "-o, --output FILE" as help shows it.
    var synopsis: String {
        let short = letter.map { "-\($0), " } ?? "    "
        return short + "--\(name)" + (placeholder.map { " \($0)" } ?? "") + (repeats ? " …" : "")
    }

    /// Understood by commands that compute.
    static let weights = CommandOption.value(
        "weights", "f32|f16|bf16",
        help: "dense weights in memory (default: as in the file)")

    /// Understood by every command.
    package static let global: [CommandOption] = [
        .flag("json", help: "print the result as JSON"),
        .value("threads", "N", help: "threads to compute with (default: all cores)"),
        .value("arch", "NAME", help: "the architecture, instead of recognising it"),
        .value(
            "bn-epsilon", "E",
            help: "batch normalisation's ε where a weights file states none"),
        .value(
            "keras-kernels", "MAKER",
            help: "of Keras 0 and 1 kernels: theano or tensorflow"),
        .value(
            "prototxt", "FILE",
            help: "the network of Caffe's weights (default: the file's own)"),
        .value(
            "numerics", "fast|strict",
            help: "Winograd allowed (default), or direct sums only"),
        .flag("help", letter: "h", help: "print this help"),
    ]
}
