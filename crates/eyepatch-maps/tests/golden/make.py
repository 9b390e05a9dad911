"""Writes maps.json: what SciPy and scikit-image say of small maps.

    python -m venv venv && venv/bin/pip install numpy scipy scikit-image
    venv/bin/python make.py > maps.json
"""
import json

import numpy as np
from scipy import stats
from skimage.metrics import structural_similarity


def pairs(rng):
    for height, width, decimals in [(7, 7, 2), (9, 12, 2), (16, 16, 0), (20, 8, 3)]:
        first = np.round(rng.normal(size=(height, width)), decimals)
        second = np.round(0.6 * first + 0.8 * rng.normal(size=(height, width)), decimals)
        a, b = first / np.abs(first).max(), second / np.abs(second).max()
        yield {
            "height": height, "width": width, "first": first.ravel().tolist(), "second": second.ravel().tolist(),
            "spearman": float(stats.spearmanr(first.ravel(), second.ravel()).statistic),
            "spearman_absolute": float(stats.spearmanr(np.abs(first).ravel(), np.abs(second).ravel()).statistic),
            "cosine": float((first * second).sum() / np.linalg.norm(first) / np.linalg.norm(second)),
            "ssim": float(structural_similarity(a, b, data_range=2.0)),
        }


def means(rng):
    for patients, images in [(2, 1), (5, 3), (40, 4)]:
        rows = [(f"p{p}", round(float(v), 3))
                for p in range(patients) for v in rng.normal(p % 3, 1, rng.integers(1, images + 1))]
        of = [np.mean([v for q, v in rows if q == f"p{p}"]) for p in range(patients)]
        t = stats.ttest_1samp(of, 0)
        interval, one_sided = t.confidence_interval(0.95), t.confidence_interval(0.9)
        yield {"patients": [p for p, _ in rows], "values": [v for _, v in rows], "mean": float(np.mean(of)),
               "lower": float(interval.low), "upper": float(interval.high), "upper_bound": float(one_sided.high)}


def main():
    rng = np.random.default_rng(1907)
    print(json.dumps({"pairs": list(pairs(rng)), "means": list(means(rng))}, separators=(",", ":")))


main()
