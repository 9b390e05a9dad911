"""Writes partition.json: what shap's partition explainer says of closed-form models. Needs shap==0.51.0 and opencv.

    python make.py            # beside this file

Every number of a case comes from one linear congruential generator (Knuth's MMIX: a = 6364136223846793005,
c = 1442695040888963407, modulo 2^64; a draw is the state's upper 53 bits / 2^53, after a step), in this order: the
image's values from 0 to 1 (HWC), then from -1 to 1 the weights of 5 hidden units over these values (unit by unit),
their 5 offsets, and for each class 5 weights of units and 5 of products of neighbouring units. A hidden unit is
tanh(offset + 4 / sqrt(n) * weights . values), a class the weighted sum of units and products (unit k times unit
k + 1, the last times the first). So no two blocks weigh the same, and shap's draw between ties is never called.
"""

import json
from pathlib import Path

import numpy as np
import shap

UNITS = 5
A, C = 6364136223846793005, 1442695040888963407

# height, width, channels, classes, evaluations, batch_size, fill
CASES = [
    (8, 8, 1, 1, 50, 10, None),
    (8, 8, 1, 3, 200, 10, (3, 3)),
    (8, 8, 1, 5, 2000, 50, None),
    (9, 7, 3, 2, 100, 10, (4, 3)),
    (9, 7, 3, 1, 2000, 2, None),
    (1, 13, 3, 2, 120, 10, (5, 1)),
    (16, 12, 3, 3, 50, 10, None),
    (16, 12, 3, 1, 500, 50, (5, 7)),
    (16, 12, 3, 5, 1000, 50, None),
    (16, 12, 3, 2, 2000, 20, (2, 2)),
    (32, 32, 3, 1, 1000, 50, None),
    (32, 32, 3, 1, 300, 10, (9, 9)),
    (40, 30, 1, 1, 50, 10, (11, 11)),
    (40, 30, 1, 2, 500, 50, None),
    (40, 30, 1, 4, 2000, 50, (7, 15)),
]


class Draws:
    def __init__(self, seed):
        self.state = seed

    def __call__(self, n):
        out = np.empty(n)
        for i in range(n):
            self.state = (self.state * A + C) % 2**64
            out[i] = (self.state >> 11) / 2**53
        return out


def explain(seed, height, width, channels, classes, evaluations, batch, blur):
    draws, n = Draws(seed), height * width * channels
    image = draws(n).reshape(height, width, channels)
    hidden = 2 * draws(UNITS * n).reshape(UNITS, n) - 1
    offset = 2 * draws(UNITS) - 1
    linear, products = np.split(2 * draws(classes * 2 * UNITS).reshape(classes, 2 * UNITS) - 1, 2, axis=1)

    def model(x):
        h = np.tanh(offset + 4 / np.sqrt(n) * (x.reshape(len(x), n) @ hidden.T))
        return h @ linear.T + (h * np.roll(h, -1, axis=1)) @ products.T

    masker = shap.maskers.Image(0 if blur is None else "blur(%d,%d)" % blur, image.shape)
    explainer = shap.PartitionExplainer(model, masker)
    found = explainer(image[None], max_evals=evaluations, batch_size=batch, silent=True)
    return found.values[0].reshape(n, classes), np.ravel(found.base_values), model(image[None])[0]


def runs(values):
    """Equal neighbours once, as [times, value]: an undivided block's values are all the same."""
    out = []
    for value in ("%.9g" % v for v in values):
        if out and out[-1][1] == value:
            out[-1][0] += 1
        else:
            out.append([1, value])
    return ["%s*%s" % (n, v) if n > 1 else v for n, v in out]


def case(seed, height, width, channels, classes, evaluations, batch, blur):
    values, base, output = explain(seed, height, width, channels, classes, evaluations, batch, blur)
    planes = values.reshape(height, width, channels, classes).transpose(3, 2, 0, 1).reshape(classes, -1)
    return {
        "seed": seed,
        "shape": [height, width, channels],
        "classes": classes,
        "evaluations": evaluations,
        "batch": batch,
        "blur": blur,
        "base": [float(v) for v in base],
        "output": [float(v) for v in output],
        "values": [" ".join(runs(plane)) for plane in planes],
    }


if __name__ == "__main__":
    cases = [case(1907 + i, *c) for i, c in enumerate(CASES)]
    text = ",\n".join(json.dumps(c) for c in cases)
    (Path(__file__).parent / "partition.json").write_text("[\n" + text + "\n]\n")
