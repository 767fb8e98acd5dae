"""Files of Keras 0, 1 and 2 written by hand with h5py, following what those versions wrote.

The networks are those of keras_models.py; their weights are turned into the older layouts, so the
outputs Keras 3 gave are the ones expected.
"""
import json
import pathlib

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent / "keras"
FOLDER = ROOT / "old"


def weights_of(name):
    """{layer: [arrays]} of a model's .h5, in file order."""
    result = {}
    with h5py.File(ROOT / name / f"{name}.h5") as file:
        group = file["model_weights"]
        for layer in group.attrs["layer_names"]:
            names = group[layer].attrs["weight_names"]
            if len(names):
                result[layer] = [group[layer][n][()] for n in names]
    return result


def text(strings):
    return np.array([s.encode() for s in strings])


def write_lists(group, layers):
    group.attrs["layer_names"] = text([name for name, _ in layers])
    for name, weights in layers:
        own = group.create_group(name)
        if weights:
            own.attrs["weight_names"] = text([n for n, _ in weights])
        else:
            own.attrs["weight_names"] = np.zeros(0)
        for n, array in weights:
            own.create_dataset(n, data=array)


def keras1_layers(w):
    conv1, conv2, bn2, fc = w["conv1"], w["conv2"], w["bn2"], w["predictions"]
    return [
        ("conv1", [("conv1_W", conv1[0]), ("conv1_b", conv1[1])]),
        ("pool1", []),
        ("conv2", [("conv2_W", conv2[0])]),
        ("bn2", [(f"bn2_{n}", a) for n, a in
                 zip(["gamma", "beta", "running_mean", "running_std"], bn2)]),
        ("relu2", []), ("flatten", []), ("dropout", []),
        ("predictions", [("predictions_W", fc[0]), ("predictions_b", fc[1])]),
    ]


def conv1(name, filters, rows, columns, mode, bias, ordering, **more):
    return {"class_name": "Convolution2D", "config": {
        "name": name, "trainable": True, "nb_filter": filters, "nb_row": rows, "nb_col": columns,
        "border_mode": mode, "subsample": [1, 1], "dim_ordering": ordering, "bias": bias,
        "activation": "linear", **more}}


def keras1_config(ordering, shape):
    return {"class_name": "Sequential", "config": [
        conv1("conv1", 4, 3, 3, "same", True, ordering, activation="relu",
              batch_input_shape=shape),
        {"class_name": "MaxPooling2D", "config": {
            "name": "pool1", "pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid",
            "dim_ordering": ordering}},
        conv1("conv2", 6, 3, 2, "valid", False, ordering),
        {"class_name": "BatchNormalization", "config": {
            "name": "bn2", "mode": 0, "axis": -1 if ordering == "tf" else 1, "epsilon": 0.001,
            "momentum": 0.99}},
        {"class_name": "Activation", "config": {"name": "relu2", "activation": "relu"}},
        {"class_name": "Flatten", "config": {"name": "flatten"}},
        {"class_name": "Dropout", "config": {"name": "dropout", "p": 0.5}},
        {"class_name": "Dense", "config": {
            "name": "predictions", "output_dim": 5, "activation": "softmax", "bias": True}},
    ]}


def keras1(w):
    """A whole model of Keras 1.2.2, TensorFlow's order of axes."""
    with h5py.File(FOLDER / "keras1_tf.h5", "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps(keras1_config("tf", [None, 12, 10, 3])).encode()
        write_lists(file.create_group("model_weights"), keras1_layers(w))
        optimizer = file.create_group("optimizer_weights")
        optimizer.create_dataset("iterations", data=np.float32(3))


def theano(kernel, turned):
    kernel = kernel.transpose(3, 2, 0, 1)
    return kernel[:, :, ::-1, ::-1].copy() if turned else kernel


def theanos(w, turned):
    """The same network with channels first: plain Flatten takes CHW order."""
    fc = w["predictions"][0].reshape(4, 4, 6, 5).transpose(2, 0, 1, 3).reshape(96, 5)
    return {
        **w, "conv1": [theano(w["conv1"][0], turned), w["conv1"][1]],
        "conv2": [theano(w["conv2"][0], turned)], "predictions": [fc, w["predictions"][1]],
    }


def keras1_theano(w):
    for name, turned in [("keras1_th_theano.h5", True), ("keras1_th_tensorflow.h5", False)]:
        with h5py.File(FOLDER / name, "w") as file:
            file.attrs["keras_version"] = b"1.2.2"
            config = keras1_config("th", [None, 3, 12, 10])
            file.attrs["model_config"] = json.dumps(config).encode()
            write_lists(file.create_group("model_weights"), keras1_layers(theanos(w, turned)))


def lenet():
    """Seeded weights of a narrow LeNet-5, in Keras 2's layouts."""
    random = np.random.default_rng(9)
    shapes = [("conv1", (5, 5, 1, 2)), ("conv2", (5, 5, 2, 3)), ("fc1", (75, 8)), ("fc2", (8, 6)),
              ("fc3", (6, 4))]
    return [
        (name, [(random.uniform(-1, 1, shape) / np.sqrt(np.prod(shape[:-1]))).astype("float32"),
                random.uniform(-1, 1, shape[-1:]).astype("float32")])
        for name, shape in shapes
    ]


def keras0():
    """Keras 0.3 weights: every layer counts, kernels in Theano's order, turned by 180°; and the
    same network as Keras 2 writes it."""
    with h5py.File(FOLDER / "keras2_lenet5.weights.h5", "w") as file:
        file.attrs["backend"] = "tensorflow"
        file.attrs["keras_version"] = "2.2.4"
        write_lists(file, [
            (name, [(f"{name}/kernel:0", kernel), (f"{name}/bias:0", bias)])
            for name, (kernel, bias) in lenet()])
    with h5py.File(FOLDER / "keras0_lenet5.h5", "w") as file:
        layers = []
        for name, (kernel, bias) in lenet():
            if kernel.ndim == 4:
                kernel = theano(kernel, True)
            elif name == "fc1":
                kernel = kernel.reshape(5, 5, 3, -1).transpose(2, 0, 1, 3).reshape(75, -1)
            layers += [[kernel, bias], []]
        file.attrs["nb_layers"] = len(layers)
        for index, arrays in enumerate(layers):
            group = file.create_group(f"layer_{index}")
            group.attrs["nb_params"] = len(arrays)
            for number, array in enumerate(arrays):
                group.create_dataset(f"param_{number}", data=array)


def keras2_layer(class_name, name, config, reads):
    nodes = [[[r, 0, 0, {}] for r in reads]] if reads else []
    return {"class_name": class_name, "name": name, "config": {"name": name, **config},
            "inbound_nodes": nodes}


def keras2(w):
    """A whole Functional model of Keras 2.2.4, lists split over attributes."""
    layers = [
        keras2_layer("Dense", "predictions", {"units": 5, "activation": "softmax"}, ["flatten"]),
        keras2_layer("InputLayer", "image", {"batch_input_shape": [None, 12, 10, 3]}, []),
        keras2_layer("Conv2D", "conv1", {
            "filters": 4, "kernel_size": [3, 3], "padding": "same", "strides": [1, 1],
            "data_format": "channels_last", "activation": "relu", "use_bias": True}, ["image"]),
        keras2_layer("MaxPooling2D", "pool1", {
            "pool_size": [2, 2], "strides": [2, 2], "padding": "valid",
            "data_format": "channels_last"}, ["conv1"]),
        keras2_layer("Conv2D", "conv2", {
            "filters": 6, "kernel_size": [3, 2], "padding": "valid", "strides": [1, 1],
            "data_format": "channels_last", "activation": "linear", "use_bias": False},
            ["pool1"]),
        keras2_layer("BatchNormalization", "bn2", {
            "axis": [3], "epsilon": 0.001, "center": True, "scale": True}, ["conv2"]),
        keras2_layer("Activation", "relu2", {"activation": "relu"}, ["bn2"]),
        keras2_layer("Flatten", "flatten", {"data_format": "channels_last"}, ["relu2"]),
    ]
    config = {"class_name": "Model", "config": {
        "name": "small", "layers": layers, "input_layers": [["image", 0, 0]],
        "output_layers": [["predictions", 0, 0]]}}
    names = {"conv1": ["kernel:0", "bias:0"], "conv2": ["kernel:0"],
             "bn2": ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"],
             "predictions": ["kernel:0", "bias:0"]}
    with h5py.File(FOLDER / "keras2_split.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = b"2.2.4"
        file.attrs["backend"] = b"tensorflow"
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = b"2.2.4"
        group.attrs["backend"] = b"tensorflow"
        layers = [(n, [(f"{n}/{leaf}", a) for leaf, a in zip(names[n], w[n])]) for n in names]
        write_lists(group, layers)
        del group.attrs["layer_names"]
        group.attrs["layer_names0"] = text(list(names)[:2])
        group.attrs["layer_names1"] = text(list(names)[2:])


def tensorflow_lrn():
    """tf_keras keeps tf.nn.lrn as a TFOpLambda."""
    with h5py.File(ROOT / "lrn" / "lrn.weights.h5") as file:
        kernel, bias = file["layers/conv2d/vars/0"][()], file["layers/conv2d/vars/1"][()]
    call = {"depth_radius": 2, "bias": 2.0, "alpha": 0.004, "beta": 0.75, "name": None}
    layers = [
        keras2_layer("InputLayer", "image", {"batch_input_shape": [None, 6, 6, 7]}, []),
        keras2_layer("Conv2D", "conv1", {
            "filters": 9, "kernel_size": [3, 3], "activation": "relu", "use_bias": True},
            ["image"]),
        {"class_name": "TFOpLambda", "name": "tf.nn.lrn", "config": {
            "name": "tf.nn.lrn", "function": "nn.lrn"},
         "inbound_nodes": [["conv1", 0, 0, call]]},
        keras2_layer("Flatten", "flatten", {"data_format": "channels_last"}, ["tf.nn.lrn"]),
    ]
    config = {"class_name": "Functional", "config": {
        "name": "responses", "layers": layers, "input_layers": [["image", 0, 0]],
        "output_layers": [["flatten", 0, 0]]}}
    with h5py.File(FOLDER / "keras2_lrn.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = "2.15.0"
        write_lists(group, [
            ("conv1", [("conv1/kernel:0", kernel), ("conv1/bias:0", bias)])])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    w = weights_of("sequential")
    keras1(w)
    keras1_theano(w)
    keras0()
    keras2(w)
    tensorflow_lrn()


if __name__ == "__main__":
    main()
