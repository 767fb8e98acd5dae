"""Caffe networks in every form of file, with what OpenCV answers.

No package of Caffe exists, so the bytes are written here, field by field after
BVLC's caffe.proto; OpenCV's own reader of the format (cv2.dnn) is the judge.
Weights and inputs are the recipe's (recipe.py), so nothing else is stored.

In ../caffe, for each network: NAME.prototxt (for inference), NAME.caffemodel (as
training or net.save leaves it), NAME.output.npy; `v1_NAME` the same in layers of
2013 with 4-D shapes; NAME.caffemodel.h5 for some, written with h5py.
"""
import struct

import cv2
import h5py
import numpy as np

import recipe

FOLDER = recipe.FIXTURES / "caffe"

# Field numbers, and the kind of value: i integer, f float, s text, e a name in
# text and a number on the wire, m a message.
PARAMS = {
    "convolution_param": (106, 10, {
        "num_output": (1, "i"), "bias_term": (2, "b"), "pad": (3, "i"), "kernel_size": (4, "i"),
        "group": (5, "i"), "stride": (6, "i"), "pad_h": (9, "i"), "pad_w": (10, "i"),
        "kernel_h": (11, "i"), "kernel_w": (12, "i"), "stride_h": (13, "i"), "stride_w": (14, "i"),
        "dilation": (18, "i")}),
    "pooling_param": (121, 19, {
        "pool": (1, {"MAX": 0, "AVE": 1}), "kernel_size": (2, "i"), "stride": (3, "i"),
        "pad": (4, "i"), "kernel_h": (5, "i"), "kernel_w": (6, "i"), "stride_h": (7, "i"),
        "stride_w": (8, "i"), "pad_h": (9, "i"), "pad_w": (10, "i"), "global_pooling": (12, "b")}),
    "lrn_param": (118, 18, {
        "local_size": (1, "i"), "alpha": (2, "f"), "beta": (3, "f"),
        "norm_region": (4, {"ACROSS_CHANNELS": 0, "WITHIN_CHANNEL": 1}), "k": (5, "f")}),
    "inner_product_param": (117, 17, {
        "num_output": (1, "i"), "bias_term": (2, "b"), "axis": (5, "i"), "transpose": (6, "b")}),
    "dropout_param": (108, 12, {"dropout_ratio": (1, "f")}),
    "relu_param": (123, 30, {"negative_slope": (1, "f")}),
    "elu_param": (140, None, {"alpha": (1, "f")}),
    "prelu_param": (131, None, {"channel_shared": (2, "b")}),
    "batch_norm_param": (139, None, {"use_global_stats": (1, "b"), "eps": (3, "f")}),
    "scale_param": (142, None, {"axis": (1, "i"), "num_axes": (2, "i"), "bias_term": (4, "b")}),
    "concat_param": (104, 9, {"concat_dim": (1, "i"), "axis": (2, "i")}),
    "slice_param": (126, 31, {"slice_point": (2, "i"), "axis": (3, "i")}),
    "softmax_param": (125, 39, {"axis": (2, "i")}),
    "flatten_param": (135, None, {"axis": (1, "i")}),
    "eltwise_param": (110, 24, {
        "operation": (1, {"PROD": 0, "SUM": 1, "MAX": 2}), "coeff": (2, "f")}),
    "reshape_param": (133, None, {"shape": (1, {"dim": (1, "i")})}),
    "power_param": (122, 21, {"power": (1, "f"), "scale": (2, "f"), "shift": (3, "f")}),
    "input_param": (143, None, {"shape": (1, {"dim": (1, "i")})}),
    "data_param": (107, 11, {"source": (1, "s"), "batch_size": (4, "i")}),
    "transform_param": (100, 36, {
        "scale": (1, "f"), "crop_size": (3, "i"), "mean_value": (5, "f")}),
    "include": (8, 32, {"phase": (1, {"TRAIN": 0, "TEST": 1})}),
}
V1_TYPES = {
    "Accuracy": 1, "Concat": 3, "Convolution": 4, "Data": 5, "Dropout": 6, "InnerProduct": 14,
    "LRN": 15, "Pooling": 17, "ReLU": 18, "Softmax": 20, "SoftmaxWithLoss": 21,
    "TanH": 23,
}
V1_NAMES = {
    "Accuracy": "ACCURACY", "Concat": "CONCAT", "Convolution": "CONVOLUTION", "Data": "DATA",
    "Dropout": "DROPOUT", "InnerProduct": "INNER_PRODUCT", "LRN": "LRN", "Pooling": "POOLING",
    "ReLU": "RELU", "Softmax": "SOFTMAX", "SoftmaxWithLoss": "SOFTMAX_LOSS", "TanH": "TANH",
}


def layer(name, type, bottom=None, top=None, blobs=(), **params):
    """A layer; in place when nothing else is said of a layer that keeps its shape."""
    bottom = [] if bottom is None else bottom if isinstance(bottom, list) else [bottom]
    top = [name] if top is None else top if isinstance(top, list) else [top]
    return {"name": name, "type": type, "bottom": bottom, "top": top, "blobs": list(blobs),
            "params": params}


# --- wire form


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def scalar(number, kind, value):
    if isinstance(kind, dict):
        if isinstance(value, dict):
            return delimited(number, message(kind, value))
        return varint(number << 3) + varint(kind[value])
    if kind == "f":
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if kind == "s":
        return delimited(number, value.encode())
    return varint(number << 3) + varint(int(value))


def message(fields, values):
    out = b""
    for name, value in values.items():
        number, kind = fields[name]
        for item in value if isinstance(value, list) else [value]:
            out += scalar(number, kind, item)
    return out


def blob(array, old):
    data = delimited(5, np.ascontiguousarray(array, "<f4").tobytes())
    if not old:
        return delimited(7, delimited(1, b"".join(varint(d) for d in array.shape))) + data
    shape = [1] * (4 - array.ndim) + list(array.shape)
    return b"".join(varint(i << 3) + varint(d) for i, d in enumerate(shape, 1)) + data


def binary(name, layers, old=False):
    out = delimited(1, name.encode())
    for entry in layers:
        if old:
            parts = [delimited(2, b.encode()) for b in entry["bottom"]]
            parts += [delimited(3, t.encode()) for t in entry["top"]]
            parts.append(delimited(4, entry["name"].encode()))
            parts.append(varint(5 << 3) + varint(V1_TYPES[entry["type"]]))
            parts += [delimited(6, blob(b, True)) for b in entry["blobs"]]
        else:
            parts = [delimited(1, entry["name"].encode()), delimited(2, entry["type"].encode())]
            parts += [delimited(3, b.encode()) for b in entry["bottom"]]
            parts += [delimited(4, t.encode()) for t in entry["top"]]
            parts += [delimited(7, blob(b, False)) for b in entry["blobs"]]
        for key, values in entry["params"].items():
            new_number, old_number, fields = PARAMS[key]
            parts.append(delimited(old_number if old else new_number, message(fields, values)))
        out += delimited(2 if old else 100, b"".join(parts))
    return out


# --- text form


def text_value(kind, value):
    if kind == "s":
        return f'"{value}"'
    if kind == "b":
        return "true" if value else "false"
    if kind == "f":
        return repr(float(np.float32(value))) if value != int(value) else str(int(value))
    return str(value)


def text_message(fields, values, indent):
    lines = []
    for name, value in values.items():
        kind = fields[name][1]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                lines.append(f"{indent}{name} {{")
                lines += text_message(kind, item, indent + "  ")
                lines.append(f"{indent}}}")
            else:
                lines.append(f"{indent}{name}: {text_value(kind, item)}")
    return lines


def prototxt(name, shape, layers, old=False):
    lines = [f'name: "{name}"']
    if old:
        lines.append('input: "data"')
        lines += [f"input_dim: {d}" for d in shape]
    for entry in layers:
        lines.append("layers {" if old else "layer {")
        lines.append(f'  name: "{entry["name"]}"')
        type = V1_NAMES[entry["type"]] if old else f'"{entry["type"]}"'
        lines.append(f"  type: {type}")
        lines += [f'  bottom: "{b}"' for b in entry["bottom"]]
        lines += [f'  top: "{t}"' for t in entry["top"]]
        for key, values in entry["params"].items():
            lines.append(f"  {key} {{")
            lines += text_message(PARAMS[key][2], values, "    ")
            lines.append("  }")
        lines.append("}")
    return "\n".join(lines) + "\n"


# --- weights


class Weights:
    def __init__(self, seed):
        self.seed = seed

    def make(self, name, role, shape, fan_in=1):
        return recipe.values(name, self.seed, shape, *recipe.scale(role, fan_in))

    def conv(self, name, outputs, inputs, kh, kw=None, bias=True):
        shape = (outputs, inputs, kh, kw or kh)
        fan_in = int(np.prod(shape[1:]))
        blobs = [self.make(f"{name}.weight", "weight", shape, fan_in)]
        return blobs + [self.make(f"{name}.bias", "bias", (outputs,), fan_in)] * bias

    def dense(self, name, outputs, inputs, bias=True):
        blobs = [self.make(f"{name}.weight", "weight", (outputs, inputs), inputs)]
        return blobs + [self.make(f"{name}.bias", "bias", (outputs,), inputs)] * bias

    def statistics(self, name, channels, factor):
        mean = self.make(f"{name}.mean", "running_mean", (channels,))
        variance = self.make(f"{name}.var", "running_var", (channels,))
        factor = np.float32(factor)
        return [mean * factor, variance * factor, np.array([factor], np.float32)]

    def vector(self, name, role, channels):
        return self.make(name, role, (channels,))


def conv(w, name, bottom, outputs, inputs, kernel, group=1, **settings):
    settings = {"num_output": outputs, "kernel_size": kernel, **settings}
    if group != 1:
        settings["group"] = group
    return layer(name, "Convolution", bottom, blobs=w.conv(name, outputs, inputs // group, kernel),
                 convolution_param=settings)


def dense(w, name, bottom, outputs, inputs):
    return layer(name, "InnerProduct", bottom, blobs=w.dense(name, outputs, inputs),
                 inner_product_param={"num_output": outputs})


def relu(name, blob):
    return layer(name, "ReLU", blob, blob)


def pool(name, bottom, kernel, stride, method="MAX", **settings):
    return layer(name, "Pooling", bottom, pooling_param={
        "pool": method, "kernel_size": kernel, "stride": stride, **settings})


def lrn(name, bottom, **settings):
    return layer(name, "LRN", bottom, lrn_param={
        "local_size": 5, "alpha": 0.5, "beta": 0.75, **settings})


def drop(name, blob):
    return layer(name, "Dropout", blob, blob, dropout_param={"dropout_ratio": 0.25})


def data(shape):
    return layer("data", "Input", input_param={"shape": {"dim": list(shape)}})


def training(layers, last, crop=None):
    """The net that Caffe's solver saves: with its source, its loss, without prob."""
    transform = {"crop_size": crop} if crop else {"scale": 0.00390625}
    source = layer("data", "Data", top=["data", "label"], transform_param=transform,
                   data_param={"source": "train_lmdb", "batch_size": 64},
                   include={"phase": "TRAIN"})
    loss = layer("loss", "SoftmaxWithLoss", [last, "label"])
    return [source] + layers + [loss]


# --- networks


def lenet(w):
    return [
        conv(w, "conv1", "data", 4, 1, 5), pool("pool1", "conv1", 2, 2),
        conv(w, "conv2", "pool1", 6, 4, 5), pool("pool2", "conv2", 2, 2),
        dense(w, "ip1", "pool2", 8, 96), relu("relu1", "ip1"), dense(w, "ip2", "ip1", 10, 8),
    ]


def alexnet(w, pools_first=False):
    def stage(number, bottom):
        names = [f"pool{number}", f"norm{number}"]
        if pools_first:
            return [pool(names[0], bottom, 3, 2), lrn(names[1], names[0])], names[1]
        return [lrn(names[1], bottom), pool(names[0], names[1], 3, 2)], names[0]

    first, one = stage(1, "conv1")
    second, two = stage(2, "conv2")
    return [
        conv(w, "conv1", "data", 4, 3, 11, stride=4), relu("relu1", "conv1"), *first,
        conv(w, "conv2", one, 6, 4, 5, group=2, pad=2), relu("relu2", "conv2"), *second,
        conv(w, "conv3", two, 6, 6, 3, pad=1), relu("relu3", "conv3"),
        conv(w, "conv4", "conv3", 6, 6, 3, group=2, pad=1), relu("relu4", "conv4"),
        conv(w, "conv5", "conv4", 4, 6, 3, group=2, pad=1), relu("relu5", "conv5"),
        pool("pool5", "conv5", 3, 2),
        dense(w, "fc6", "pool5", 12, 8), relu("relu6", "fc6"), drop("drop6", "fc6"),
        dense(w, "fc7", "fc6", 12, 12), relu("relu7", "fc7"), drop("drop7", "fc7"),
        dense(w, "fc8", "fc7", 5, 12),
    ]


def vgg16(w, widths=(2, 2, 3, 4, 4), hidden=6, classes=10):
    layers, bottom, inputs = [], "data", 3
    for block, (depth, width) in enumerate(zip([2, 2, 3, 3, 3], widths), 1):
        for place in range(1, depth + 1):
            name = f"conv{block}_{place}"
            layers += [conv(w, name, bottom, width, inputs, 3, pad=1),
                       relu(f"relu{block}_{place}", name)]
            bottom, inputs = name, width
        layers.append(pool(f"pool{block}", bottom, 2, 2))
        bottom = f"pool{block}"
    return layers + [
        dense(w, "fc6", "pool5", hidden, 49 * inputs), relu("relu6", "fc6"), drop("drop6", "fc6"),
        dense(w, "fc7", "fc6", hidden, hidden), relu("relu7", "fc7"), drop("drop7", "fc7"),
        dense(w, "fc8", "fc7", classes, hidden),
    ]


def inception(w):
    name = "inception_3a"
    parts = [
        conv(w, "conv1/7x7_s2", "data", 6, 3, 7, pad=3, stride=2),
        relu("conv1/relu_7x7", "conv1/7x7_s2"), pool("pool1/3x3_s2", "conv1/7x7_s2", 3, 2),
        lrn("pool1/norm1", "pool1/3x3_s2"),
        conv(w, f"{name}/1x1", "pool1/norm1", 4, 6, 1), relu(f"{name}/relu_1x1", f"{name}/1x1"),
        conv(w, f"{name}/3x3_reduce", "pool1/norm1", 3, 6, 1),
        relu(f"{name}/relu_3x3_reduce", f"{name}/3x3_reduce"),
        conv(w, f"{name}/3x3", f"{name}/3x3_reduce", 5, 3, 3, pad=1),
        relu(f"{name}/relu_3x3", f"{name}/3x3"),
        conv(w, f"{name}/5x5", "pool1/norm1", 2, 6, 5, pad=2),
        relu(f"{name}/relu_5x5", f"{name}/5x5"),
        pool(f"{name}/pool", "pool1/norm1", 3, 1, pad=1),
        conv(w, f"{name}/pool_proj", f"{name}/pool", 3, 6, 1),
        relu(f"{name}/relu_pool_proj", f"{name}/pool_proj"),
        layer(f"{name}/output", "Concat",
              [f"{name}/{part}" for part in ("1x1", "3x3", "5x5", "pool_proj")]),
        pool("pool3/3x3_s2", f"{name}/output", 3, 2, "AVE"),
        drop("pool3/drop", "pool3/3x3_s2"),
        dense(w, "classifier", "pool3/3x3_s2", 3, 14 * 5 * 6),
    ]
    return parts


def normalized(w):
    """BatchNorm with and without Scale, in place and not; residual sums."""
    def norm(name, bottom, channels, factor, top=None, bias=True, eps=None):
        settings = {} if eps is None else {"batch_norm_param": {"eps": eps}}
        parts = [layer(f"bn_{name}", "BatchNorm", bottom, top or bottom,
                       w.statistics(f"bn_{name}", channels, factor), **settings)]
        blobs = [w.vector(f"scale_{name}.weight", "bn_weight", channels)]
        if bias:
            blobs.append(w.vector(f"scale_{name}.bias", "bn_bias", channels))
        parts.append(layer(f"scale_{name}", "Scale", top or bottom, top or bottom, blobs,
                           scale_param={"bias_term": bias}))
        return parts

    return [
        layer("conv1", "Convolution", "data", blobs=w.conv("conv1", 6, 3, 3, 5, bias=False),
              convolution_param={"num_output": 6, "bias_term": False, "kernel_h": 3,
                                 "kernel_w": 5, "pad_h": 1, "pad_w": 2, "stride_h": 2,
                                 "stride_w": 1}),
        *norm("conv1", "conv1", 6, 999.98236), relu("relu1", "conv1"),
        conv(w, "res_a", "conv1", 6, 6, 3, pad=2, dilation=2),
        *norm("res_a", "res_a", 6, 1, top="res_a_normal", bias=False, eps=0.001),
        relu("res_a_relu", "res_a_normal"),
        conv(w, "res_b", "res_a_normal", 6, 6, 1),
        layer("bn_res_b", "BatchNorm", "res_b", "res_b", w.statistics("bn_res_b", 6, 0.5)),
        layer("sum", "Eltwise", ["conv1", "res_b"]), relu("sum_relu", "sum"),
        layer("pool", "Pooling", "sum", pooling_param={"pool": "AVE", "global_pooling": True}),
        dense(w, "fc", "pool", 5, 6),
    ]


def mixed(w):
    """Layers that the others have none of."""
    return [
        layer("power", "Power", "data", "data", power_param={"scale": 0.5, "shift": 2.0,
                                                             "power": 2.0}),
        conv(w, "conv1", "data", 6, 3, 3),
        layer("slice", "Slice", "conv1", ["part_a", "part_b", "part_c"],
              slice_param={"axis": 1, "slice_point": [1, 3]}),
        layer("scale", "Scale", "part_c", "part_c",
              [w.vector("scale.weight", "bn_weight", 3), w.vector("scale.bias", "bn_bias", 3)],
              scale_param={"bias_term": True}),
        layer("prelu", "PReLU", "part_c", "part_c", [w.vector("prelu.weight", "bn_bias", 3)]),
        layer("elu", "ELU", "part_b", elu_param={"alpha": 0.75}),
        layer("leaky", "ReLU", "part_a", relu_param={"negative_slope": 0.125}),
        layer("concat", "Concat", ["leaky", "elu", "part_c"]),
        layer("average", "Pooling", "concat",
              pooling_param={"pool": "AVE", "kernel_size": 3, "stride": 2, "pad": 1}),
        layer("max", "Pooling", "concat",
              pooling_param={"pool": "MAX", "kernel_size": 3, "stride": 2, "pad": 1}),
        layer("sum", "Eltwise", ["average", "max"],
              eltwise_param={"operation": "SUM", "coeff": [0.5, -1.5]}),
        layer("product", "Eltwise", ["average", "max"], eltwise_param={"operation": "PROD"}),
        layer("larger", "Eltwise", ["sum", "product"], eltwise_param={"operation": "MAX"}),
        layer("sigmoid", "Sigmoid", "larger"), layer("tanh", "TanH", "larger"),
        layer("both", "Concat", ["sigmoid", "tanh"]),
        pool("shrunk", "both", 2, 2, "AVE", pad=1),
        layer("flat", "Flatten", "shrunk"),
        layer("rows", "Reshape", "flat", reshape_param={"shape": {"dim": [0, 12, -1]}}),
        layer("flat_again", "Flatten", "rows"),
        layer("fc", "InnerProduct", "flat_again", blobs=w.dense("fc", 6, 12 * 4 * 4, bias=False),
              inner_product_param={"num_output": 6, "bias_term": False}),
    ]


def answer(proto, model, shape, seed):
    net = cv2.dnn.readNetFromCaffe(str(proto), str(model))
    net.setInput(recipe.make_input(shape, seed), "data")
    return net.forward()


def write_h5(path, layers, version):
    with h5py.File(path, "w", libver=version) as file:
        group = file.create_group("data")
        for entry in layers:
            own = group.require_group(entry["name"])
            for index, array in enumerate(entry["blobs"]):
                own.create_dataset(str(index), data=array, track_times=False)


def make(name, layers, shape, seed, old=True, h5=None, trained=True, crop=None):
    last = layers[-1]["name"]
    deploy = layers + [layer("prob", "Softmax", last)]
    saved = training(layers, last, crop) if trained else [data(shape)] + deploy
    proto, model = FOLDER / f"{name}.prototxt", FOLDER / f"{name}.caffemodel"
    proto.write_text(prototxt(name, shape, [data(shape)] + deploy))
    model.write_bytes(binary(name, saved))
    output = answer(proto, model, shape, seed)
    np.save(FOLDER / f"{name}.output.npy", output)
    print(name, output.shape, output.ravel()[:4])
    if old:
        proto, model = FOLDER / f"v1_{name}.prototxt", FOLDER / f"v1_{name}.caffemodel"
        proto.write_text(prototxt(name, shape, deploy, old=True))
        model.write_bytes(binary(name, [without_include(e) for e in saved], old=True))
        assert np.array_equal(answer(proto, model, shape, seed), output)
    if h5:
        write_h5(FOLDER / f"{name}.caffemodel.h5", layers, h5)
    return output


def without_include(entry):
    """Files of 2013 kept the phase elsewhere."""
    return {**entry, "params": {k: v for k, v in entry["params"].items() if k != "include"}}


def main():
    FOLDER.mkdir(exist_ok=True)
    make("lenet", lenet(Weights(1)), (2, 1, 28, 28), 1)
    first = make("alexnet", alexnet(Weights(2)), (2, 3, 67, 99), 2)
    shape, layers = (2, 3, 67, 99), alexnet(Weights(2), pools_first=True)
    # CaffeNet has AlexNet's tensors and names, and answers otherwise.
    path = FOLDER / "caffenet.prototxt"
    path.write_text(prototxt("caffenet", shape, [
        data(shape), *layers, layer("prob", "Softmax", "fc8")]))
    second = answer(path, FOLDER / "alexnet.caffemodel", shape, 2)
    np.save(FOLDER / "caffenet.output.npy", second)
    assert np.abs(first - second).max() > 1e-3
    make("vgg16", vgg16(Weights(3)), (2, 3, 224, 224), 3, h5="latest", crop=224)
    make("inception", inception(Weights(4)), (2, 3, 39, 47), 4, h5="earliest")
    make("normalized", normalized(Weights(5)), (2, 3, 20, 23), 5, old=False, trained=False)
    make("mixed", mixed(Weights(6)), (2, 3, 12, 15), 6, old=False, trained=False)


if __name__ == "__main__":
    main()
