"""Mistakes in what a Keras file says of its layers: some of 20 to 41, made in its JSON."""

import json

from mutate.layers import Unfit
from mutate.mistakes import MISTAKES, Mistake, require


def on_config(kind, words, causes, *classes):
    """For edits of one layer's description: edit(settings)."""

    def register(edit):
        def places(store):
            if not hasattr(store, "described"):
                return []
            return [entry[0] for entry in store.described if entry[1] in classes]

        def by_name(store, place):
            model = json.loads(store.config)
            layer = next(x for x in model["config"]["layers"] if x["config"]["name"] == place)
            before = json.dumps(layer["config"])
            layers = edit(layer["config"])
            if json.dumps(layer["config"]) == before:
                raise Unfit("is so already")
            store.config = json.dumps(model)
            return layers

        MISTAKES.append(Mistake(kind, words, causes.split(), places, by_name))
        return edit

    return register


@on_config(29, "1e-5 for 1e-3, or the reverse", "normalizationEpsilon", "BatchNormalization")
def epsilon(settings):
    settings["epsilon"] = 1e-5 if settings["epsilon"] > 1e-4 else 1e-3


@on_config(38, ".01", "activationSlope", "LeakyReLU")
def leak(settings):
    settings["negative_slope"] = 0.01


@on_config(40, "max_value ignored", "activationBound", "ReLU")
def bound(settings):
    settings["max_value"] = None


@on_config(41, "ReLU for ELU", "activationKind", "Conv2D", "Dense")
def rectified(settings):
    require(settings.get("activation") == "elu")
    settings["activation"] = "relu"
    return settings["name"], f"{settings['name']}/relu"


@on_config("a", "1 for 2", "dilationsIgnored", "Conv2D")
def dilation(settings):
    require(settings["dilation_rate"] in ([2, 2], (2, 2)))
    settings["dilation_rate"] = [1, 1]
