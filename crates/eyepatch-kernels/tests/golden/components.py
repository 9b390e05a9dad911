"""Writes components.txt: what OpenCV and SciPy find in the masks of morphology.txt.

    python -m venv venv && venv/bin/pip install numpy scipy opencv-python-headless
    venv/bin/python components.py > components.txt

Two lines a mask, for 4 and 8 neighbours: the mask's line number, the connectivity, the number of parts, crc32 of the
label image (little-endian 32-bit numbers; parts numbered from 1 in the order of their first pixels), crc32 of the mask
with holes filled (packed bits; SciPy's binary_fill_holes, the outside with the other connectivity), then up to six
parts as `area,x0,y0,x1,y1,x,y`: box with ends excluded, then the centroid.
"""
import pathlib
import zlib

import cv2
import numpy as np
import scipy
from scipy import ndimage


def masks():
    for line in pathlib.Path(__file__).with_name("morphology.txt").read_text().splitlines():
        if not line.startswith("#"):
            _, w, h, bits = line.split(" ")[:4]
            w, h = int(w), int(h)
            yield np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8))[: w * h].reshape(h, w)


def main():
    print(f"# opencv {cv2.__version__}, scipy {scipy.__version__}, numpy {np.__version__}; see components.py")
    for index, m in enumerate(masks()):
        for connectivity in (4, 8):
            count, labels, stats, centroids = cv2.connectedComponentsWithStats(m, connectivity=connectivity)
            values, first = np.unique(labels, return_index=True)
            order = [v for _, v in sorted(zip(first, values)) if v != 0]
            ours = np.zeros(count, np.uint32)
            for k, v in enumerate(order):
                ours[v] = k + 1
            canonical = ours[labels].astype("<u4")
            structure = np.ones((3, 3)) if connectivity == 8 else None
            assert np.array_equal(ndimage.label(m, structure)[0], canonical)
            outside = None if connectivity == 8 else np.ones((3, 3))
            filled = ndimage.binary_fill_holes(m, outside)
            parts = []
            for v in order[:6]:
                x, y, w, h, area = (int(s) for s in stats[v])
                cx, cy = (float(c) for c in centroids[v])
                parts.append(f"{area},{x},{y},{x + w},{y + h},{cx!r},{cy!r}")
            crc = zlib.crc32(canonical.tobytes())
            holes = zlib.crc32(np.packbits(filled.reshape(-1)).tobytes())
            print(index, connectivity, count - 1, f"{crc:08x}", f"{holes:08x}", *parts)


main()
