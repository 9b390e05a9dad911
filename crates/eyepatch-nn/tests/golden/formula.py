"""Weights and images by formula, so that they need not be kept: tests and benchmarks make the same ones, in Python with NumPy
and in Rust (formula.rs) to the bit."""

import numpy as np


def uniform(name, count):
    """Numbers in [-1, 1): SplitMix64 (Steele et al. 2014) from the FNV-1a hash of a name."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(key) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def parameter(net, name, shape):
    """A tensor of a DenseNet, f32. Convolutions keep the size of what they read (He et al. 2015); scales and running
    statistics are far from 1 and 0."""
    u = uniform(f"{net}.{name}", int(np.prod(shape)))
    if name.endswith("running_var"):
        v = 1 + 0.5 * u
    elif name.endswith("running_mean"):
        v = 0.3 * u
    elif name == "classifier.weight":
        v = u * np.sqrt(6 / shape[1])
    elif name.endswith("bias"):
        v = 0.25 * u
    elif len(shape) == 1:
        v = 1 + 0.3 * u
    else:
        v = u * np.sqrt(6 / (shape[1] * shape[2] * shape[3]))
    return v.astype(np.float32).reshape(shape)


def images(n, height, width):
    """`[n, 3, height, width]`, f32: noise of a contrast that differs from image to image."""
    u = uniform(f"{n}x{height}x{width}", n * 3 * height * width).reshape(n, 3, height, width)
    return (u * (0.5 + 0.25 * np.arange(n)).reshape(n, 1, 1, 1)).astype(np.float32)
