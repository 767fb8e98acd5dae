"""The networks of the fixtures in Keras, channels last, for Keras 3 and for tf_keras alike.

Nothing here imports a framework: the caller hands over the `keras` it means.
"""

# Every conv of a narrow network is this much thinner.
ALEXNET_DIVISOR = 16
VGG_DIVISOR = 32
HIDDEN = 16  # its two hidden dense layers
CLASSES = 10
LRN = {"size": 5, "alpha": 0.5, "beta": 0.75, "k": 2.0}
VGG_DEPTHS = {"vgg11": (1, 1, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3)}
VGG_WIDTHS = (64, 128, 256, 512, 512)
ALEXNET = (
    # filters, kernel, stride, padding, whether a pool follows
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)


def make(keras, name, softmax=None, epsilon=1e-5):
    """The network called `name`.

    softmax: whether it ends in one; by default LeNet does not and the others do.
    """
    if name.startswith("lenet5"):
        return lenet(keras, name, bool(softmax))
    softmax = True if softmax is None else softmax
    inputs = keras.layers.Input((224, 224, 3), name="input_1")
    if name.startswith("alexnet"):
        x = alexnet(keras, inputs, "lrn" in name)
        heads = ("fc6", "fc7", "fc8")
    else:
        x = vgg(keras, inputs, name, epsilon)
        heads = ("fc1", "fc2", "predictions")
    layers = keras.layers
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN, activation="relu", name=heads[0])(x)
    x = layers.Dense(HIDDEN, activation="relu", name=heads[1])(x)
    x = layers.Dense(CLASSES, activation="softmax" if softmax else None, name=heads[2])(x)
    return keras.Model(inputs, x, name=name)


def lenet(keras, name, softmax):
    layers, tanh = keras.layers, name == "lenet5_tanh"
    activation = "tanh" if tanh else "relu"
    pool = layers.AveragePooling2D if tanh else layers.MaxPooling2D
    pool_name = "average_pooling2d" if tanh else "max_pooling2d"  # Keras' own
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation=activation, name="conv1"),
            pool(2, name=pool_name),
            layers.Conv2D(16, 5, activation=activation, name="conv2"),
            pool(2, name=f"{pool_name}_1"),
            layers.Flatten(name="flatten"),
            layers.Dense(120, activation=activation, name="fc1"),
            layers.Dense(84, activation=activation, name="fc2"),
            layers.Dense(10, activation="softmax" if softmax else None, name="fc3"),
        ],
        name=name,
    )


def alexnet(keras, x, normalised):
    layers = keras.layers
    for i, (filters, kernel, stride, padding, pooled) in enumerate(ALEXNET, 1):
        x = layers.ZeroPadding2D(padding, name=f"pad{i}")(x)
        x = layers.Conv2D(
            filters // ALEXNET_DIVISOR, kernel, stride, activation="relu", name=f"conv{i}"
        )(x)
        if normalised and i <= 2:
            x = local_response(keras, x, f"norm{i}", filters // ALEXNET_DIVISOR)
        if pooled:
            x = layers.MaxPooling2D(3, 2, name=f"pool{i}")(x)
    return x


def local_response(keras, x, name, channels):
    """tf.nn.lrn in tf_keras; in Keras 3, which has none, what it is made of."""
    if keras.__name__ == "tf_keras":
        import tensorflow

        alpha = LRN["alpha"] / LRN["size"]
        return tensorflow.nn.lrn(x, LRN["size"] // 2, LRN["k"], alpha, LRN["beta"], name=name)
    square = keras.layers.Multiply(name=f"{name}_square")([x, x])
    total = keras.layers.Conv2D(channels, 1, name=f"{name}_sum")(square)
    return keras.layers.Multiply(name=name)([x, keras.ops.power(total, -LRN["beta"])])


def band(channels):
    """The weights of `local_response`'s convolution: alpha/size near the diagonal, and k."""
    import numpy as np

    places = np.arange(channels)
    near = abs(places[:, None] - places) <= LRN["size"] // 2
    share = np.float32(LRN["alpha"]) / np.float32(LRN["size"])
    kernel = (near * share).astype(np.float32)[None, None]
    return [kernel, np.full(channels, LRN["k"], np.float32)]


def vgg(keras, x, name, epsilon):
    layers, normed = keras.layers, "_bn_" in name
    depths = VGG_DEPTHS[name.split("_")[0]]
    for block, (depth, width) in enumerate(zip(depths, VGG_WIDTHS), 1):
        for place in range(1, depth + 1):
            title = f"block{block}_conv{place}"
            plain = None if normed else "relu"
            x = layers.Conv2D(
                width // VGG_DIVISOR, 3, padding="same", activation=plain, name=title
            )(x)
            if normed:
                x = layers.BatchNormalization(epsilon=epsilon, name=f"{title}_bn")(x)
                x = layers.Activation("relu", name=f"{title}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return x
