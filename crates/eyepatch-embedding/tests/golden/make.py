"""Writes embedding.json: scikit-learn, SciPy and NumPy on small tables.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python make.py > embedding.json
"""
import json

import numpy as np
from scipy.optimize import brentq
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.special import rel_entr
from scipy.stats import entropy
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import silhouette_samples, silhouette_score
from sklearn.metrics.pairwise import cosine_similarity, rbf_kernel
from sklearn.neighbors import NearestNeighbors


def blobs(rng, rows, columns, groups, spread):
    centres, group = rng.normal(size=(groups, columns)), rng.integers(0, groups, rows)
    return np.round(np.maximum(0, centres[group] + spread * rng.normal(size=(rows, columns))), 3), group


def joint(x, perplexity):
    """Exact joint probabilities of all pairs, each row's precision by Brent's method to the last bit."""
    n, d = len(x), squareform(pdist(x, "sqeuclidean"))
    p = np.zeros((n, n))
    for i in range(n):
        others = np.arange(n) != i
        near = d[i, others] - d[i, others].min()
        excess = lambda log_beta: entropy(np.exp(-np.exp(log_beta) * near)) - np.log(perplexity)
        weights = np.exp(-np.exp(brentq(excess, -20, 20, xtol=1e-14, rtol=1e-14)) * near)
        p[i, others] = weights / weights.sum()
    return p, (p + p.T) / (2 * n)


def divergence(p, y):
    q = 1 / (1 + squareform(pdist(y, "sqeuclidean")))
    np.fill_diagonal(q, 0)
    return float(rel_entr(p, q / q.sum()).sum())


def discrepancy(x, y):
    d = pdist(np.vstack([x, y]))
    width = float(np.median(d))
    k = lambda a, b: rbf_kernel(a, b, gamma=1 / (2 * width**2))
    m, n = len(x), len(y)
    within = lambda a, m: (k(a, a).sum() - m) / (m * (m - 1))
    return width, float(within(x, m) + within(y, n) - 2 * k(x, y).mean())


def main():
    rng = np.random.default_rng(1907)
    out = []
    for rows, columns, groups, spread, perplexity, k in [(70, 6, 3, 0.5, 10, 5), (40, 30, 2, 1.0, 5, 7)]:
        x, group = blobs(rng, rows, columns, groups, spread)
        masked = np.round(np.maximum(0, x + 0.5 * rng.normal(size=x.shape)), 3)
        noise = np.round(np.abs(rng.normal(size=(4, columns))), 3)
        patients = rng.integers(0, rows // 2, rows)
        conditional, p = joint(x, perplexity)
        theirs = squareform(_joint_probabilities(squareform(pdist(x, "sqeuclidean")), perplexity, 0))
        # scikit-learn's has 32 bits and a tolerance of 1e-5.
        assert np.abs(theirs - p).max() < 1e-4 * p.max()
        y = TSNE(perplexity=perplexity, random_state=0, method="exact").fit_transform(x).astype(np.float64)
        y = np.round(y, 4)
        near = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)
        width, squared = discrepancy(x[group != 0], x[group == 0])
        cosines = cosine_similarity(masked, x)
        others = [cosines[i, patients != patients[i]].mean() for i in range(rows)]
        out.append({
            "rows": rows, "columns": columns, "perplexity": perplexity, "k": k, "x": x.ravel().tolist(),
            "groups": group.tolist(), "patients": patients.tolist(), "masked": masked.ravel().tolist(),
            "noise": noise.ravel().tolist(), "map": y.ravel().tolist(), "conditional": conditional[0].tolist(),
            "joint": p[0].tolist(), "divergence": divergence(p, y),
            "trustworthiness": float(trustworthiness(x, y, n_neighbors=k)), "nearest": near[:5].tolist(),
            "purity": float((group[near] == group[:, None]).mean()),
            "silhouettes": silhouette_samples(x, group).tolist(), "silhouette": float(silhouette_score(x, group)),
            "width": width, "discrepancy": squared, "to_full": np.diag(cosines).tolist(), "to_others": others,
            "to_noise": cosine_similarity(x, noise).mean(axis=1).tolist(),
        })
        assert np.abs(cdist(masked, x, "cosine") - (1 - cosines)).max() < 1e-12
    print(json.dumps(out, separators=(",", ":")))


main()
