"""Writes morphology.txt: masks and what OpenCV makes of them.

    python -m venv venv && venv/bin/pip install numpy opencv-python-headless
    venv/bin/python morphology.py > morphology.txt

One mask a line: name, width, height, its packed bits (rows first, most significant bit first, hexadecimal), then
`radius:crc32` of the packed result at some radii, then `all:crc32` chained over every radius from -60 to 500.
Radius r >= 0 is r iterations of dilate, r < 0 is -r iterations of erode, kernel MORPH_ELLIPSE 3x3, default border.
"""
import sys
import zlib

import cv2
import numpy as np

PLUS = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
SOME = [-60, -25, -10, -5, -3, -2, -1, 0, 1, 2, 3, 5, 10, 25, 50, 100, 150, 200, 300, 400, 500]


def packed(mask):
    return np.packbits(mask.reshape(-1) > 0).tobytes()


def steps(mask):
    """Radius -> mask, each one made from its neighbour by one more iteration."""
    out = {0: mask}
    for r in range(1, 501):
        out[r] = cv2.dilate(out[r - 1], PLUS)
    for r in range(1, 61):
        out[-r] = cv2.erode(out[1 - r], PLUS)
    return out


def apply(mask, r):
    if r == 0:
        return mask
    return cv2.dilate(mask, PLUS, iterations=r) if r > 0 else cv2.erode(mask, PLUS, iterations=-r)


def blob(rng, h, w, n):
    m = np.zeros((h, w), np.uint8)
    for _ in range(n):
        c = (int(rng.integers(w)), int(rng.integers(h)))
        axes = (int(rng.integers(1, max(2, w // 3))), int(rng.integers(1, max(2, h // 3))))
        cv2.ellipse(m, c, axes, float(rng.integers(180)), 0, 360, 1, -1)
    return m


def masks():
    rng = np.random.default_rng(1907)
    z = lambda h, w: np.zeros((h, w), np.uint8)
    one = lambda h, w, y, x: (m := z(h, w), m.__setitem__((y, x), 1))[0]
    for h, w in [(1, 1), (1, 17), (17, 1), (2, 2), (48, 64)]:
        yield f"empty", z(h, w)
        yield f"full", z(h, w) + 1
    yield "pixel-1x1-row", one(1, 23, 0, 7)
    yield "pixel-column", one(23, 1, 22, 0)
    yield "pixel-corner", one(31, 47, 0, 0)
    yield "pixel-far-corner", one(31, 47, 30, 46)
    yield "pixel-middle", one(48, 64, 24, 32)
    yield "hole", 1 - one(48, 64, 20, 30)
    yield "hole-corner", 1 - one(33, 29, 32, 0)
    for name, a, b in [("horizontal", (5, 20), (58, 20)), ("vertical", (30, 0), (30, 47)), ("diagonal", (0, 0), (63, 47))]:
        m = z(48, 64)
        cv2.line(m, a, b, 1, 1)
        yield f"line-{name}", m
        yield f"line-{name}-inverted", 1 - m
    m = z(48, 64)
    m[10:40, :] = 1
    yield "band-touching-both-sides", m
    m = z(48, 64)
    m[:, :9] = 1
    yield "band-left", m
    m = z(40, 40)
    m[::2, ::2] = 1
    m[1::2, 1::2] = 1
    yield "chessboard", m
    m = z(48, 64)
    cv2.circle(m, (32, 24), 20, 1, 3)
    yield "ring", m
    m = z(48, 64)
    cv2.ellipse(m, (20, 25), (9, 18), 8, 0, 360, 1, -1)
    cv2.ellipse(m, (44, 25), (9, 18), -8, 0, 360, 1, -1)
    yield "lungs", m
    m = z(150, 200)
    cv2.ellipse(m, (60, 80), (30, 55), 8, 0, 360, 1, -1)
    cv2.ellipse(m, (145, 80), (28, 58), -8, 0, 360, 1, -1)
    yield "lungs-large", m
    for i, (h, w) in enumerate([(7, 9), (16, 16), (48, 64), (64, 48), (33, 65), (5, 64), (64, 3), (40, 57)]):
        yield f"blobs-{i}", blob(rng, h, w, 1 + i)
    for i, p in enumerate([0.01, 0.1, 0.5, 0.9, 0.99]):
        yield f"noise-{i}", (rng.random((47, 61)) < p).astype(np.uint8)


def main():
    print(f"# opencv {cv2.__version__}, numpy {np.__version__}; see morphology.py")
    for name, m in masks():
        h, w = m.shape
        by_radius = steps(m)
        crc = 0
        for r in range(-60, 501):
            crc = zlib.crc32(packed(by_radius[r]), crc)
        some = []
        for r in SOME:
            at_once = apply(m, r)
            assert np.array_equal(at_once, by_radius[r])
            some.append(f"{r}:{zlib.crc32(packed(at_once)):08x}")
        print(name, w, h, packed(m).hex(), *some, f"all:{crc:08x}")


main()
