/// A layer of a network, whichever generation of messages it comes in.
struct CaffeLayer {
    let name: String
    /// By today's name.
    let type: String
    let bottoms: [String]
    let tops: [String]
    let blobs: [CaffeMessage]
    /// Names under which layers share weights; empty for weights of its own.
    let parameterNames: [String]
    private let message: CaffeMessage

    /// - Throws: `CaffeError` for a layer of 2013's first form, and one without a type.
    init(_ message: CaffeMessage) throws(CaffeError) {
        self.message = message
        name = message.text("name")
        bottoms = message.texts("bottom")
        tops = message.texts("top")
        blobs = message.messages("blobs")
        if message.kind == .oldLayer {
            guard !message.has("layer") else {
                throw CaffeError(
                    message.place, expected: "layers as Caffe has them since the end of 2013",
                    found: "V0's; upgrade the file with Caffe's upgrade_net_proto_binary or _text")
            }
            parameterNames = message.texts("param")
            type = message.integer("type").map(CaffeLayerType.name(ofOld:)) ?? ""
        } else {
            parameterNames = message.messages("param").map { $0.text("name") }
            type = message.text("type")
        }
        guard !type.isEmpty else {
            throw CaffeError(
                name.isEmpty ? message.place : .layer(name), expected: "a type", found: "none")
        }
    }

    func error(expected: String, found: String) -> CaffeError {
        CaffeError(.layer(name), expected: expected, found: found)
    }

    /// Settings of a kind; without any when the layer leaves all at their defaults.
    func settings(_ field: String, _ kind: CaffeMessageKind) -> CaffeMessage {
        message.message(field) ?? CaffeMessage(kind, at: message.place)
    }

    /// Whether the layer belongs to a network in phase TEST.
    ///
    /// - Parameter state: the network's own, whose level and stages count.
    func isPresent(in state: CaffeMessage?) -> Bool {
        let includes = message.messages("include")
        let excludes = message.messages("exclude")
        let isIncluded = includes.isEmpty || includes.contains { Self.holds($0, state) }
        return isIncluded && !excludes.contains { Self.holds($0, state) }
    }

    private static func holds(_ rule: CaffeMessage, _ state: CaffeMessage?) -> Bool {
        let level = state?.integer("level") ?? 0
        let stages = state?.texts("stage") ?? []
        // Phases by number: TRAIN 0, TEST 1.
        return rule.integer("phase") ?? 1 == 1
            && level >= rule.integer("min_level") ?? .min
            && level <= rule.integer("max_level") ?? .max
            && rule.texts("stage").allSatisfy(stages.contains)
            && !rule.texts("not_stage").contains(where: stages.contains)
    }

    /// The sizes a layer that brings data in states for its first top: [N, C, H, W] or fewer.
    func dataShape(of top: Int) -> [Int]? {
        if type == "Input" {
            let shapes = settings("input_param", .input).messages("shape")
            return shapes.isEmpty ? nil : shapes[min(top, shapes.count - 1)].integers("dim")
        }
        guard type == "MemoryData", top == 0 else { return nil }
        let memory = settings("memory_data_param", .memoryData)
        return ["batch_size", "channels", "height", "width"].map { memory.integer($0) ?? 0 }
    }

    /// The side of the square that pictures are cut to; nil when they are not.
    var cropSide: Int? {
        let sizes = [
            settings("transform_param", .transform), settings("data_param", .data),
        ].compactMap { $0.integer("crop_size") }
        return sizes.first { $0 > 0 }
    }
}
