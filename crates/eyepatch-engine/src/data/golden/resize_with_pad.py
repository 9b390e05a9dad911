"""Writes resize_with_pad.json: PyTorch's bilinear interpolation (half-pixel centres, no antialias, which is TensorFlow's)
inside the frame that TensorFlow's `resize_with_pad` computes in float32. Needs torch and numpy."""

import json
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


def fit(h, w, to_h, to_w):
    """image_ops_impl.py, _resize_image_with_pad_common."""
    h, w, th, tw = (np.float32(v) for v in (h, w, to_h, to_w))
    ratio = max(w / tw, h / th)
    height, width = h / ratio, w / ratio
    top, left = max(0, int(np.floor((th - height) / 2))), max(0, int(np.floor((tw - width) / 2)))
    return int(np.floor(height)), int(np.floor(width)), top, left


def case(h, w, channels, to, seed):
    levels = np.random.default_rng(seed).integers(0, 256, (h, w, channels), dtype=np.uint8)
    rows, columns, top, left = fit(h, w, *to)
    x = torch.from_numpy(levels.astype(np.float32)).permute(2, 0, 1)[None]
    y = torch.nn.functional.interpolate(x, (rows, columns), mode="bilinear", align_corners=False, antialias=False)
    out = np.zeros((to[0], to[1], channels), np.float32)
    out[top : top + rows, left : left + columns] = y[0].permute(1, 2, 0).numpy()
    return {
        "size": [h, w, channels],
        "to": to,
        "pixels": levels.ravel().tolist(),
        "expected": [round(float(v), 4) for v in out.ravel()],
    }


cases = [
    case(37, 23, 1, [16, 16], 1),
    case(20, 31, 3, [12, 12], 2),
    case(9, 14, 1, [24, 20], 3),
    case(16, 16, 1, [16, 16], 4),
    case(41, 13, 1, [15, 22], 5),
]
(HERE / "resize_with_pad.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
sizes = [(3000, 2991, 512, 512), (100, 50, 512, 512), (50, 101, 64, 64), (2828, 2336, 512, 512), (2517, 3056, 299, 299)]
print({s: fit(*s) for s in sizes})
