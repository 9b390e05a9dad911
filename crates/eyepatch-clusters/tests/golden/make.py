"""Writes clusters.json: scikit-learn's PCA, k-means, silhouette and DBSCAN.

    python -m venv venv && venv/bin/pip install numpy scikit-learn
    venv/bin/python make.py > clusters.json
"""
import json

import numpy as np
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_samples


def blobs(rng, rows, columns, groups, spread):
    centres = rng.normal(size=(groups, columns))
    return np.round(centres[rng.integers(0, groups, rows)] + spread * rng.normal(size=(rows, columns)), 3)


def main():
    rng = np.random.default_rng(1907)
    out = []
    for rows, columns, groups, spread, count, k in [
            (60, 12, 3, 0.3, 4, 3), (30, 50, 4, 0.5, 6, 4), (80, 6, 1, 1.0, 6, 5), (45, 8, 2, 0.6, 8, 2)]:
        x = blobs(rng, rows, columns, groups, spread)
        pca = PCA(n_components=count, svd_solver="full").fit(x)
        z = pca.transform(x)
        distances = np.linalg.norm(z[:, None] - z[None], axis=2)
        radius = round(float(np.quantile(np.sort(distances)[:, 4], 0.35)), 3)
        # No tie decides.
        assert np.abs(distances - radius).min() > 1e-6
        fitted = KMeans(n_clusters=k, n_init=50, random_state=0, tol=0, max_iter=1000).fit(z)
        density = DBSCAN(eps=radius, min_samples=5).fit(z)
        assert density.labels_.max() >= 0 and (density.labels_ < 0).any()
        out.append({
            "columns": columns, "rows": x.ravel().tolist(), "count": count, "k": k, "radius": radius,
            "explained": pca.explained_variance_ratio_.tolist(), "distances": distances[0].tolist(),
            "labels": fitted.labels_.tolist(), "inertia": float(fitted.inertia_),
            "silhouettes": silhouette_samples(z, fitted.labels_).tolist(), "density": density.labels_.tolist(),
        })
    print(json.dumps(out, separators=(",", ":")))


main()
