"""Writes logistic.json: scikit-learn's LogisticRegression behind its StandardScaler.

    python -m venv venv && venv/bin/pip install numpy scikit-learn
    venv/bin/python logistic.py > logistic.json
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def main():
    rng = np.random.default_rng(1907)
    out = []
    for rows, columns, c, share in [(40, 2, 1.0, 0.5), (150, 5, 0.1, 0.2), (150, 5, 10.0, 0.8), (60, 20, 1.0, 0.4),
                                    (30, 40, 0.01, 0.5), (100, 3, 1e6, 0.5)]:
        x = np.round(rng.normal(size=(rows, columns)) * rng.uniform(0.1, 50, columns) + rng.uniform(-100, 100, columns), 3)
        if columns == 5:
            x[:, 3] = 7.25
            x[:, 4] = np.round(0.9 * x[:, 0] + 0.2 * x[:, 1], 3)
        z = StandardScaler().fit_transform(x)
        logit = z[:, 0] - 0.5 * z[:, 1] + np.log(share / (1 - share))
        y = rng.random(rows) < 1 / (1 + np.exp(-logit))
        model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000).fit(z, y)
        newton = LogisticRegression(C=c, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(z, y)
        assert np.abs(newton.coef_ - model.coef_).max() < 1e-5
        out.append({
            "columns": columns, "c": c, "labels": "".join("01"[int(v)] for v in y), "features": x.ravel().tolist(),
            # The two solvers agree; the second comes nearer to the minimum.
            "intercept": float(newton.intercept_[0]), "coefficients": newton.coef_[0].tolist(),
            "probabilities": newton.predict_proba(z)[:5, 1].tolist(),
        })
    print(json.dumps(out, separators=(",", ":")))


main()
