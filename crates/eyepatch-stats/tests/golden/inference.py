"""Writes inference.json: 200 random data sets with ties, and what independent code says of them.

    python -m venv venv && venv/bin/pip install numpy scipy scikit-learn statsmodels
    venv/bin/python inference.py > inference.json

AUC from scikit-learn; DeLong's and Obuchowski's covariances from the full matrix of pairs, as the papers define them, in
float64 NumPy; log10 of p from scipy.stats.norm.logsf; Benjamini-Hochberg from statsmodels; BCa intervals from
scipy.stats.bootstrap (positive and negative images resampled apart, one image a patient), with the replicates that it drew.

Scores are whole numbers and patients letters, so that the file stays small.
"""
import json

import numpy as np
from scipy.stats import bootstrap, norm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests


def psi(labels, scores):
    p, n = scores[labels][:, None], scores[~labels][None, :]
    return (p > n) + 0.5 * (p == n)


def delong(labels, one, other):
    """DeLong 1988, equations 4 to 6: sample covariances of the row and column means of psi."""
    a, b = psi(labels, one), psi(labels, other)
    m, n = a.shape
    return np.cov(a.mean(1), b.mean(1))[0, 1] / m + np.cov(a.mean(0), b.mean(0))[0, 1] / n


def obuchowski(labels, one, other, patients):
    """Obuchowski 1997, equations 4 to 6, for two sets of scores of the same images."""
    a, b = psi(labels, one), psi(labels, other)
    m, n = a.shape
    pp, pn = patients[labels], patients[~labels]
    i10, i01, i = len(set(pp)), len(set(pn)), len(set(patients))
    s10 = s01 = s11 = 0.0
    for who in sorted(set(patients)):
        parts = [((x.mean(1)[pp == who] - x.mean()).sum(), (x.mean(0)[pn == who] - x.mean()).sum()) for x in (a, b)]
        s10 += parts[0][0] * parts[1][0]
        s01 += parts[0][1] * parts[1][1]
        s11 += (parts[0][0] * parts[1][1] + parts[1][0] * parts[0][1]) / 2
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= i / (i - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


def data_set(rng):
    """Up to 90 images of up to 26 patients; labels constant or mixed within a patient; ties by rounding."""
    n, images = rng.integers(8, 27), rng.integers(1, 5)
    patients = np.repeat(np.arange(n), rng.integers(1, images + 1, n))
    label = rng.permutation(np.arange(n) < max(2, round(n * rng.uniform(0.2, 0.6))))
    labels = np.repeat(label, np.bincount(patients))
    if rng.random() < 0.5:
        labels ^= rng.random(len(labels)) < 0.2
    own, step = np.repeat(rng.normal(size=n), np.bincount(patients)), rng.choice([1, 3, 10])
    signal = rng.uniform(0, 3) * labels
    scores = [np.round((signal + 0.7 * own + rng.normal(size=len(labels))) * step).astype(int) for _ in range(2)]
    return labels, scores, patients


def usable(labels, patients):
    return min(len(set(patients[labels])), len(set(patients[~labels]))) >= 2


def sets(rng):
    out = []
    while len(out) < 200:
        labels, (one, other), patients = data_set(rng)
        if not usable(labels, patients):
            continue
        difference = roc_auc_score(labels, one) - roc_auc_score(labels, other)
        variance = delong(labels, one, one) + delong(labels, other, other) - 2 * delong(labels, one, other)
        if variance < 1e-8:
            continue
        z = difference / np.sqrt(variance)
        out.append({
            "labels": "".join("01"[int(v)] for v in labels),
            "patients": "".join(chr(97 + p) for p in patients),
            "scores": [one.tolist(), other.tolist()],
            "auc": [float(roc_auc_score(labels, s)) for s in (one, other)],
            "delong": [float(delong(labels, *pair)) for pair in ((one, one), (other, other), (one, other))],
            "log10_p": float(min(0.0, (np.log(2) + norm.logsf(abs(z))) / np.log(10))),
            "clustered": [float(obuchowski(labels, *pair, patients))
                          for pair in ((one, one), (other, other), (one, other))],
        })
    return out


def bca(rng):
    def statistic(p, n, axis=-1):
        wins = (p[..., :, None] > n[..., None, :]) + 0.5 * (p[..., :, None] == n[..., None, :])
        return wins.mean(axis=(-2, -1))

    out = []
    for m, n, shift in [(12, 20, 0.5), (25, 10, 1.5), (15, 15, 2.5), (8, 40, 1.0), (40, 40, 0.0), (10, 12, 1.0)]:
        p = np.round(rng.normal(size=m) * 5 + 5 * shift)
        q = np.round(rng.normal(size=n) * 5)
        found = bootstrap((p, q), statistic, n_resamples=499, method="BCa", vectorized=True, rng=rng)
        ends = found.confidence_interval
        out.append({"positive": p.tolist(), "negative": q.tolist(),
                    "drawn": [float(v) for v in found.bootstrap_distribution],
                    "interval": [float(ends.low), float(ends.high)]})
    return out


def adjusted(rng):
    out = []
    for n in (1, 2, 5, 12, 30):
        p = np.round(rng.random(n) ** 3, 3)
        out.append({"p": p.tolist(), "adjusted": multipletests(p, method="fdr_bh")[1].tolist()})
    return out


def tails():
    points = np.concatenate([np.linspace(-5, 40, 46), [60.0, 100.0, 1000.0]])
    return [[float(z), float(norm.logsf(z) / np.log(10))] for z in points]


def students():
    from scipy.stats import t
    return [[x, n, float(t.sf(x, n))] for x in (-3.0, -0.5, 0.0, 0.7, 2.0, 5.0, 12.0)
            for n in (1.0, 2.5, 7.0, 30.0, 119.7, 5000.0, 3e5)]


def main():
    rng = np.random.default_rng(1988)
    out = {"sets": sets(rng), "bca": bca(rng), "benjamini_hochberg": adjusted(rng), "log10_tails": tails(),
           "student": students()}
    print(json.dumps(out, separators=(",", ":")))


main()
