"""Writes fills.txt: what OpenCV's box blur, scipy's Gaussian and a direct solution of the Laplace equation make of
images.

    python -m venv venv && venv/bin/pip install numpy scipy opencv-python-headless
    venv/bin/python fills.py > fills.txt

Written with OpenCV 5.0.0 and scipy 1.17.1. One case a line: fill (its command line form), depth, width, height,
channels, pattern, mask, and the result: the crc32 of the bytes for 8 and 16 bit; for floating point `every:values`,
each `every`-th value from the last to the first. Images and masks are made from whole numbers by `image` and `mask`,
and by the test likewise.
"""
import sys
import zlib

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

M = 0xFFFFFFFF
FULL = (1 << 24) - 1


def mixed(i, seed):
    """A 32-bit number that looks random."""
    x = (i * 2654435761 + seed * 40503 + 12345) & M
    x = ((x ^ x >> 15) * 2246822519) & M
    x = ((x ^ x >> 13) * 3266489917) & M
    return x ^ x >> 16


def image(depth, w, h, channels, pattern):
    y, x, c = (a.astype(np.int64) for a in np.mgrid[:h, :w, :channels])
    i = (y * w + x) * channels + c
    if pattern == "noise":
        v = np.vectorize(lambda i: mixed(int(i), w) >> 8)(i)
    elif pattern == "ramp":
        v = (x * 70001 + y * 130003 + c * 5000021) % (FULL + 1)
    elif pattern == "halves":
        v = np.where(x < w // 2, FULL, 0)
    else:
        sys.exit(pattern)
    v = v[:, :, 0] if channels == 1 else v
    if depth == "f32":
        return (v / float(1 << 24)).astype(np.float32)
    return (v >> (16 if depth == "u8" else 8)).astype(np.uint8 if depth == "u8" else np.uint16)


def mask(kind, w, h):
    """True where hidden."""
    y, x = (a.astype(np.int64) for a in np.mgrid[:h, :w])
    if kind == "all":
        return np.ones((h, w), bool)
    if kind == "disc":
        return (2 * x - w) ** 2 + (2 * y - h) ** 2 < (min(w, h) * 3 // 4) ** 2
    if kind == "corner":
        return x * h + y * w < w * h
    if kind == "frame":
        return (x < w // 3) | (x > w // 2) | (y < h // 4) | (y > h // 2)
    if kind == "scatter":
        return np.vectorize(lambda i: mixed(int(i), 7) % 10 < 6)(y * w + x)
    if kind == "stripes":
        return (x + y) % 5 != 0
    if kind == "points":
        return (y * w + x) % (w * h - 1) != 0
    if kind == "point":
        return (x != w // 3) | (y != h // 5)
    sys.exit(kind)


def inpainted(a, hidden):
    """The five-point Laplacian on the hidden pixels, solved directly in double precision."""
    h, w = hidden.shape
    index = -np.ones(h * w, int)
    cells = np.flatnonzero(hidden)
    index[cells] = np.arange(len(cells))
    values = a.reshape(h * w, -1).astype(np.float64)
    entries, right = [], np.zeros((len(cells), values.shape[1]))
    for k, cell in enumerate(cells):
        y, x = divmod(cell, w)
        near = [(y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)]
        near = [j * w + i for j, i in near if 0 <= j < h and 0 <= i < w]
        entries.append((len(near), k, k))
        for n in near:
            if index[n] < 0:
                right[k] += values[n]
            else:
                entries.append((-1, k, index[n]))
    data, rows, cols = zip(*entries)
    m = coo_matrix((data, (rows, cols)), shape=(len(cells),) * 2).tocsc()
    values[cells] = spsolve(m, right).reshape(right.shape)
    return values.reshape(a.shape)


def write(fill, depth, size, channels, pattern, hidden="all"):
    w, h = size
    a = image(depth, w, h, channels, pattern)
    name, _, values = fill.partition(":")
    if name == "blur":
        out = cv2.blur(a, tuple(map(int, values.split(","))))
    elif name == "gaussian":
        s = float(values)
        axes = [s, s, 0][: a.ndim]
        out = gaussian_filter(a.astype(np.float64), axes, mode="mirror", truncate=4.0)
    else:
        out = inpainted(a, mask(hidden, w, h))
    if depth == "f32":
        every = max(1, a.size // 60)
        # The last value too.
        text = f"{every}:" + ",".join(f"{v:.9g}" for v in out.reshape(-1)[::-1][::every])
    else:
        text = f"{zlib.crc32(out.astype(out.dtype.newbyteorder('<')).tobytes()):08x}"
    print(fill, depth, w, h, channels, pattern, hidden, text)


def main():
    # Sides of the box about the sums at which OpenCV changes its arithmetic: 256, 2^15, 2^23.
    boxes = [(2, 2), (3, 3), (4, 3), (5, 5), (7, 6), (1, 9), (10, 10), (16, 16), (17, 16), (51, 51), (52, 20),
             (181, 181), (200, 170), (301, 301)]
    for depth in ["u8", "u16"]:
        for kx, ky in boxes:
            for channels in [1, 3]:
                for size, pattern in [((61, 37), "noise"), ((64, 40), "halves"), ((301, 120), "ramp")]:
                    write(f"blur:{kx},{ky}", depth, size, channels, pattern)
        for size in [(1, 1), (1, 9), (13, 1), (2, 2), (7, 5), (5, 23)]:
            for box in ["blur:2,3", "blur:8,5", "blur:40,33"]:
                write(box, depth, size, 1, "noise")
        write("blur:2900,2900", depth, (19, 14), 3, "noise")
    for box in [(2, 2), (3, 3), (4, 7), (51, 51), (90, 64)]:
        for channels in [1, 3]:
            write("blur:%d,%d" % box, "f32", (61, 37), channels, "noise")
    write("blur:9,9", "f32", (1, 13), 1, "noise")
    for sigma in ["0.25", "0.8", "2.1", "3", "10", "40.5"]:
        for channels in [1, 3]:
            write(f"gaussian:{sigma}", "f32", (61, 37), channels, "noise")
        write(f"gaussian:{sigma}", "f32", (64, 40), 1, "halves")
        write(f"gaussian:{sigma}", "f32", (1, 13), 1, "noise")
    for kind in ["disc", "corner", "frame", "scatter", "stripes", "points", "point"]:
        for size, pattern in [((61, 37), "noise"), ((64, 64), "ramp"), ((40, 150), "halves")]:
            for channels in [1, 3]:
                write("inpaint", "f32", size, channels, pattern, kind)
    write("inpaint", "f32", (256, 256), 1, "noise", "points")
    write("inpaint", "f32", (256, 256), 1, "noise", "corner")
    write("inpaint", "f32", (1, 40), 1, "noise", "points")
    write("inpaint", "f32", (40, 1), 1, "noise", "scatter")


main()
