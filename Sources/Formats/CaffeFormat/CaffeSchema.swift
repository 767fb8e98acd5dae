/// The messages of caffe.proto that Ferry reads.
enum CaffeMessageKind: String {
    case net = "NetParameter"
    case layer = "LayerParameter"
    case oldLayer = "V1LayerParameter"
    case blob = "BlobProto"
    case blobShape = "BlobShape"
    case state = "NetState"
    case stateRule = "NetStateRule"
    case parameter = "ParamSpec"
    case convolution = "ConvolutionParameter"
    case pooling = "PoolingParameter"
    case lrn = "LRNParameter"
    case innerProduct = "InnerProductParameter"
    case relu = "ReLUParameter"
    case elu = "ELUParameter"
    case prelu = "PReLUParameter"
    case batchNorm = "BatchNormParameter"
    case scale = "ScaleParameter"
    case bias = "BiasParameter"
    case concat = "ConcatParameter"
    case slice = "SliceParameter"
    case softmax = "SoftmaxParameter"
    case flatten = "FlattenParameter"
    case eltwise = "EltwiseParameter"
    case reshape = "ReshapeParameter"
    case power = "PowerParameter"
    case input = "InputParameter"
    case transform = "TransformationParameter"
    case data = "DataParameter"
    case memoryData = "MemoryDataParameter"
}

/// What a field holds, and so how text and wire form write it.
enum CaffeFieldType: Equatable {
    case integer
    case flag
    case float
    case text
    /// A name in text, a number on the wire; names by number.
    case choice([String])
    case message(CaffeMessageKind)
    /// Numbers of a tensor, of this many bytes each: left in the file.
    case elements(Int)
    /// Known, and without meaning at inference.
    case ignored
}

struct CaffeField {
    var number: Int
    var name: String
    var type: CaffeFieldType
    var isRepeated: Bool

    static func one(_ number: Int, _ name: String, _ type: CaffeFieldType) -> CaffeField {
        CaffeField(number: number, name: name, type: type, isRepeated: false)
    }

    static func many(_ number: Int, _ name: String, _ type: CaffeFieldType) -> CaffeField {
        CaffeField(number: number, name: name, type: type, isRepeated: true)
    }
}

extension CaffeMessageKind {
    /// The field of a number; nil for one the message does not have.
    func field(numbered number: Int) -> CaffeField? { Self.tables[self]?.byNumber[number] }

    func field(named name: String) -> CaffeField? { Self.tables[self]?.byName[name] }

    private struct Table {
        var byNumber: [Int: CaffeField]
        var byName: [String: CaffeField]
    }

    private static let tables: [CaffeMessageKind: Table] = fields.mapValues { fields in
        Table(
            byNumber: Dictionary(uniqueKeysWithValues: fields.map { ($0.number, $0) }),
            byName: Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) }))
    }

    private static let phase = CaffeFieldType.choice(["TRAIN", "TEST"])
    private static let engine = CaffeFieldType.ignored

    /// Every field of each message, by BVLC's caffe.proto.
    private static let fields: [CaffeMessageKind: [CaffeField]] = [
        .net: [
            .one(1, "name", .text), .many(2, "layers", .message(.oldLayer)),
            .many(3, "input", .text), .many(4, "input_dim", .integer),
            .one(5, "force_backward", .ignored), .one(6, "state", .message(.state)),
            .one(7, "debug_info", .ignored), .many(8, "input_shape", .message(.blobShape)),
            .many(100, "layer", .message(.layer)),
        ],
        .layer: layerFields,
        .oldLayer: oldLayerFields,
        .blob: [
            .one(1, "num", .integer), .one(2, "channels", .integer), .one(3, "height", .integer),
            .one(4, "width", .integer), .many(5, "data", .elements(4)),
            .many(6, "diff", .ignored), .one(7, "shape", .message(.blobShape)),
            .many(8, "double_data", .elements(8)), .many(9, "double_diff", .ignored),
        ],
        .blobShape: [.many(1, "dim", .integer)],
        .state: [
            .one(1, "phase", phase), .one(2, "level", .integer), .many(3, "stage", .text),
        ],
        .stateRule: [
            .one(1, "phase", phase), .one(2, "min_level", .integer),
            .one(3, "max_level", .integer), .many(4, "stage", .text),
            .many(5, "not_stage", .text),
        ],
        .parameter: [
            .one(1, "name", .text), .one(2, "share_mode", .ignored), .one(3, "lr_mult", .ignored),
            .one(4, "decay_mult", .ignored),
        ],
        .convolution: [
            .one(1, "num_output", .integer), .one(2, "bias_term", .flag),
            .many(3, "pad", .integer), .many(4, "kernel_size", .integer),
            .one(5, "group", .integer), .many(6, "stride", .integer),
            .one(7, "weight_filler", .ignored), .one(8, "bias_filler", .ignored),
            .one(9, "pad_h", .integer), .one(10, "pad_w", .integer),
            .one(11, "kernel_h", .integer), .one(12, "kernel_w", .integer),
            .one(13, "stride_h", .integer), .one(14, "stride_w", .integer),
            .one(15, "engine", engine), .one(16, "axis", .integer),
            .one(17, "force_nd_im2col", .ignored), .many(18, "dilation", .integer),
        ],
        .pooling: [
            .one(1, "pool", .choice(["MAX", "AVE", "STOCHASTIC"])),
            .one(2, "kernel_size", .integer), .one(3, "stride", .integer),
            .one(4, "pad", .integer), .one(5, "kernel_h", .integer),
            .one(6, "kernel_w", .integer), .one(7, "stride_h", .integer),
            .one(8, "stride_w", .integer), .one(9, "pad_h", .integer),
            .one(10, "pad_w", .integer), .one(11, "engine", engine),
            .one(12, "global_pooling", .flag),
            .one(13, "round_mode", .choice(["CEIL", "FLOOR"])),
        ],
        .lrn: [
            .one(1, "local_size", .integer), .one(2, "alpha", .float), .one(3, "beta", .float),
            .one(4, "norm_region", .choice(["ACROSS_CHANNELS", "WITHIN_CHANNEL"])),
            .one(5, "k", .float), .one(6, "engine", engine),
        ],
        .innerProduct: [
            .one(1, "num_output", .integer), .one(2, "bias_term", .flag),
            .one(3, "weight_filler", .ignored), .one(4, "bias_filler", .ignored),
            .one(5, "axis", .integer), .one(6, "transpose", .flag),
        ],
        .relu: [.one(1, "negative_slope", .float), .one(2, "engine", engine)],
        .elu: [.one(1, "alpha", .float)],
        .prelu: [.one(1, "filler", .ignored), .one(2, "channel_shared", .flag)],
        .batchNorm: [
            .one(1, "use_global_stats", .flag), .one(2, "moving_average_fraction", .ignored),
            .one(3, "eps", .float),
        ],
        .scale: [
            .one(1, "axis", .integer), .one(2, "num_axes", .integer), .one(3, "filler", .ignored),
            .one(4, "bias_term", .flag), .one(5, "bias_filler", .ignored),
        ],
        .bias: [
            .one(1, "axis", .integer), .one(2, "num_axes", .integer), .one(3, "filler", .ignored),
        ],
        .concat: [.one(1, "concat_dim", .integer), .one(2, "axis", .integer)],
        .slice: [
            .one(1, "slice_dim", .integer), .many(2, "slice_point", .integer),
            .one(3, "axis", .integer),
        ],
        .softmax: [.one(1, "engine", engine), .one(2, "axis", .integer)],
        .flatten: [.one(1, "axis", .integer), .one(2, "end_axis", .integer)],
        .eltwise: [
            .one(1, "operation", .choice(["PROD", "SUM", "MAX"])), .many(2, "coeff", .float),
            .one(3, "stable_prod_grad", .ignored),
        ],
        .reshape: [
            .one(1, "shape", .message(.blobShape)), .one(2, "axis", .integer),
            .one(3, "num_axes", .integer),
        ],
        .power: [.one(1, "power", .float), .one(2, "scale", .float), .one(3, "shift", .float)],
        .input: [.many(1, "shape", .message(.blobShape))],
        .transform: [
            .one(1, "scale", .ignored), .one(2, "mirror", .ignored),
            .one(3, "crop_size", .integer), .one(4, "mean_file", .ignored),
            .many(5, "mean_value", .ignored), .one(6, "force_color", .ignored),
            .one(7, "force_gray", .ignored),
        ],
        .data: [
            .one(1, "source", .ignored), .one(2, "scale", .ignored),
            .one(3, "mean_file", .ignored), .one(4, "batch_size", .ignored),
            .one(5, "crop_size", .integer), .one(6, "mirror", .ignored),
            .one(7, "rand_skip", .ignored), .one(8, "backend", .ignored),
            .one(9, "force_encoded_color", .ignored), .one(10, "prefetch", .ignored),
        ],
        .memoryData: [
            .one(1, "batch_size", .integer), .one(2, "channels", .integer),
            .one(3, "height", .integer), .one(4, "width", .integer),
        ],
    ]
}
