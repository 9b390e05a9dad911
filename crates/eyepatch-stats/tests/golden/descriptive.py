"""Writes descriptive.json: what scikit-learn, statsmodels and scipy say of the statistics that describe a classifier.

    python -m venv venv && venv/bin/pip install numpy scipy scikit-learn statsmodels
    venv/bin/python descriptive.py > descriptive.json
"""
import json

import numpy as np
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, cohen_kappa_score, roc_curve
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.tests.test_inter_rater import diagnoses


def inputs(labels, scores, patients):
    return {
        "labels": "".join("01"[int(v)] for v in labels),
        "scores": [float(s) for s in scores],
        "patients": [int(p) for p in patients],
    }


def scored(rng):
    for n, ties in [(8, 0), (50, 4), (120, 0), (200, 2)]:
        labels = rng.random(n) < 0.4
        labels[:2] = True, False
        scores = np.round(labels + rng.normal(size=n), 4)
        if ties:
            scores = np.round(scores * ties) / ties
        fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
        points = []
        for asked in (0.0, 0.5, 0.8, 0.9, 0.95, 1.0):
            ok = np.flatnonzero(1 - fpr >= asked - 1e-12)[-1]
            points.append([asked, float(tpr[ok]), float(1 - fpr[ok])])
        yield inputs(labels, scores, np.arange(n)) | {
            "average_precision": float(average_precision_score(labels, scores)),
            "points": points,
        }


def bins(labels, p, strategy):
    """scikit-learn's bins with the number in each, which its function does not tell."""
    edges = np.linspace(0, 1, 11) if strategy == "uniform" else np.percentile(p, np.linspace(0, 100, 11))
    n = np.bincount(np.searchsorted(edges[1:-1], p), minlength=10)
    share, mean = calibration_curve(labels, p, n_bins=10, strategy=strategy)
    gap = np.abs(share - mean)
    n = n[n > 0]
    return float((gap * n).sum() / n.sum()), float(gap.max()), [int(k) for k in n]


def clustered(y, x, patients, offset=None):
    fit = sm.GLM(y, x, family=sm.families.Binomial(), offset=offset).fit(
        tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False})
    g = len(set(patients))
    return fit.params, fit.bse * np.sqrt(g / (g - 1))


def probable(rng):
    for patients, images, slope, shift in [(60, 1, 1.0, 0.0), (50, 3, 0.5, 0.4), (140, 2, 1.8, -0.6)]:
        who = np.repeat(np.arange(patients), rng.integers(1, images + 1, patients))
        x = rng.normal(size=patients)[who] + rng.normal(size=len(who)) - 0.5
        labels = rng.random(len(who)) < expit(shift + slope * x)
        p = np.round(expit(x), 6)
        order = rng.permutation(len(who))
        labels, p, who = labels[order], p[order], who[order]
        y, x = labels.astype(float), logit(p)
        both, both_se = clustered(y, np.column_stack([np.ones_like(x), x]), who)
        alone, alone_se = clustered(y, np.ones((len(x), 1)), who, offset=x)
        width, mass = bins(labels, p, "uniform"), bins(labels, p, "quantile")
        z = norm.ppf(0.975)
        yield inputs(labels, p, who) | {
            "brier": float(brier_score_loss(labels, p)),
            "ece_width": width[0], "max_width": width[1],
            "ece_mass": mass[0], "max_mass": mass[1], "n_mass": mass[2],
            "intercept": float(both[0]), "intercept_se": float(both_se[0]),
            "slope": float(both[1]), "slope_se": float(both_se[1]), "slope_lower": float(both[1] - z * both_se[1]),
            "in_the_large": float(alone[0]), "in_the_large_se": float(alone_se[0]),
            "in_the_large_upper": float(alone[0] + z * alone_se[0]),
            "n_patients": int(len(set(who))),
        }


def cohen(rng):
    for n, k, agree in [(20, 2, 0.8), (60, 3, 0.6), (150, 5, 0.7), (40, 4, 0.0)]:
        a = rng.integers(0, k, n)
        b = np.where(rng.random(n) < agree, a, np.clip(a + rng.integers(-1, 2, n), 0, k - 1))
        if not agree:
            b = rng.integers(0, k, n)
        table = np.zeros((k, k))
        np.add.at(table, (a, b), 1)
        out = {"a": [int(v) for v in a], "b": [int(v) for v in b]}
        for name, weights, wt in [("none", None, None), ("linear", "linear", "linear"), ("quadratic", "quadratic", "quadratic")]:
            found = cohens_kappa(table, wt=wt)
            kappa = cohen_kappa_score(a, b, weights=weights)
            assert abs(kappa - found.kappa) < 1e-12
            half = norm.ppf(0.975) * found.std_kappa
            out[name] = [float(kappa), float(found.std_kappa), float(found.std_kappa0),
                         float(max(kappa - half, -1)), float(min(kappa + half, 1))]
        yield out


def fleiss_null(table):
    """Fleiss, Nee and Landis (1979), equation 12."""
    subjects, raters = table.shape[0], table[0].sum()
    p = table.sum(0) / table.sum()
    q = 1 - p
    pq = (p * q).sum()
    return np.sqrt(2 / (subjects * raters * (raters - 1))) / pq * np.sqrt(pq**2 - (p * q * (q - p)).sum())


def fleiss(rng):
    drawn = np.clip(np.round(rng.integers(0, 3, 25)[:, None] + rng.normal(scale=0.6, size=(25, 4))), 0, 3).astype(int)
    # R's irr 0.84.1, kappam.fleiss(diagnoses): z = 17.7; of the first three raters: z = 9.89.
    for ratings, irr_z in [(diagnoses, 17.7), (diagnoses[:, :3], 9.89), (drawn, None)]:
        n = len(ratings)
        of = lambda rows: fleiss_kappa(aggregate_raters(rows)[0])
        left = np.array([of(np.delete(ratings, i, 0)) for i in range(n)])
        yield {
            "ratings": [[int(v) for v in row] for row in ratings],
            "kappa": float(of(ratings)),
            "jackknife": float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())),
            "se_null": float(fleiss_null(aggregate_raters(ratings)[0])),
            "irr_z": irr_z,
        }


def hanley_mcneil(a, m, n):
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    return (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)


def power():
    for p, n, k, alpha, power, margin, at in [(20, 200, 5, 0.05, 0.8, 0.05, 0.2), (100, 100, 1, 0.05, 0.9, 0.05, 0.1),
                                              (60, 140, 3, 0.0125, 0.8, 0.0, 0.15), (400, 564, 3, 0.025, 0.5, 0.1, 0.12),
                                              (5, 5, 5, 0.05, 0.8, 0.05, 0.3)]:
        se = lambda gap: np.sqrt(hanley_mcneil(0.5 + gap, p / k, n / k) / k)
        z = norm.ppf(1 - alpha)
        gap = brentq(lambda g: g - margin - (z + norm.ppf(power)) * se(g), margin, 0.5, xtol=1e-15)
        yield {"positive": p, "negative": n, "folds": k, "alpha": alpha, "power": power, "margin": margin, "at": at,
               "gap": float(gap), "power_at": float(norm.cdf((at - margin) / se(at) - z))}


def main():
    rng = np.random.default_rng(1907)
    lower, upper = proportion_confint(7, 20, method="wilson")
    out = {
        "scored": list(scored(rng)),
        "probable": list(probable(rng)),
        "cohen": list(cohen(rng)),
        "fleiss": list(fleiss(rng)),
        "power": list(power()),
        "wilson_lower": float(lower),
        "wilson_upper": float(upper),
    }
    print(json.dumps(out, separators=(",", ":")))


main()
