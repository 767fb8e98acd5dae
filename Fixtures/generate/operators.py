"""Small single-operator models with inputs and expected outputs.

Each case is a folder in the layout of ONNX's own test data: model.onnx and
test_data_set_0 with input_K.pb and output_K.pb. The folders whose names begin
with the same word are one zip archive. The expected output is ONNX
Runtime's (CPU, no graph optimisation) and must agree with the float64 answer
of reference.py, NumPy or PyTorch before the case is written.
"""

import shutil
import zipfile
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import recipe
import reference as ref

FOLDER = recipe.FIXTURES / "operators"
X = (2, 3, 7, 10)
done, checked = [], []
archives = {}  # name -> member -> bytes


def ints(*numbers):
    return np.array(numbers, np.int64)


def noise(name, index, shape, low=-2.0, high=2.0):
    """Distinct values: a shuffled ladder from low to high, a little uneven."""
    rng = np.random.default_rng(zlib.crc32(f"{name}/{index}".encode()))
    count = int(np.prod(shape))
    ladder = (rng.permutation(count) + rng.uniform(0.1, 0.9, count)) / max(count, 1)
    return (low + (high - low) * ladder).astype(np.float32).reshape(shape)


class Shape(tuple):
    """Stands for a random float32 array of this shape, made from the case's name."""


def as_array(value):
    return None if value is None else np.asarray(value)


def S(*dims):
    return Shape(dims)


def case(name, op, inputs, expect, *, opset=13, fixed=(), out=None, spread=2.0, ir=None, **attributes):
    """Writes one case.

    inputs    arrays, or S(...) for random ones, or None for an omitted input
    expect    a function of the arrays that gives the float64 answer
    fixed     which of the inputs are stored in the model (initializers)
    out       element type of the output, if it is not the first input's
    """
    arrays = [
        noise(name, i, v, -spread, spread) if isinstance(v, Shape) else as_array(v)
        for i, v in enumerate(inputs)
    ]
    names = ["" if a is None else f"x{i}" for i, a in enumerate(arrays)]
    fed = [i for i, a in enumerate(arrays) if a is not None and i not in fixed]
    nodes = [helper.make_node(op, names, ["y"], name=name, **attributes)]
    write(name, nodes, arrays, names, fed, expect, opset, out, ir)


def write(name, nodes, arrays, names, fed, expect, opset, out, ir):
    kind = out or helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    stored = [i for i, a in enumerate(arrays) if a is not None and i not in fed]
    ir = ir or (4 if opset < 12 else 7 if opset < 15 else 8)
    listed = [i for i in range(len(arrays)) if i in fed or (ir < 4 and i in stored)]

    def build(shape):
        graph = helper.make_graph(
            nodes,
            name,
            [
                helper.make_tensor_value_info(
                    names[i], helper.np_dtype_to_tensor_dtype(arrays[i].dtype), arrays[i].shape
                )
                for i in listed
            ],
            [helper.make_tensor_value_info("y", kind, shape)],
            [numpy_helper.from_array(arrays[i], names[i]) for i in stored],
        )
        return helper.make_model(
            graph,
            ir_version=ir,
            opset_imports=[helper.make_opsetid("", opset)],
            producer_name="ferry-fixtures",
        )

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        build(None).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    got = session.run(None, {names[i]: arrays[i] for i in fed})[0]
    # Shape inference below opset 22 keeps a last window that lies in the end padding;
    # the runtimes drop it. So the sizes of pools that round up are left open.
    model = build([None] * got.ndim if "pool_ceil" in name else got.shape)
    onnx.checker.check_model(model, full_check=True)

    if expect is not None:
        wanted = np.asarray(expect(*[a for a in arrays if a is not None]))
        assert wanted.shape == got.shape, (name, wanted.shape, got.shape)
        if got.dtype.kind == "f":
            limit = 2e-6 * np.abs(wanted).max(initial=0) + 2e-6 * np.abs(wanted) + 1e-30
            if got.dtype == np.float16:
                limit = limit * 500
            worst = np.abs(got.astype(np.float64) - wanted)
            assert np.isfinite(got).all() and (worst <= limit).all(), (name, worst.max())
        else:
            assert (got == wanted).all(), (name, got, wanted)
        checked.append(name)

    assert name not in done, name
    done.append(name)
    members = archives.setdefault(name.split("_")[0], {})

    def keep(place, proto):
        members[f"{name}/{place}"] = proto.SerializeToString(deterministic=True)

    keep("model.onnx", model)
    for place, i in enumerate(fed):
        keep(f"test_data_set_0/input_{place}.pb", numpy_helper.from_array(arrays[i], names[i]))
    keep("test_data_set_0/output_0.pb", numpy_helper.from_array(got, "y"))


def pack():
    """Writes the archives; the same members give the same bytes."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for word, members in archives.items():
        with zipfile.ZipFile(FOLDER / f"{word}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for place, contents in sorted(members.items()):
                info = zipfile.ZipInfo(place)  # of 1980
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, contents, compresslevel=9)


def convolutions():
    def conv(name, x, w, bias=True, **rest):
        extra = {k: rest.pop(k) for k in ("opset", "ir") if k in rest}
        inputs = [S(*x), S(*w)] + ([S(w[0])] if bias else [])
        kernel = {} if rest.pop("bare", False) else {"kernel_shape": list(w[2:])}
        case(
            f"conv_{name}", "Conv", inputs, lambda *a: ref.conv(*a, **rest),
            fixed=(1, 2), **extra, **kernel, **rest,
        )  # fmt: skip

    conv("basic", X, (4, 3, 3, 3))
    conv("no_bias", X, (4, 3, 3, 3), bias=False)
    conv("kernel_shape_absent", X, (4, 3, 2, 3), bare=True)
    conv("opset7", X, (4, 3, 3, 3), opset=7, pads=[1, 1, 1, 1])
    conv("opset11", X, (4, 3, 3, 3), opset=11, pads=[1, 1, 1, 1])
    conv("ir3_initializers_listed_as_inputs", X, (4, 3, 3, 3), opset=8, ir=3)
    conv("opset17", X, (4, 3, 3, 3), opset=17, pads=[0, 1, 0, 1])
    conv("kernel_3x5", X, (4, 3, 3, 5))
    conv("kernel_5x3_pads", X, (4, 3, 5, 3), pads=[2, 1, 2, 1])
    conv("kernel_1x7_row", X, (4, 3, 1, 7))
    conv("kernel_7x1_column", X, (4, 3, 7, 1))
    conv("kernel_2x4_even", X, (5, 3, 2, 4))
    conv("kernel_equals_input", X, (4, 3, 7, 10))
    conv("pads_four_values", X, (4, 3, 3, 3), pads=[1, 2, 0, 3])
    conv("pads_four_values_stride2", X, (4, 3, 3, 3), pads=[3, 0, 1, 2], strides=[2, 2])
    conv("pads_beyond_kernel", X, (4, 3, 3, 3), pads=[4, 5, 3, 4])
    conv("strides_2_3", X, (4, 3, 3, 3), strides=[2, 3])
    conv("stride_beyond_kernel", X, (4, 3, 2, 2), strides=[3, 4])
    conv("dilations_2_3", (2, 3, 9, 13), (4, 3, 3, 3), dilations=[2, 3])
    conv("dilations_pads", X, (4, 3, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2])
    conv("dilations_stride2", (2, 3, 11, 14), (4, 3, 3, 3), dilations=[2, 1], strides=[2, 2], pads=[1, 0, 2, 1])  # fmt: skip
    conv("groups_2", (2, 4, 7, 10), (6, 2, 3, 3), group=2)
    conv("groups_3_pads", (2, 6, 7, 10), (9, 2, 3, 3), group=3, pads=[1, 1, 1, 1])
    conv("groups_everything", (2, 4, 9, 12), (6, 2, 3, 2), group=2, pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2])  # fmt: skip
    conv("depthwise", (2, 5, 7, 10), (5, 1, 3, 3), group=5, pads=[1, 1, 1, 1])
    conv("depthwise_multiplier2", (2, 3, 7, 10), (6, 1, 3, 3), group=3)
    conv("depthwise_stride2_same", (2, 5, 8, 11), (5, 1, 3, 3), group=5, strides=[2, 2], auto_pad="SAME_UPPER")  # fmt: skip
    for way in ("UPPER", "LOWER"):
        title, mode = f"same_{way.lower()}", f"SAME_{way}"
        conv(f"{title}_stride1", X, (4, 3, 3, 3), auto_pad=mode)
        conv(f"{title}_even_kernel", X, (4, 3, 2, 4), auto_pad=mode)
        conv(f"{title}_stride2_even_size", (2, 3, 8, 10), (4, 3, 3, 3), auto_pad=mode, strides=[2, 2])
        conv(f"{title}_stride2_odd_size", (2, 3, 7, 11), (4, 3, 3, 3), auto_pad=mode, strides=[2, 2])
        conv(f"{title}_stride3_kernel5", (2, 3, 10, 13), (4, 3, 5, 5), auto_pad=mode, strides=[3, 3])
        conv(f"{title}_stride_beyond_kernel", (2, 3, 7, 10), (4, 3, 1, 1), auto_pad=mode, strides=[2, 2])
    conv("valid_stride2", X, (4, 3, 3, 3), auto_pad="VALID", strides=[2, 2])
    conv("notset_with_pads", X, (4, 3, 3, 3), auto_pad="NOTSET", pads=[1, 0, 0, 1])
    conv("1x1", X, (5, 3, 1, 1))
    conv("1x1_stride2", X, (5, 3, 1, 1), strides=[2, 2])
    conv("1x1_17_to_31", (1, 17, 5, 9), (31, 17, 1, 1))
    conv("11x11_stride4_pad2", (1, 3, 35, 43), (8, 3, 11, 11), strides=[4, 4], pads=[2, 2, 2, 2])
    conv("33_to_18", (2, 33, 5, 7), (18, 33, 3, 3), pads=[1, 1, 1, 1])
    conv("64_to_64", (1, 64, 9, 9), (64, 64, 3, 3), pads=[1, 1, 1, 1])
    conv("24_to_50_5x5", (1, 24, 6, 13), (50, 24, 5, 5), pads=[2, 2, 2, 2])
    conv("one_channel", (2, 1, 6, 9), (6, 1, 5, 5), pads=[2, 2, 2, 2])
    conv("one_output_channel", X, (1, 3, 3, 3), pads=[1, 1, 1, 1])
    conv("wide_row", (1, 2, 3, 67), (3, 2, 3, 3), pads=[1, 1, 1, 1])
    conv("tall_column", (1, 2, 45, 2), (3, 2, 3, 2))
    conv("batch_5", (5, 2, 4, 6), (3, 2, 3, 3), pads=[1, 1, 1, 1])
    conv("one_pixel_input_padded", (2, 3, 1, 1), (4, 3, 3, 3), pads=[1, 1, 1, 1])


def activations():
    def sigmoid(x):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x.astype(np.float64)))

    def act(name, op, expect, x=S(*X), **rest):
        case(name, op, [x], expect, **rest)

    big = np.float32([[-1e3, -100, -30, -1, -0.0], [0, 1e-6, 30, 100, 1e3]])
    act("relu", "Relu", lambda x: np.maximum(x, 0))
    act("relu_opset6", "Relu", lambda x: np.maximum(x, 0), opset=7)
    act("relu_opset14", "Relu", lambda x: np.maximum(x, 0), opset=14)
    act("relu_odd_length", "Relu", lambda x: np.maximum(x, 0), x=S(1, 1, 1, 37))
    act("leakyrelu_default", "LeakyRelu", lambda x: np.where(x < 0, np.float64(0.01) * x, x))
    act("leakyrelu_alpha", "LeakyRelu", lambda x: np.where(x < 0, np.float64(0.3) * x, x), alpha=0.3)
    act("leakyrelu_negative_alpha", "LeakyRelu", lambda x: np.where(x < 0, np.float64(-0.5) * x, x), alpha=-0.5)
    act("elu_default", "Elu", lambda x: np.where(x < 0, np.expm1(x.astype(np.float64)), x))
    act("elu_alpha", "Elu", lambda x: np.where(x < 0, 2 * np.expm1(x.astype(np.float64)), x), alpha=2.0)
    act("tanh", "Tanh", lambda x: np.tanh(x.astype(np.float64)))
    act("tanh_large", "Tanh", lambda x: np.tanh(x.astype(np.float64)), x=big)
    act("sigmoid", "Sigmoid", sigmoid)
    act("sigmoid_large", "Sigmoid", sigmoid, x=big)
    act("hardsigmoid_default", "HardSigmoid", lambda x: np.clip(x * 0.2 + 0.5, 0, 1), spread=4)
    act("hardsigmoid_sixth", "HardSigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), spread=5, alpha=1 / 6, beta=0.5)
    low, high = np.float32(-0.75), np.float32(1.25)
    for opset in (11, 13):
        end = "" if opset == 13 else "_opset11"
        bounds = {"fixed": (1, 2), "opset": opset}
        case(f"clip_both{end}", "Clip", [S(*X), low, high], lambda x, a, b: np.clip(x, a, b), **bounds)
        case(f"clip_min_only{end}", "Clip", [S(*X), low], lambda x, a: np.maximum(x, a), **bounds)
        case(f"clip_max_only{end}", "Clip", [S(*X), None, high], lambda x, b: np.minimum(x, b), **bounds)
    case("clip_neither", "Clip", [S(*X)], lambda x: x)
    case("clip_min_above_max", "Clip", [S(*X), high, low], lambda x, a, b: np.full_like(x, b), fixed=(1, 2))
    case("clip_opset6_both", "Clip", [S(*X)], lambda x: np.clip(x, -0.5, 1.5), opset=7, min=-0.5, max=1.5)
    case("clip_opset6_min", "Clip", [S(*X)], lambda x: np.maximum(x, -0.5), opset=9, min=-0.5)
    case("clip_opset6_max_relu6", "Clip", [S(*X)], lambda x: np.clip(x, 0, 6), opset=10, min=0.0, max=6.0, spread=9)  # fmt: skip


def pools():
    def both(name, x=S(*X), opset=13, spread=2.0, **rest):
        case(f"maxpool_{name}", "MaxPool", [x], lambda a: ref.max_pool(a, **rest), opset=opset, spread=spread, **rest)
        case(f"averagepool_{name}", "AveragePool", [x], lambda a: ref.average_pool(a, **rest), opset=opset, spread=spread, **rest)  # fmt: skip

    def maximum(name, x=S(*X), opset=13, **rest):
        case(f"maxpool_{name}", "MaxPool", [x], lambda a: ref.max_pool(a, **rest), opset=opset, **rest)

    def average(name, x=S(*X), opset=13, **rest):
        case(f"averagepool_{name}", "AveragePool", [x], lambda a: ref.average_pool(a, **rest), opset=opset, **rest)

    two, three = [2, 2], [3, 3]
    both("2x2_stride2", kernel_shape=two, strides=two)
    both("3x3_stride2", kernel_shape=three, strides=two)
    both("strides_absent", kernel_shape=[3, 2])
    both("kernel_2x4_strides_3_1", kernel_shape=[2, 4], strides=[3, 1])
    both("pads_four_values", kernel_shape=[4, 5], pads=[1, 2, 3, 0], strides=[1, 2])
    both("same_upper_even", S(2, 3, 8, 10), kernel_shape=three, strides=two, auto_pad="SAME_UPPER")
    both("same_upper_odd", S(2, 3, 7, 11), kernel_shape=three, strides=two, auto_pad="SAME_UPPER")
    both("same_lower_even", S(2, 3, 8, 10), kernel_shape=three, strides=two, auto_pad="SAME_LOWER")
    both("same_lower_odd", S(2, 3, 7, 11), kernel_shape=three, strides=two, auto_pad="SAME_LOWER")
    both("same_upper_2x2_stride1", kernel_shape=two, auto_pad="SAME_UPPER")
    both("same_lower_2x2_stride1", kernel_shape=two, auto_pad="SAME_LOWER")
    both("valid", kernel_shape=three, strides=two, auto_pad="VALID")
    both("ceil", S(2, 3, 8, 11), kernel_shape=three, strides=two, ceil_mode=1)
    both("ceil_pads", S(2, 3, 6, 9), kernel_shape=three, strides=[3, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    both("ceil_drops_last_window", S(2, 3, 4, 5), kernel_shape=[1, 1], strides=[2, 3], ceil_mode=1)
    both("ceil_window_in_end_padding", S(2, 3, 4, 6), kernel_shape=two, strides=[3, 2], pads=[1, 1, 1, 1], ceil_mode=1)  # fmt: skip
    both("opset10_ceil", S(2, 3, 8, 11), opset=10, kernel_shape=three, strides=two, ceil_mode=1)
    both("opset7", opset=7, kernel_shape=three, strides=two, pads=[1, 1, 1, 1])
    both("kernel_is_input", kernel_shape=[7, 10])
    both("1x1", kernel_shape=[1, 1])
    both("33_channels", S(2, 33, 5, 7), kernel_shape=two, strides=two)
    both("64_channels_3x3", S(1, 64, 9, 13), kernel_shape=three, strides=two)
    negative = noise("maxpool_negative", 0, X, -9, -1)
    maximum("negative_padded", negative, kernel_shape=three, strides=two, pads=[1, 1, 1, 1])
    maximum("negative_same_upper", noise("n", 1, (2, 3, 8, 10), -9, -1), kernel_shape=three, strides=two, auto_pad="SAME_UPPER")  # fmt: skip
    maximum("dilations", S(2, 3, 9, 12), kernel_shape=[3, 2], dilations=[2, 3])
    maximum("dilations_pads_stride", S(2, 3, 9, 12), kernel_shape=three, dilations=two, strides=two, pads=[1, 1, 1, 1])  # fmt: skip
    maximum("dilations_ceil", S(2, 3, 10, 13), kernel_shape=three, dilations=two, strides=[3, 2], ceil_mode=1)
    maximum("storage_order_given", kernel_shape=two, strides=two, storage_order=0)
    for counted in (0, 1):
        end = f"count_include_pad_{counted}"
        average(end, kernel_shape=three, strides=two, pads=[1, 1, 1, 1], count_include_pad=counted)
        average(f"{end}_four_pads", kernel_shape=[4, 5], strides=[1, 2], pads=[1, 2, 3, 0], count_include_pad=counted)  # fmt: skip
        average(f"{end}_ceil", S(2, 3, 6, 9), kernel_shape=three, strides=two, pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=counted)  # fmt: skip
        average(f"{end}_same_upper", S(2, 3, 8, 10), kernel_shape=three, strides=two, auto_pad="SAME_UPPER", count_include_pad=counted)  # fmt: skip
    average("opset19_dilations", S(2, 3, 9, 12), opset=19, kernel_shape=[3, 2], dilations=[2, 3])
    for shape in (X, (1, 33, 5, 1), (2, 20, 1, 1)):
        end = "_".join(str(d) for d in shape)
        case(f"globalaveragepool_{end}", "GlobalAveragePool", [S(*shape)], lambda x: x.mean((2, 3), np.float64, keepdims=True))  # fmt: skip
        case(f"globalmaxpool_{end}", "GlobalMaxPool", [S(*shape)], lambda x: x.max((2, 3), keepdims=True))


def normalisations():
    def lrn(name, shape, **rest):
        opset = rest.pop("opset", 13)
        # ONNX Runtime adds and subtracts squares along the channels: larger values
        # would cost its answer digits.
        case(f"lrn_{name}", "LRN", [S(*shape)], lambda x: ref.lrn(x, **rest), opset=opset, spread=4, **rest)

    wide = (2, 7, 4, 5)
    lrn("size3_defaults", wide, size=3)
    lrn("size5_alexnet", wide, size=5, alpha=1e-4, beta=0.75, bias=2.0)
    lrn("size5_large_alpha", wide, size=5, alpha=0.9, beta=0.75, bias=1.0)
    lrn("size3_beta_half", wide, size=3, alpha=0.5, beta=0.5, bias=2.0)
    lrn("size1", wide, size=1, alpha=0.5)
    lrn("channels_below_size", (2, 3, 4, 5), size=7, alpha=0.7)
    lrn("one_channel", (2, 1, 4, 5), size=5, alpha=0.7)
    lrn("33_channels", (1, 33, 3, 5), size=5, alpha=0.7, beta=0.75)
    lrn("opset7", wide, size=5, alpha=0.9, opset=7)

    def norm(name, shape, opset, var=(0.1, 3.0), **rest):
        c = shape[1]
        name = f"batchnormalization_{name}"
        scale = noise(name, "scale", (c,), 0.5, 1.5)
        spread = noise(name, "var", (c,), *var)
        case(name, "BatchNormalization", [S(*shape), scale, S(c), S(c), spread],
             lambda *a: ref.batch_norm(*a, rest.get("epsilon", 1e-5)),
             opset=opset, fixed=(1, 2, 3, 4), **rest)  # fmt: skip

    wide = (2, 5, 4, 7)
    for opset in (7, 9, 13, 14, 15):
        norm(f"opset{opset}", wide, opset)
    norm("epsilon_1e-3", wide, 13, epsilon=1e-3)
    norm("tiny_variances", wide, 13, var=(1e-7, 1e-4))
    norm("tiny_variances_epsilon_1e-3", wide, 13, var=(1e-7, 1e-4), epsilon=1e-3)
    norm("momentum_given", wide, 13, momentum=0.1)
    norm("training_mode_0", wide, 15, training_mode=0)
    norm("33_channels", (1, 33, 3, 5), 13)
    norm("rank2", (4, 7), 13)


def products():
    def gemm(name, a, b, c=None, opset=13, **rest):
        inputs = [S(*a), S(*b)] + ([] if c is None else [S(*c)])
        case(f"gemm_{name}", "Gemm", inputs, lambda *v: ref.gemm(*v, **rest), opset=opset, fixed=(1, 2), **rest)

    for ta in (0, 1):
        for tb in (0, 1):
            a, b = ((6, 3) if ta else (3, 6)), ((5, 6) if tb else (6, 5))
            gemm(f"transA{ta}_transB{tb}", a, b, (5,), transA=ta, transB=tb)
    gemm("alpha_beta", (3, 6), (6, 5), (3, 5), alpha=0.5, beta=-1.5)
    gemm("alpha_beta_all", (6, 3), (5, 6), (1, 5), alpha=0.25, beta=0.35, transA=1, transB=1)
    gemm("beta_0", (3, 6), (6, 5), (3, 5), beta=0.0)
    gemm("c_missing", (3, 6), (6, 5))
    gemm("c_missing_opset11", (3, 6), (5, 6), opset=11, transB=1)
    gemm("c_n", (3, 6), (6, 5), (5,))
    gemm("c_1_n", (3, 6), (6, 5), (1, 5))
    gemm("c_m_1", (3, 6), (6, 5), (3, 1))
    gemm("c_1", (3, 6), (6, 5), (1,))
    gemm("c_scalar", (3, 6), (6, 5), ())
    gemm("c_m_n", (3, 6), (6, 5), (3, 5))
    gemm("square_transB", (2, 6), (6, 6), (6,), transB=1)
    gemm("opset7", (3, 6), (5, 6), (5,), opset=7, transB=1)
    gemm("opset9", (3, 6), (5, 6), (5,), opset=9, transB=1)
    gemm("one_row_larger", (1, 67), (35, 67), (35,), transB=1)
    gemm("17x33x65", (17, 33), (33, 65), (65,))

    def matmul(name, a, b, **rest):
        case(f"matmul_{name}", "MatMul", [S(*a), S(*b)], lambda x, y: x.astype(np.float64) @ y, **rest)

    matmul("2d", (3, 6), (6, 5))
    matmul("2d_weight", (3, 6), (6, 5), fixed=(1,))
    matmul("19x67x35", (19, 67), (67, 35), fixed=(1,))
    matmul("3d", (2, 3, 6), (2, 6, 5))
    matmul("4d", (2, 3, 4, 5), (2, 3, 5, 6))
    matmul("4d_by_2d", (2, 3, 4, 5), (5, 6))
    matmul("2d_by_3d", (4, 5), (2, 5, 6))
    matmul("broadcast_batches", (3, 1, 4, 5), (2, 5, 6))
    matmul("1d_by_2d", (6,), (6, 5))
    matmul("2d_by_1d", (3, 6), (6,))
    matmul("1d_by_1d", (6,), (6,))
    matmul("3d_by_1d", (2, 3, 6), (6,))
    matmul("1d_by_3d", (6,), (2, 6, 5))
    matmul("opset9", (3, 6), (6, 5), opset=9)


def arithmetic():
    steps = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
    for name, function in steps.items():
        op = name.capitalize()

        def two(end, a, b, function=function, op=op, name=name, **rest):
            low = noise(f"{name}_{end}", 1, b, 0.5, 2.5) * np.float32(-1)
            case(f"{name}_{end}", op, [S(*a), low], lambda x, y: function(x.astype(np.float64), y), **rest)

        two("same_shape", X, X)
        two("channel", X, (3, 1, 1), fixed=(1,))
        two("scalar", X, ())
        two("last_axis", X, (10,))
        two("both_stretch", (2, 1, 7, 1), (1, 3, 1, 10))
        two("first_enlarged", (10,), X)
        two("opset7", X, (3, 1, 1), opset=7)
    a, b = ints(7, -7, 9, 100, 3), ints(2, 2, -4, 7, 3)
    case("add_int64", "Add", [a, b], np.add)
    case("sub_int64", "Sub", [a, b], np.subtract)
    case("mul_int64", "Mul", [a, b], np.multiply)
    case("div_int64_truncates", "Div", [a, b], lambda x, y: np.trunc(x / y))
    case("mul_larger", "Mul", [S(2, 33, 5, 7), S(1, 33, 1, 1)], lambda x, y: x.astype(np.float64) * y)

    for name, function in (("sum", np.add), ("max", np.maximum), ("min", np.minimum)):
        op = name.capitalize()

        def fold(*arrays, function=function):
            total = arrays[0].astype(np.float64)
            for other in arrays[1:]:
                total = function(total, other)
            return total

        case(f"{name}_one", op, [S(*X)], fold)
        case(f"{name}_two", op, [S(*X), S(*X)], fold)
        case(f"{name}_three_broadcast", op, [S(*X), S(3, 1, 1), S(10)], fold)
        case(f"{name}_opset8", op, [S(*X), S(*X), S(*X)], fold, opset=8)

    base = noise("pow", 0, X, 0.2, 3)
    case("pow_square", "Pow", [S(*X), np.float32(2)], lambda x, y: x.astype(np.float64) ** 2, fixed=(1,))
    case("pow_minus_three_quarters", "Pow", [base, np.float32(-0.75)], lambda x, y: x.astype(np.float64) ** -0.75, fixed=(1,))  # fmt: skip
    case("pow_broadcast", "Pow", [base, S(3, 1, 1)], lambda x, y: x.astype(np.float64) ** y.astype(np.float64))
    case("pow_opset7", "Pow", [base, S(1)], lambda x, y: x.astype(np.float64) ** y.astype(np.float64), opset=7)
    case("sqrt", "Sqrt", [base], lambda x: np.sqrt(x.astype(np.float64)))
    case("exp", "Exp", [S(*X)], lambda x: np.exp(x.astype(np.float64)), spread=8)
    case("neg", "Neg", [S(*X)], np.negative)
    case("abs", "Abs", [S(*X)], np.abs)
    case("identity", "Identity", [S(*X)], lambda x: x)
    case("identity_int64", "Identity", [ints(3, -1, 7)], lambda x: x)
    case("dropout_opset7", "Dropout", [S(*X)], lambda x: x, opset=7, ratio=0.4)
    case("dropout_opset10", "Dropout", [S(*X)], lambda x: x, opset=10, ratio=0.4)
    case("dropout_opset13", "Dropout", [S(*X)], lambda x: x)
    case("dropout_opset13_ratio", "Dropout", [S(*X), np.float32(0.4)], lambda x, r: x, fixed=(1,))
    case("dropout_opset13_training_false", "Dropout", [S(*X), np.float32(0.4), np.array(False)], lambda x, r, t: x, fixed=(1, 2))  # fmt: skip


def softmaxes():
    big = np.float32([[-1e3, 1e3, 0, 999], [1e3, -1e3, 998, 1e3], [-1e3, -1e3, -999, -998]])
    for op in ("Softmax", "LogSoftmax"):
        log, name = op == "LogSoftmax", op.lower()

        def soft(end, x, axis=None, opset=13, op=op, log=log, name=name):
            flat = opset < 13
            at = axis if axis is not None else (1 if flat else -1)
            case(f"{name}_{end}", op, [x], lambda a: ref.softmax(a, at, flat, log), opset=opset,
                 spread=4, **({} if axis is None else {"axis": axis}))  # fmt: skip

        soft("opset13_default", S(*X))
        soft("opset13_axis1", S(*X), 1)
        soft("opset13_axis0", S(*X), 0)
        soft("opset13_axis2", S(*X), 2)
        soft("opset13_axis_minus3", S(*X), -3)
        soft("opset13_rank2", S(3, 10), 1)
        soft("opset13_rank1", S(11), 0)
        soft("opset13_large", big, -1)
        soft("opset11_default", S(*X), opset=11)
        soft("opset11_axis1", S(*X), 1, 11)
        soft("opset11_axis0", S(*X), 0, 11)
        soft("opset11_axis2", S(*X), 2, 11)
        soft("opset11_axis_minus1", S(*X), -1, 11)
        soft("opset11_large", big, 1, 11)
        soft("opset7_axis1", S(3, 10), 1, 7)
        soft("opset7_axis1_rank4", S(2, 10, 1, 1), 1, 7)
    case("softmax_opset13_1000_classes", "Softmax", [S(2, 1000)], lambda x: ref.softmax(x, -1, False), spread=9)


def shapes():
    for opset, axes in ((13, (0, 1, 2, 3, 4, -1, -3)), (9, (1, 2)), (11, (-1,))):
        for axis in axes:
            at = axis % 4 if axis < 0 else axis
            end = f"axis{axis}".replace("-", "_minus") + ("" if opset == 13 else f"_opset{opset}")
            case(f"flatten_{end}", "Flatten", [S(*X)],
                 lambda x, at=at: x.reshape(int(np.prod(x.shape[:at])), -1), opset=opset, axis=axis)  # fmt: skip
    case("flatten_default", "Flatten", [S(*X)], lambda x: x.reshape(2, -1))

    def reshape(name, target, result, x=S(*X), **rest):
        case(f"reshape_{name}", "Reshape", [x, ints(*target)], lambda a, s: a.reshape(result), fixed=(1,), **rest)

    reshape("plain", (2, 7, 3, 10), (2, 7, 3, 10))
    reshape("minus1", (2, -1), (2, 210))
    reshape("zero", (0, 0, 70), (2, 3, 70))
    reshape("zero_minus1", (0, -1), (2, 210))
    reshape("to_rank1", (-1,), (420,))
    reshape("grow", (1, 2, 3, 1, 70), (1, 2, 3, 1, 70))
    reshape("opset5", (0, -1), (2, 210), opset=7)
    reshape("allowzero_opset14", (3, 4, 0), (3, 4, 0), x=np.zeros((0, 3, 4), np.float32), opset=14, allowzero=1)
    reshape("allowzero_without_zero_opset14", (2, -1), (2, 210), opset=14, allowzero=1)
    reshape("to_scalar", (), (), x=S(1, 1))

    for perm in ((0, 2, 3, 1), (0, 3, 1, 2), (3, 2, 1, 0), (1, 0, 2, 3), (0, 1, 3, 2), (2, 0, 3, 1)):
        end = "".join(str(p) for p in perm)
        case(f"transpose_{end}", "Transpose", [S(*X)], lambda x, p=perm: x.transpose(p), perm=list(perm))
    case("transpose_default", "Transpose", [S(*X)], lambda x: x.transpose())
    case("transpose_2d", "Transpose", [S(5, 9)], lambda x: x.T, perm=[1, 0])
    case("transpose_3d_102", "Transpose", [S(4, 5, 6)], lambda x: x.transpose(1, 0, 2), perm=[1, 0, 2])
    case("transpose_larger_0231", "Transpose", [S(2, 17, 19, 5)], lambda x: x.transpose(0, 2, 3, 1), perm=[0, 2, 3, 1])  # fmt: skip

    thin = S(1, 3, 1, 5)
    case("squeeze_all", "Squeeze", [thin], lambda x: x.squeeze())
    case("squeeze_axes_opset13", "Squeeze", [thin, ints(0, 2)], lambda x, a: x.reshape(3, 5), fixed=(1,))
    case("squeeze_negative_axis_opset13", "Squeeze", [thin, ints(-2)], lambda x, a: x.reshape(1, 3, 5), fixed=(1,))
    case("squeeze_attribute_opset11", "Squeeze", [thin], lambda x: x.reshape(3, 1, 5), opset=11, axes=[0])
    case("squeeze_attribute_negative_opset11", "Squeeze", [thin], lambda x: x.reshape(1, 3, 5), opset=11, axes=[-2])
    case("squeeze_opset7", "Squeeze", [S(2, 5, 1, 1)], lambda x: x.reshape(2, 5), opset=7, axes=[2, 3])
    case("unsqueeze_opset13", "Unsqueeze", [S(3, 5), ints(0, 3)], lambda x, a: x.reshape(1, 3, 5, 1), fixed=(1,))
    case("unsqueeze_negative_opset13", "Unsqueeze", [S(3, 5), ints(-1)], lambda x, a: x.reshape(3, 5, 1), fixed=(1,))
    case("unsqueeze_unsorted_opset13", "Unsqueeze", [S(3, 5), ints(2, 0)], lambda x, a: x.reshape(1, 3, 1, 5), fixed=(1,))  # fmt: skip
    case("unsqueeze_attribute_opset11", "Unsqueeze", [S(3, 5)], lambda x: x.reshape(3, 1, 5), opset=11, axes=[1])
    case("unsqueeze_attribute_opset7", "Unsqueeze", [S(3)], lambda x: x.reshape(3, 1, 1), opset=7, axes=[1, 2])

    def concat(name, inputs, axis, **rest):
        case(f"concat_{name}", "Concat", inputs, lambda *a: np.concatenate(a, axis), axis=axis, **rest)

    concat("axis0", [S(2, 3, 4), S(1, 3, 4)], 0)
    concat("axis1", [S(2, 3, 4, 5), S(2, 6, 4, 5)], 1)
    concat("axis2", [S(2, 3, 4, 5), S(2, 3, 1, 5)], 2)
    concat("axis_minus1", [S(2, 3, 4), S(2, 3, 2)], -1)
    concat("three", [S(2, 1, 4), S(2, 3, 4), S(2, 2, 4)], 1)
    concat("one", [S(2, 3)], 0)
    concat("opset7", [S(2, 3, 4, 5), S(2, 6, 4, 5)], 1, opset=7)
    concat("int64", [ints(2), ints(-1, 5)], 0)

    def pad(name, pads, x=S(*X), opset=13, value=None, mode="constant"):
        fill = 0.0 if value is None else value
        extra = {} if mode == "constant" else {"mode": mode}
        if opset < 11:
            if value is not None:
                extra["value"] = value
            case(f"pad_{name}", "Pad", [x], lambda a: ref.pad(a, pads, mode, fill), opset=opset, pads=pads, **extra)
            return
        inputs = [x, ints(*pads)] + ([] if value is None else [np.float32(value)])
        case(f"pad_{name}", "Pad", inputs, lambda a, *_: ref.pad(a, pads, mode, fill), opset=opset, fixed=(1, 2), **extra)  # fmt: skip

    plain = [0, 0, 1, 2, 0, 0, 3, 4]
    pad("constant_zero", plain)
    pad("constant_value", plain, value=1.5)
    pad("reflect", [0, 0, 2, 3, 0, 0, 1, 4], mode="reflect")
    pad("edge", plain, mode="edge")
    pad("all_axes", [1, 2, 0, 1, 0, 1, 2, 0], value=-0.5)
    pad("negative", [0, 0, -1, -2, 0, 0, -2, 0])
    pad("negative_and_positive", [0, 0, -1, 2, 0, 0, 3, -4], value=2.0)
    pad("rank2", [1, 0, 0, 2], x=S(3, 5))
    pad("opset11_edge", plain, opset=11, mode="edge")
    pad("opset7_attribute", plain, opset=7, value=0.75)
    pad("opset7_reflect", plain, opset=7, mode="reflect")
    case("pad_axes_opset18", "Pad", [S(*X), ints(1, 2, 3, 0), None, ints(2, 3)],
         lambda x, p, a: ref.pad(x, [0, 0, 1, 2, 0, 0, 3, 0]), opset=18, fixed=(1, 3))  # fmt: skip


def reductions():
    for name, op, function in (("reducemean", "ReduceMean", np.mean), ("reducesum", "ReduceSum", np.sum)):

        def wide(x, axes, keep, function=function):
            return function(x.astype(np.float64), axis=axes, keepdims=keep)

        attribute = 11 if op == "ReduceSum" else 13
        case(f"{name}_spatial", op, [S(*X)], lambda x: wide(x, (2, 3), True), opset=attribute, axes=[2, 3])
        case(f"{name}_spatial_dropped", op, [S(*X)], lambda x: wide(x, (2, 3), False), opset=attribute, axes=[2, 3], keepdims=0)  # fmt: skip
        case(f"{name}_negative_axis", op, [S(*X)], lambda x: wide(x, -1, True), opset=attribute, axes=[-1])
        case(f"{name}_channel", op, [S(*X)], lambda x: wide(x, 1, False), opset=attribute, axes=[1], keepdims=0)
        case(f"{name}_batch_and_width", op, [S(*X)], lambda x: wide(x, (0, 3), True), opset=attribute, axes=[0, 3])
        positive = noise(name, "all", X, 0.1, 3)
        case(f"{name}_all", op, [positive], lambda x: wide(x, None, True), opset=attribute)
        case(f"{name}_opset7", op, [S(*X)], lambda x: wide(x, (2, 3), True), opset=7, axes=[2, 3])
        inputs = 13 if op == "ReduceSum" else 18
        case(f"{name}_axes_input_opset{inputs}", op, [S(*X), ints(2, 3)], lambda x, a: wide(x, (2, 3), True), opset=inputs, fixed=(1,))  # fmt: skip
        case(f"{name}_axes_input_dropped_opset{inputs}", op, [S(*X), ints(-1, 1)], lambda x, a: wide(x, (3, 1), False), opset=inputs, fixed=(1,), keepdims=0)  # fmt: skip
        case(f"{name}_no_axes_opset{inputs}", op, [positive], lambda x: wide(x, None, False), opset=inputs, keepdims=0)
        case(f"{name}_noop_opset{inputs}", op, [S(*X)], lambda x: x, opset=inputs, noop_with_empty_axes=1)


def pieces():
    mixed = np.float32([-2.7, -1.0, -0.2, 0.0, 0.9, 3.5, 1e6])
    types = {
        "int64": (TensorProto.INT64, np.int64),
        "int32": (TensorProto.INT32, np.int32),
        "double": (TensorProto.DOUBLE, np.float64),
        "float16": (TensorProto.FLOAT16, np.float16),
        "bool": (TensorProto.BOOL, np.bool_),
        "float": (TensorProto.FLOAT, np.float32),
    }
    small = mixed[:-1]
    for name, (kind, dtype) in types.items():
        source = small if name == "float16" else mixed
        case(f"cast_float_to_{name}", "Cast", [source], lambda x, t=dtype: x.astype(t), out=kind, to=kind)
        if name != "float":
            case(f"cast_{name}_to_float", "Cast", [source.astype(dtype)], lambda x: x.astype(np.float32), out=TensorProto.FLOAT, to=TensorProto.FLOAT)  # fmt: skip
    case("cast_opset7", "Cast", [mixed], lambda x: x.astype(np.int64), opset=7, out=TensorProto.INT64, to=TensorProto.INT64)  # fmt: skip

    whole = TensorProto.INT64
    case("shape", "Shape", [S(*X)], lambda x: ints(*x.shape), out=whole)
    case("shape_rank0", "Shape", [S()], lambda x: ints(), out=whole)
    case("shape_opset7", "Shape", [S(*X)], lambda x: ints(*x.shape), out=whole, opset=7)
    case("shape_start_end_opset15", "Shape", [S(*X)], lambda x: ints(3, 7), out=whole, opset=15, start=1, end=-1)

    def gather(name, x, indices, axis=0, **rest):
        case(f"gather_{name}", "Gather", [x, indices], lambda a, i: np.take(a, i, axis), fixed=(1,), axis=axis, **rest)

    gather("axis0", S(5, 3, 4), ints(4, 0, 2, 2))
    gather("axis1", S(2, 6, 4), ints(5, 1), 1)
    gather("axis_minus1", S(2, 6, 4), ints(3, 1), -1)
    gather("negative_indices", S(2, 6, 4), ints(-1, 0, -6), 1)
    gather("scalar_index", S(2, 6, 4), np.array(1, np.int64), 1)
    gather("2d_indices", S(5, 3), ints(0, 4, 2, 1).reshape(2, 2))
    gather("int32_indices", S(5, 3), np.int32([3, 1]))
    gather("from_int64", ints(2, 3, 7, 10), np.array(0, np.int64))
    gather("opset7", S(5, 3, 4), ints(4, 0), opset=7)

    def cut(name, index, *parameters, opset=13, x=S(*X)):
        inputs = [x] + [None if p is None else ints(*p) for p in parameters]
        case(f"slice_{name}", "Slice", inputs, lambda a, *_: a[index], opset=opset, fixed=(1, 2, 3, 4))

    cut("plain", np.s_[:, :, 1:5, 2:9], (1, 2), (5, 9), (2, 3))
    cut("axes_absent", np.s_[0:1, 1:3], (0, 1), (1, 3))
    cut("steps", np.s_[:, :, ::2, 1::3], (0, 1), (7, 10), (2, 3), (2, 3))
    cut("negative_bounds", np.s_[:, :, -5:-1], (-5,), (-1,), (2,))
    cut("negative_steps", np.s_[:, :, ::-1, 8:2:-2], (6, 8), (-(2**63), 2), (2, 3), (-1, -2))
    cut("end_clamped", np.s_[:, :, :, 3:], (3,), (2**63 - 1,), (3,))
    cut("start_clamped", np.s_[:, :, 0:4], (-100,), (4,), (2,))
    cut("negative_axes", np.s_[..., 2:7], (2,), (7,), (-1,))
    cut("axes_out_of_order", np.s_[:, :, 1:5, 2:9], (2, 1), (9, 5), (3, 2))
    cut("steps_without_axes", np.s_[0:2:1, 0:3:2], (0, 0), (2, 3), None, (1, 2))
    cut("opset10", np.s_[:, :, 1:5], (1,), (5,), (2,), opset=10)
    cut("int64", np.s_[2:4], (2,), (4,), x=ints(2, 3, 7, 10))
    case("slice_attributes_opset7", "Slice", [S(*X)], lambda a: a[:, :, 1:5, :-1], opset=7, starts=[1, 0], ends=[5, -1], axes=[2, 3])  # fmt: skip

    def constant(name, opset, added, **attribute):
        x = noise(f"constant_{name}", 0, (2, 3))
        nodes = [
            helper.make_node("Constant", [], ["c"], name="constant", **attribute),
            helper.make_node("Add", ["x0", "c"], ["y"], name="add"),
        ]
        write(f"constant_{name}", nodes, [x], ["x0"], [0], lambda a: a + added, opset, None, None)

    row = noise("constant", "row", (3,))
    constant("value", 13, row, value=numpy_helper.from_array(row, "t"))
    constant("value_opset7", 7, row, value=numpy_helper.from_array(row, "t"))
    constant("value_float_data", 13, row, value=helper.make_tensor("t", TensorProto.FLOAT, [3], row.tolist()))
    constant("value_float", 13, np.float32(1.5), value_float=1.5)
    constant("value_floats", 13, np.float32([1.5, -2, 0.25]), value_floats=[1.5, -2.0, 0.25])
    x = noise("constant_value_ints", 0, (2, 3, 4))
    nodes = [
        helper.make_node("Constant", [], ["s"], name="constant", value_ints=[0, -1]),
        helper.make_node("Reshape", ["x0", "s"], ["y"], name="reshape"),
    ]
    write("constant_value_ints", nodes, [x], ["x0"], [0], lambda a: a.reshape(2, -1), 13, None, None)


def main():
    for group in (convolutions, activations, pools, normalisations, products, arithmetic, softmaxes, shapes, reductions, pieces):  # fmt: skip
        group()
    pack()
    size = sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file())
    print(f"{len(done)} cases, {len(checked)} checked against a reference, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
