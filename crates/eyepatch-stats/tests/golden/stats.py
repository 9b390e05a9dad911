"""Writes stats.json: AUCs from scikit-learn, clustered and DeLong variances from their definitions, normal
distribution from scipy.

    python -m venv venv && venv/bin/pip install numpy scipy scikit-learn
    venv/bin/python stats.py > stats.json

The variances are written out with the full matrix of pairs, as the papers define them, so that they share no step
with the program under test.
"""
import json

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score


def psi(labels, scores):
    p, n = scores[labels][:, None], scores[~labels][None, :]
    return (p > n) + 0.5 * (p == n)


def delong(labels, scores):
    """DeLong 1988: sample variances of the row and column means of psi."""
    m = psi(labels, scores)
    return np.var(m.mean(1), ddof=1) / m.shape[0] + np.var(m.mean(0), ddof=1) / m.shape[1]


def obuchowski(labels, scores, patients):
    """Obuchowski 1997, equations 4 to 6."""
    mat = psi(labels, scores)
    m, n = mat.shape
    auc, v10, v01 = mat.mean(), mat.mean(1), mat.mean(0)
    pp, pn = patients[labels], patients[~labels]
    i10, i01, i = len(set(pp)), len(set(pn)), len(set(patients))
    s10 = s01 = s11 = 0.0
    for who in sorted(set(patients)):
        a = v10[pp == who].sum() - (pp == who).sum() * auc
        b = v01[pn == who].sum() - (pn == who).sum() * auc
        s10 += a * a
        s01 += b * b
        s11 += a * b
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= i / (i - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


def cases(rng):
    for n, images, ties, mixed in [(12, 1, 0, False), (60, 1, 5, False), (300, 1, 0, False), (40, 3, 0, False),
                                   (40, 3, 4, True), (150, 4, 0, True), (25, 2, 2, True)]:
        count = np.ones(n, int) if images == 1 else rng.integers(1, images + 1, n)
        patients = np.repeat(np.arange(n), count)
        label = rng.random(n) < 0.35
        label[:3], label[3:6] = True, False
        labels = np.repeat(label, count)
        if mixed:
            labels ^= rng.random(len(labels)) < 0.2
        effect = np.repeat(rng.normal(size=n), count)
        scores = 0.8 * labels + 0.7 * effect + rng.normal(size=len(labels))
        if ties:
            scores = np.round(scores * ties / 3) / ties
        shuffle = rng.permutation(len(labels))
        yield labels[shuffle], scores[shuffle], patients[shuffle]


def main():
    rng = np.random.default_rng(1907)
    out = {"auc": [], "normal": [], "quantile": []}
    for labels, scores, patients in cases(rng):
        one_each = len(set(patients)) == len(patients)
        out["auc"].append({
            "labels": "".join("01"[int(v)] for v in labels),
            "scores": [float(s) for s in scores],
            "patients": [int(p) for p in patients],
            "auc": float(roc_auc_score(labels, scores)),
            "clustered": float(obuchowski(labels, scores, patients)),
            "delong": float(delong(labels, scores)),
            "one_image_each": one_each,
        })
    for z in np.concatenate([np.linspace(-8, 8, 49), [-37.5, -20.0, -12.25, 12.25, 20.0]]):
        out["normal"].append([float(z), float(norm.cdf(z)), float(norm.sf(z))])
    for p in np.concatenate([np.linspace(0.001, 0.999, 43), [1e-300, 1e-100, 1e-20, 1e-12, 1e-10, 1e-6, 1e-4, 0.075,
                                                             0.925, 0.95, 0.975, 0.995, 1 - 1e-6, 1 - 1e-10]]):
        out["quantile"].append([float(p), float(norm.ppf(p))])
    print(json.dumps(out, separators=(",", ":")))


main()
