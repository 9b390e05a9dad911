"""What the study's way of storing an image does to it: `python resave.py > resave.json` (NumPy, Pillow).

`jpeg` is Pillow alone: an array saved as JPEG with no options and read again. `stored` is the whole way: TensorFlow's
`resize_with_pad` (written out here in float32), division by the maximum, Keras' `array_to_img`, and JPEG or PNG.
"""

import io
import json
import math

import numpy as np
from PIL import Image

F = np.float32


def noise(seed, shape):
    """Smooth colours with some noise, from a generator that Rust repeats."""
    state, out = seed, np.zeros(shape, np.uint8)
    height, width = shape[:2]
    for y in range(height):
        for x in range(width):
            for c in range(shape[2]):
                state = (state * 1103515245 + 12345) % 2**31
                wave = (7 * x * (c + 1) + 5 * y * (3 - c)) % 512
                wave = wave if wave < 256 else 511 - wave
                out[y, x, c] = (3 * wave + (state >> 16) % 256) // 4
    return out


def saved(array, kind):
    buffer = io.BytesIO()
    Image.fromarray(array if array.shape[2] == 3 else array[:, :, 0]).save(buffer, kind)
    back = np.asarray(Image.open(io.BytesIO(buffer.getvalue())))
    return back.reshape(array.shape)


def resize_with_pad(image, side):
    height, width, channels = image.shape
    ratio = np.maximum(F(width) / F(side), F(height) / F(side))
    new = [max(1, int(math.floor(F(n) / ratio))) for n in (height, width)]
    pad = [max(0, int(math.floor((F(side) - F(n) / ratio) / F(2)))) for n in (height, width)]

    def taps(old, size):
        scale = F(old) / F(size)
        centre = (np.arange(size, dtype=F) + F(0.5)) * scale - F(0.5)
        low = np.floor(centre)
        first = np.maximum(low, 0).astype(int)
        second = np.minimum(low.astype(int) + 1, old - 1)
        return first, second, (centre - low).astype(F)

    (top, bottom, down), (left, right, along) = taps(height, new[0]), taps(width, new[1])
    source = image.astype(F)
    along, down = along[None, :, None], down[:, None, None]

    def across(rows):
        a, b = source[rows][:, left], source[rows][:, right]
        return a + (b - a) * along

    a, b = across(top), across(bottom)
    canvas = np.zeros((side, side, channels), F)
    canvas[pad[0] : pad[0] + new[0], pad[1] : pad[1] + new[1]] = a + (b - a) * down
    return canvas


def stored(image, side, kind):
    x = resize_with_pad(image, side) / F(image.max())
    x = x - x.min()
    if x.max() != 0:
        x = x / x.max()
    return saved((x * F(255)).astype(np.uint8), kind)


def main():
    cases = {"jpeg": [], "stored": []}
    for seed, shape in enumerate([(16, 16, 3), (32, 48, 3), (21, 37, 3), (40, 24, 1), (9, 10, 3)], 1):
        expected = saved(noise(seed, shape), "JPEG")
        cases["jpeg"].append({"seed": seed, "shape": shape, "expected": expected.ravel().tolist()})
    for seed, (shape, side, kind) in enumerate([((50, 36, 3), 32, "JPEG"), ((30, 44, 3), 32, "PNG")], 11):
        expected = stored(noise(seed, shape), side, kind)
        case = {"seed": seed, "shape": shape, "side": side, "jpeg": kind == "JPEG"}
        cases["stored"].append({**case, "expected": expected.ravel().tolist()})
    print(json.dumps(cases, separators=(",", ":")))


main()
