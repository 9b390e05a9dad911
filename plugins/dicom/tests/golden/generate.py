"""Small DICOM files and what pydicom reads in them: `expected.json`.

python generate.py   (pydicom 3.0.2, pylibjpeg, pylibjpeg-libjpeg, numpy; dcmcjpeg of DCMTK 3.6.7 on the path)
"""

import json
import pathlib
import subprocess

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_windowing, pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless,
)

HERE = pathlib.Path(__file__).parent
ROWS, COLUMNS = 10, 12
rng = np.random.default_rng(1907)
expected = {}


def dataset(values, uid=ExplicitVRLittleEndian, photometric="MONOCHROME2", stored=None, high=None, planar=0, **more):
    """A data set of an array of frames x rows x columns [x 3], whose dtype says how it is allocated and signed."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = uid
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    colour = values.shape[-1] == 3
    bits = values.dtype.itemsize * 8
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = photometric
    if colour:
        ds.PlanarConfiguration = planar
    ds.BitsAllocated, ds.BitsStored = bits, stored or bits
    ds.HighBit = (stored or bits) - 1 if high is None else high
    ds.PixelRepresentation = int(values.dtype.kind == "i")
    for name, value in more.items():
        setattr(ds, name, value)
    if len(values) > 1:
        ds.NumberOfFrames = len(values)
    if planar:
        values = np.moveaxis(values, -1, 1)
    raw = values
    if high is not None and stored:
        raw = values << (high + 1 - stored)
    elif stored and values.dtype.kind == "i":
        raw = values & ((1 << stored) - 1)
    ds.raw = raw.astype(raw.dtype.newbyteorder(">" if uid == ExplicitVRBigEndian else "<"))
    return ds


def save(name, ds, data=None):
    raw = ds.raw
    del ds.raw
    # Of 8 bits in big-endian words the two of a word change places.
    words = ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian and ds.BitsAllocated == 8
    raw = raw.tobytes()
    raw += b"\0" * (len(raw) % 2)
    if words:
        raw = np.frombuffer(raw, np.uint16).byteswap().tobytes()
    ds.PixelData = data or raw
    ds["PixelData"].VR = "OB" if data or (ds.BitsAllocated == 8 and not words) else "OW"
    path = HERE / f"{name}.dcm"
    if ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
        pydicom.dcmwrite(path, ds, implicit_vr=False, little_endian=False, force_encoding=True)
    else:
        ds.save_as(path, enforce_file_format=True)
    return path


def full_range(path, frame=0, array=None):
    """Grey as the stored range makes it; colour as pydicom makes it."""
    ds = pydicom.dcmread(path)
    # What pixel_array does with a path does not inflate.
    array = pixel_array(ds) if array is None else array
    if int(ds.get("NumberOfFrames", 1)) > 1:
        array = array[frame]
    if ds.SamplesPerPixel == 3:
        return array.astype(int)
    array = array.astype(int)
    low, high = (-(1 << ds.BitsStored - 1), (1 << ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (
        0, (1 << ds.BitsStored) - 1)
    low, high = (float(apply_modality_lut(np.array([v]), ds)[0]) for v in (low, high))
    low, high = min(low, high), max(low, high)
    level = (apply_modality_lut(array, ds).astype(float) - low) / (high - low)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        level = 1 - level
    return np.floor(level * (255 if ds.BitsStored <= 8 else 65535) + 0.5).astype(int)


def note(name, array, window="stored", frame=None, tolerance=0):
    expected[name if frame is None else f"{name}#{frame}"] = {
        "file": f"{name.split('@')[0]}.dcm", "window": window, "frame": frame, "tolerance": tolerance,
        "channels": 3 if array.ndim == 3 else 1, "values": array.reshape(-1).tolist()}


def simple(name, ds, data=None, **how):
    path = save(name, ds, data)
    note(name, full_range(path), **how)
    return path


def random(low, high, dtype, frames=1, colour=False):
    shape = (frames, ROWS, COLUMNS) + ((3,) if colour else ())
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def smooth(scale, dtype, offset=0):
    y, x = np.mgrid[:ROWS, :COLUMNS]
    return (offset + scale * (y + 2 * x) / (ROWS + 2 * COLUMNS)).astype(dtype)[None]


def compressed(source, name, *options):
    path = HERE / f"{name}.dcm"
    subprocess.run(["dcmcjpeg", *options, HERE / f"{source}.dcm", path], check=True)
    return path


simple("mono2_8", dataset(random(0, 255, np.uint8)))
simple("mono1_8", dataset(random(0, 255, np.uint8), photometric="MONOCHROME1"))
simple("mono2_12", dataset(random(0, 4095, np.uint16), stored=12))
simple("mono1_12", dataset(random(0, 4095, np.uint16), stored=12, photometric="MONOCHROME1"))
simple("mono2_16", dataset(random(0, 65535, np.uint16)))
# pydicom takes the lowest bits whatever the high bit is; here the values are known.
values = random(0, 4095, np.uint16)
note("mono2_12_high_15", full_range(save("mono2_12_high_15", dataset(values, stored=12, high=15)), array=values[0]))
simple("signed_12_rescaled", dataset(random(-2048, 2047, np.int16), stored=12, RescaleSlope="1.5", RescaleIntercept="-24"))
simple("signed_16", dataset(random(-32768, 32767, np.int16)))
simple("negative_slope", dataset(random(0, 1023, np.uint16), stored=10, RescaleSlope="-2", RescaleIntercept="100"))
simple("implicit", dataset(random(0, 4095, np.uint16), ImplicitVRLittleEndian, stored=12))
simple("big_endian_16", dataset(random(0, 65535, np.uint16), ExplicitVRBigEndian))
simple("deflated", dataset(random(0, 4095, np.uint16), DeflatedExplicitVRLittleEndian, stored=12))
simple("rgb_planar_0", dataset(random(0, 255, np.uint8, colour=True), photometric="RGB"))
simple("rgb_planar_1", dataset(random(0, 255, np.uint8, colour=True), photometric="RGB", planar=1))
simple("ybr_full", dataset(random(0, 255, np.uint8, colour=True), photometric="YBR_FULL"), tolerance=1)

# Two neighbours share their differences: Y Y Cb Cr.
ybr = random(0, 255, np.uint8, colour=True)
ybr[:, :, 1::2, 1:] = ybr[:, :, ::2, 1:]
ds = dataset(ybr, photometric="YBR_FULL_422")
pairs = ybr.reshape(-1, 2, 3)
packed = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], 1).astype(np.uint8)
ds.raw = packed
simple("ybr_full_422", ds, tolerance=1)

# 8 bits in big-endian words.
values = random(0, 255, np.uint8)
save("big_endian_8_words", dataset(values, ExplicitVRBigEndian))
note("big_endian_8_words", values[0].astype(int))

# Several frames: as they are, and as run lengths.
frames = random(0, 4095, np.uint16, frames=3)
path = save("frames", dataset(frames, stored=12))
for f in (1, 3):
    note("frames", full_range(path, f - 1), frame=f)

for name, values, more in [
    ("rle_8", random(0, 3, np.uint8), {}), ("rle_12", random(0, 4095, np.uint16), {"stored": 12}),
    ("rle_rgb", random(0, 9, np.uint8, colour=True), {"photometric": "RGB"}),
]:
    ds = dataset(values, **more)
    ds.PixelData = ds.raw.tobytes()
    ds["PixelData"].VR = "OB" if values.dtype.itemsize == 1 else "OW"
    del ds.raw
    want = values[0].astype(int)
    ds.compress(RLELossless)
    path = HERE / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    note(name, full_range(path))
ds = dataset(frames, stored=12)
ds.PixelData = ds.raw.tobytes()
ds["PixelData"].VR = "OW"
del ds.raw
ds.compress(RLELossless)
ds.save_as(HERE / "rle_frames.dcm", enforce_file_format=True)
note("rle_frames", full_range(HERE / "rle_frames.dcm", 1), frame=2)

# JPEG: DCT within 2 of libjpeg's transform, lossless exact.
save("smooth_8", dataset(smooth(200, np.uint8, 20)))
save("smooth_12", dataset(smooth(4000, np.uint16), stored=12))
save("smooth_rgb", dataset(np.stack([smooth(200, np.uint8, k) for k in (0, 20, 50)], -1), photometric="RGB"))
note("jpeg_baseline", full_range(compressed("smooth_8", "jpeg_baseline", "--encode-baseline")), tolerance=2)
note("jpeg_baseline_ybr", full_range(compressed("smooth_rgb", "jpeg_baseline_ybr", "--encode-baseline")),
     tolerance=3)
note("jpeg_lossless_8", full_range(compressed("mono2_8", "jpeg_lossless_8", "--encode-lossless-sv1")))
note("jpeg_lossless_12", full_range(compressed("mono2_12", "jpeg_lossless_12", "--encode-lossless-sv1")))
note("jpeg_lossless_16", full_range(compressed("mono2_16", "jpeg_lossless_16", "--encode-lossless-sv1")))
note("jpeg_lossless_signed", full_range(compressed("signed_16", "jpeg_lossless_signed", "--encode-lossless-sv1")))
note("jpeg_lossless_6", full_range(
    compressed("mono2_12", "jpeg_lossless_6", "--encode-lossless", "--selection-value", "6")))
note("jpeg_lossless_rgb", full_range(compressed("rgb_planar_0", "jpeg_lossless_rgb", "--encode-lossless-sv1")))
compressed("smooth_12", "jpeg_extended_12", "--encode-extended")
for name in ("smooth_8", "smooth_12", "smooth_rgb"):
    (HERE / f"{name}.dcm").unlink()

# Windows, against pydicom's.
window = {"WindowCenter": "40", "WindowWidth": "400", "RescaleSlope": "1", "RescaleIntercept": "-1024"}
for name, function in [("window_linear", None), ("window_exact", "LINEAR_EXACT"), ("window_sigmoid", "SIGMOID")]:
    more = dict(window) | ({"VOILUTFunction": function} if function else {})
    path = save(name, dataset(random(600, 1500, np.uint16), stored=12, **more))
    ds = pydicom.dcmread(path)
    array = apply_windowing(apply_modality_lut(pixel_array(path), ds), ds)
    # pydicom's range of brightness is that of the rescaled values.
    low, high = -1024.0, 4095.0 - 1024.0
    level = (array - low) / (high - low)
    note(name, np.floor(level * 65535 + 0.5).astype(int), window="file", tolerance=1)

with open(HERE / "expected.json", "w") as out:
    out.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(expected.items())) + "\n}\n")
