"""Writes resize_with_pad.json: images through TensorFlow's own `tf.image.resize_with_pad` (bilinear, not antialiased), and
where images of many sizes come to lie. Needs tensorflow-cpu (made with 2.x) and numpy."""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).parent


def case(h, w, channels, to, seed, depth="uint8"):
    top = np.iinfo(depth).max
    levels = np.random.default_rng(seed).integers(0, top, (h, w, channels), dtype=depth, endpoint=True)
    out = tf.image.resize_with_pad(tf.constant(levels), to[0], to[1], method="bilinear", antialias=False).numpy()
    return {
        "size": [h, w, channels],
        "to": to,
        "depth": depth,
        "pixels": levels.ravel().tolist(),
        "expected": [round(float(v), 4) for v in out.ravel()],
    }


def frame(h, w, to_h, to_w):
    """Where ones come to lie: [height, width, top, left]."""
    ones = tf.image.resize_with_pad(tf.ones((h, w, 1), tf.uint8), to_h, to_w, method="bilinear").numpy()[..., 0] > 0
    rows, columns = np.flatnonzero(ones.any(1)), np.flatnonzero(ones.any(0))
    return [int(v) for v in (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1, rows[0], columns[0])]


cases = [
    case(37, 23, 1, [16, 16], 1),
    case(20, 31, 3, [12, 12], 2),
    case(9, 14, 1, [24, 20], 3),
    case(16, 16, 1, [16, 16], 4),
    case(41, 13, 1, [15, 22], 5),
    case(33, 21, 1, [13, 11], 6, "uint16"),
]
rng = np.random.default_rng(7)
sizes = [(3000, 2991, 512, 512), (100, 50, 512, 512), (50, 101, 64, 64), (2828, 2336, 512, 512), (2517, 3056, 299, 299)]
sizes += [tuple(int(v) for v in rng.integers(16, 3200, 2)) + (int(t),) * 2 for t in rng.choice([64, 224, 299, 512], 60)]
frames = [[list(s), frame(*s)] for s in sizes]
text = json.dumps({"cases": cases, "frames": frames}, separators=(",", ":"))
(HERE / "resize_with_pad.json").write_text(text + "\n")
print("TensorFlow", tf.__version__)
