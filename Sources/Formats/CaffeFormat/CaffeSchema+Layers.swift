/// The two messages that hold a layer.
extension CaffeMessageKind {
    /// LayerParameter: layers since 2014.
    static let layerFields: [CaffeField] =
        [
            .one(1, "name", .text), .one(2, "type", .text), .many(3, "bottom", .text),
            .many(4, "top", .text), .many(5, "loss_weight", .ignored),
            .many(6, "param", .message(.parameter)), .many(7, "blobs", .message(.blob)),
            .many(8, "include", .message(.stateRule)), .many(9, "exclude", .message(.stateRule)),
            .one(10, "phase", .ignored), .many(11, "propagate_down", .ignored),
        ] + read.map { .one($0.new, $0.name, .message($0.kind)) }
        + ignored.compactMap { entry in entry.new.map { .one($0, entry.name, .ignored) } }

    /// V1LayerParameter: layers of 2013 and 2014.
    static let oldLayerFields: [CaffeField] =
        [
            .one(1, "layer", .ignored), .many(2, "bottom", .text), .many(3, "top", .text),
            .one(4, "name", .text), .one(5, "type", .choice(CaffeLayerType.oldNames)),
            .many(6, "blobs", .message(.blob)), .many(7, "blobs_lr", .ignored),
            .many(8, "weight_decay", .ignored), .many(32, "include", .message(.stateRule)),
            .many(33, "exclude", .message(.stateRule)), .many(35, "loss_weight", .ignored),
            .many(1001, "param", .text), .many(1002, "blob_share_mode", .ignored),
        ]
        + read.compactMap { entry in entry.old.map { .one($0, entry.name, .message(entry.kind)) } }
        + ignored.compactMap { entry in entry.old.map { .one($0, entry.name, .ignored) } }

    /// Settings of layers that mean something here, by their number in either message.
    private static let read: [(name: String, kind: CaffeMessageKind, new: Int, old: Int?)] = [
        ("transform_param", .transform, 100, 36), ("concat_param", .concat, 104, 9),
        ("convolution_param", .convolution, 106, 10), ("data_param", .data, 107, 11),
        ("eltwise_param", .eltwise, 110, 24), ("inner_product_param", .innerProduct, 117, 17),
        ("lrn_param", .lrn, 118, 18), ("memory_data_param", .memoryData, 119, 22),
        ("pooling_param", .pooling, 121, 19), ("power_param", .power, 122, 21),
        ("relu_param", .relu, 123, 30), ("softmax_param", .softmax, 125, 39),
        ("slice_param", .slice, 126, 31), ("prelu_param", .prelu, 131, nil),
        ("reshape_param", .reshape, 133, nil), ("flatten_param", .flatten, 135, nil),
        ("batch_norm_param", .batchNorm, 139, nil), ("elu_param", .elu, 140, nil),
        ("bias_param", .bias, 141, nil), ("scale_param", .scale, 142, nil),
        ("input_param", .input, 143, nil),
    ]

    /// Settings of layers that are left out or refused by their type.
    private static let ignored: [(name: String, new: Int?, old: Int?)] = [
        ("loss_param", 101, 42), ("accuracy_param", 102, 27), ("argmax_param", 103, 23),
        ("contrastive_loss_param", 105, 40), ("dropout_param", 108, 12),
        ("dummy_data_param", 109, 26), ("exp_param", 111, 41), ("hdf5_data_param", 112, 13),
        ("hdf5_output_param", 113, 14), ("hinge_loss_param", 114, 29),
        ("image_data_param", 115, 15), ("infogain_loss_param", 116, 16), ("mvn_param", 120, 34),
        ("sigmoid_param", 124, 38), ("tanh_param", 127, 37), ("threshold_param", 128, 25),
        ("window_data_param", 129, 20), ("python_param", 130, nil), ("spp_param", 132, nil),
        ("log_param", 134, nil), ("reduction_param", 136, nil), ("embed_param", 137, nil),
        ("tile_param", 138, nil), ("crop_param", 144, nil), ("parameter_param", 145, nil),
        ("recurrent_param", 146, nil), ("swish_param", 147, nil), ("clip_param", 148, nil),
    ]
}

/// Types of layers, by the names that LayerParameter has for them.
enum CaffeLayerType {
    /// The enumeration of V1LayerParameter, by number.
    static let oldNames = [
        "NONE", "ACCURACY", "BNLL", "CONCAT", "CONVOLUTION", "DATA", "DROPOUT", "EUCLIDEAN_LOSS",
        "FLATTEN", "HDF5_DATA", "HDF5_OUTPUT", "IM2COL", "IMAGE_DATA", "INFOGAIN_LOSS",
        "INNER_PRODUCT", "LRN", "MULTINOMIAL_LOGISTIC_LOSS", "POOLING", "RELU", "SIGMOID",
        "SOFTMAX", "SOFTMAX_LOSS", "SPLIT", "TANH", "WINDOW_DATA", "ELTWISE", "POWER",
        "SIGMOID_CROSS_ENTROPY_LOSS", "HINGE_LOSS", "MEMORY_DATA", "ARGMAX", "THRESHOLD",
        "DUMMY_DATA", "SLICE", "MVN", "ABSVAL", "SILENCE", "CONTRASTIVE_LOSS", "EXP",
        "DECONVOLUTION",
    ]

    /// Today's names of the types above, where they are not the same words without underscores.
    private static let renamed = [
        "SOFTMAX_LOSS": "SoftmaxWithLoss", "RELU": "ReLU", "TANH": "TanH", "LRN": "LRN",
        "MVN": "MVN", "BNLL": "BNLL", "ABSVAL": "AbsVal", "ARGMAX": "ArgMax",
        "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "NONE": "NONE",
    ]

    /// Today's name of a type of V1LayerParameter.
    static func name(ofOld number: Int) -> String {
        guard oldNames.indices.contains(number) else { return "\(number)" }
        let old = oldNames[number]
        return renamed[old] ?? old.split(separator: "_").map { $0.capitalized }.joined()
    }

    /// Layers that bring pictures or numbers in.
    static let sources: Set = [
        "Data", "ImageData", "MemoryData", "HDF5Data", "WindowData", "DummyData", "Input",
    ]

    /// Whether a layer measures a result, so that nothing of it is left at inference.
    static func isMeasure(_ type: String) -> Bool {
        type.hasSuffix("Loss") || type == "Accuracy" || type == "HDF5Output"
    }
}

extension Substring {
    fileprivate var capitalized: String { prefix(1) + dropFirst().lowercased() }
}
