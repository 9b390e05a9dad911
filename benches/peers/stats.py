"""AUC and DeLong's variance by NumPy, SciPy and scikit-learn: the cases, and the peer itself when run.

The AUC is scikit-learn's `roc_auc_score`. DeLong's variance goes by midranks (Sun and Xu, IEEE Signal Processing Letters 21, 2014) in
float64: three calls of SciPy's `rankdata` and two of NumPy's `var`, without a loop in Python.
"""
import random
import struct

PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1"]
OURS = ("eyepatch-stats", "bench_stats")
UNIT = "ms"


def images(n):
    """A tenth is positive; a model of AUC 0.8 and a few ties, as 32 bit scores have them."""
    rng = random.Random(1907)
    labels = bytes(int(rng.random() < 0.1) for _ in range(n))
    scores = [struct.unpack("f", struct.pack("f", rng.gauss(1.19 * label, 1)))[0] for label in labels]
    return labels + struct.pack(f"<{n}d", *scores)


CASES = {f"{what} {n}": (f"{what} {n}", lambda n=n: images(n)) for what in ("auc", "delong") for n in (10_000, 100_000)}


def agree(_, ours, peer):
    """Within 1e-12, of the AUC and of its variance."""
    ours, peer = (struct.unpack(f"<{len(b) // 8}d", b) for b in (ours, peer))
    return len(ours) == len(peer) > 0 and all(abs(a - b) < 1e-12 * max(1e-3, abs(b)) for a, b in zip(ours, peer))


def main():
    import numpy as np
    import sklearn
    from scipy.stats import rankdata
    from sklearn.metrics import roc_auc_score
    from worker import serve

    def delong(labels, scores):
        positive, negative = scores[labels], scores[~labels]
        m, n = len(positive), len(negative)
        ranks = rankdata(np.concatenate([positive, negative]))
        v10 = (ranks[:m] - rankdata(positive)) / n
        v01 = 1 - (ranks[m:] - rankdata(negative)) / m
        return v10.mean(), v10.var(ddof=1) / m + v01.var(ddof=1) / n

    def load(words, payload):
        what, n = words[0], int(words[1])
        labels = np.frombuffer(payload, np.uint8, n).astype(bool)
        scores = np.frombuffer(payload, "<f8", n, n).copy()
        last = []

        def run():
            last[:] = delong(labels, scores) if what == "delong" else (roc_auc_score(labels, scores),)

        return run, lambda: struct.pack(f"<{len(last)}d", *last)

    serve("scikit-learn", sklearn.__version__, load)


if __name__ == "__main__":
    main()
