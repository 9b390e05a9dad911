"""Writes coco_golden.txt: pycocotools' compressed run lengths of a small block. pip install pycocotools numpy"""
import pathlib

import numpy
from pycocotools import mask

bits = numpy.zeros((8, 12), dtype=numpy.uint8, order="F")
bits[2:5, 1:3] = 1
pathlib.Path(__file__).with_suffix(".txt").write_bytes(mask.encode(bits)["counts"])
