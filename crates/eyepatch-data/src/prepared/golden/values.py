"""Writes values.json: the value path of STUDY.md, literally, in NumPy, on images that TensorFlow's `resize_with_pad` resized.

"divide by the original maximum, then stretched again on saving (minimum to 0, maximum to 255, truncated to 8 bit); on
loading divided by the maximum again. The path for external images skips the 8-bit step and the minimum."

Needs tensorflow-cpu and numpy."""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).parent


def case(h, w, to, seed, depth, low, high):
    original = np.random.default_rng(seed).integers(low, high, (h, w, 1), dtype=depth, endpoint=True)
    resized = tf.image.resize_with_pad(tf.constant(original), to[0], to[1], method="bilinear").numpy()[..., 0]
    divided = resized / np.float32(original.max())
    saved = ((divided - divided.min()) / (divided.max() - divided.min()) * np.float32(255)).astype(np.uint8)
    loaded = saved / np.float32(saved.max())
    return {
        "size": [h, w],
        "to": to,
        "depth": depth,
        "pixels": original.ravel().tolist(),
        "saved": saved.ravel().tolist(),
        "loaded": [float(f"{v:.7g}") for v in loaded.ravel()],
        "external": [float(f"{v:.7g}") for v in divided.ravel()],
    }


cases = [
    case(23, 17, [12, 12], 1, "uint8", 9, 231),
    case(14, 14, [14, 14], 2, "uint8", 30, 200),
    case(9, 13, [16, 16], 3, "uint8", 0, 255),
    case(25, 18, [11, 13], 4, "uint16", 300, 40000),
    case(16, 16, [16, 16], 5, "uint16", 120, 4095),
]
(HERE / "values.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
