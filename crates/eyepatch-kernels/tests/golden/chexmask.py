"""Writes chexmask.txt: checksums of CheXmask's masks, as NumPy decodes and OpenCV dilates them.

    python -m venv venv && venv/bin/pip install numpy opencv-python-headless
    venv/bin/python chexmask.py "$EYEPATCH_DATA/label_tables/chexmask_excerpt" > chexmask.txt

One line a row of the tables: file, number of the row, image, width, height, then `area:crc32` of left lung, right
lung, heart and of both lungs united, then `radius:crc32` of the united lungs dilated (eroded) by OpenCV. Checksums are
of the packed bits, rows first, most significant bit first. Rows without a size are taken for 1024 x 1024, which is
what all others have.
"""
import csv
import pathlib
import sys
import zlib

import cv2
import numpy as np

PLUS = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
RADII = [-60, -5, 1, 25, 100, 500]


def decode(code, height, width):
    starts, lengths = np.array(code.split(), dtype=np.int64).reshape(-1, 2).T
    change = np.zeros(height * width + 1, np.int64)
    np.add.at(change, starts - 1, 1)
    np.add.at(change, starts - 1 + lengths, -1)
    return (np.cumsum(change[:-1]) > 0).astype(np.uint8).reshape(height, width)


def crc(mask):
    return f"{zlib.crc32(np.packbits(mask.reshape(-1) > 0).tobytes()):08x}"


def main():
    csv.field_size_limit(sys.maxsize)
    print(f"# opencv {cv2.__version__}, numpy {np.__version__}; see chexmask.py")
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.csv")):
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                height, width = (int(float(row[side] or 1024)) for side in ("Height", "Width"))
                masks = [decode(row[c], height, width) for c in ("Left Lung", "Right Lung", "Heart")]
                lungs = masks[0] | masks[1]
                sums = [f"{int(m.sum())}:{crc(m)}" for m in [*masks, lungs]]
                for r in RADII:
                    apply = cv2.dilate if r > 0 else cv2.erode
                    sums.append(f"{r}:{crc(apply(lungs, PLUS, iterations=abs(r)))}")
                image = row.get("Image Index") or row["ImageID"]
                print(path.name, number, image, width, height, *sums)


main()
