import FormatInterface

/// Reading a layer's configuration, in the words of any generation of Keras.
extension KerasLayer {
    func error(expected: String, found: String) -> ContentError {
        ContentError(layer: name, expected: expected, found: found)
    }

    /// A flag under its newer or its older name.
    func flag(_ keys: String..., default value: Bool) throws(ContentError) -> Bool {
        for key in keys {
            guard let given = config[key] else { continue }
            guard let flag = given.bool ?? given.integer.map({ $0 != 0 }) else {
                throw error(expected: "true or false as \(key)", found: given.kind)
            }
            return flag
        }
        return value
    }

    func number(_ keys: String..., default value: Double) throws(ContentError) -> Double {
        for key in keys {
            guard let given = config[key] else { continue }
            guard let number = given.number else {
                throw error(expected: "a number as \(key)", found: given.kind)
            }
            return number
        }
        return value
    }

    func integer(_ keys: String..., default value: Int? = nil) throws(ContentError) -> Int {
        for key in keys {
            guard let given = config[key] else { continue }
            guard let number = given.integer, number.magnitude < 1 << 31 else {
                throw error(expected: "a whole number as \(key)", found: given.kind)
            }
            return number
        }
        guard let value else { throw error(expected: keys[0], found: "none") }
        return value
    }

    /// Two positive sizes, written as a list or as one number for both; nil when there are none.
    func pair(_ keys: String...) throws(ContentError) -> [Int]? {
        for key in keys {
            guard let given = config[key] else { continue }
            let sizes = given.array?.compactMap(\.integer) ?? given.integer.map { [$0, $0] } ?? []
            guard sizes.count == 2, sizes.allSatisfy({ $0 > 0 && $0 < 1 << 30 }) else {
                throw error(expected: "two sizes as \(key)", found: given.text)
            }
            return sizes
        }
        return nil
    }

    /// `[[top, bottom], [left, right]]`, `[rows, columns]` or one number.
    func margins(_ key: String) throws(ContentError) -> (begin: [Int], end: [Int]) {
        guard let given = config[key] else { throw error(expected: key, found: "none") }
        let sides = given.array ?? [given, given]
        var begin: [Int] = []
        var end: [Int] = []
        for side in sides {
            let sizes = side.array?.compactMap(\.integer) ?? side.integer.map { [$0, $0] } ?? []
            guard sizes.count == 2, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 30 }) else {
                throw error(expected: "sizes of at least 0 as \(key)", found: given.text)
            }
            begin.append(sizes[0])
            end.append(sizes[1])
        }
        guard begin.count == 2 else { throw error(expected: "two axes", found: given.text) }
        return (begin, end)
    }

    /// Whether channels are the last axis of its pictures.
    func isChannelsLast() throws(ContentError) -> Bool {
        let format = config["data_format"] ?? config["dim_ordering"]
        switch format?.string {
        case "channels_last", "tf", "default": return true
        case "channels_first", "th": return false
        default:
            guard let format else { return true }
            throw error(expected: "channels_last or channels_first", found: format.kind)
        }
    }

    /// Whether it says that channels come first, or normalises as if they did.
    var isChannelsFirst: Bool {
        let axis = config["axis"]?.array?.first ?? config["axis"]
        return (try? isChannelsLast()) == false
            || (className == "BatchNormalization" && axis?.integer == 1)
    }

    /// The name of an activation; nil for none.
    func activation(_ key: String = "activation") throws(ContentError) -> String? {
        guard let given = config[key] else { return nil }
        // Keras 2 may write an object, whose class or registered name is the function's.
        let name =
            given.string ?? given["config"]?.string ?? given["class_name"]?.string
            ?? given["registered_name"]?.string
        guard let name, name != "function" else {
            throw error(expected: "an activation's name", found: given.text)
        }
        return name == "linear" ? nil : name
    }

    /// Classes that change nothing but in training. RandomCrop is none of them: it cuts always.
    static let trainingClasses: Set = [
        "Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout",
        "ActivityRegularization", "Identity", "AugMix", "CutMix", "MixUp", "RandAugment",
        "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
        "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
        "RandomGrayscale", "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective",
        "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
        "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom",
    ]

    /// Last parts of its weights' names, in the order in which Keras keeps them.
    ///
    /// - Throws: `ContentError` for configurations that make no sense.
    func weightNames() throws(ContentError) -> [String] {
        let bias = try flag("use_bias", "bias", default: true) ? ["bias"] : []
        switch className {
        case "Conv2D", "Convolution2D", "Dense": return ["kernel"] + bias
        case "DepthwiseConv2D": return ["depthwise_kernel"] + bias
        case "SeparableConv2D", "SeparableConvolution2D":
            return ["depthwise_kernel", "pointwise_kernel"] + bias
        case "BatchNormalization":
            return (try flag("scale", default: true) ? ["gamma"] : [])
                + (try flag("center", default: true) ? ["beta"] : [])
                + ["moving_mean", "moving_variance"]
        case "PReLU": return ["alpha"]
        case "Normalization":
            return config["mean"] == nil ? ["mean", "variance", "count"] : []
        default: return []
        }
    }

    /// How many of its weights, from the first, are trained.
    func trainableCount() throws(ContentError) -> Int {
        switch className {
        case "BatchNormalization": try weightNames().count - 2
        case "Normalization": 0
        default: try weightNames().count
        }
    }
}
