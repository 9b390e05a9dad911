"""scikit-learn's t-SNE: the cases, and the peer itself when run.

N embeddings of 1024 numbers as a network's global pool gives them (not negative, 32 bits): each number follows two of eight hidden
coordinates, which lie around one of ten centres. Perplexity 10, as in the study; all else is scikit-learn's default (Barnes-Hut, start from
principal components, 1000 steps), and ours. Each side answers the Kullback-Leibler divergence of its map from the exact P (all pairs, 64 bits)
and the map's trustworthiness (12 neighbours); both are printed. Ours may be at most 2 % above the peer's and 0.002 below.
"""
import array
import random
import struct

PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1"]
OURS = ("eyepatch-embedding", "bench_tsne")
UNIT = "s"
THREADS = 2
CPU = True
COLUMNS, HIDDEN, CENTRES, PERPLEXITY, NEIGHBOURS = 1024, 8, 10, 10, 12


def embeddings(n):
    rng = random.Random(1907)
    centres = [[rng.gauss(0, 1.5) for _ in range(HIDDEN)] for _ in range(CENTRES)]
    reads = [(rng.randrange(HIDDEN), rng.gauss(0, 1), rng.randrange(HIDDEN), rng.gauss(0, 1)) for _ in range(COLUMNS)]
    out, noise = array.array("f"), rng.random
    for _ in range(n):
        z = [c + rng.gauss(0, 1) for c in rng.choice(centres)]
        out.extend(max(0.0, a * z[i] + b * z[j] + noise()) for i, a, j, b in reads)
    return out.tobytes()


CASES = {str(n): (f"{n} {COLUMNS} {PERPLEXITY} {NEIGHBOURS}", lambda n=n: embeddings(n)) for n in (1000, 5000)}
# A run of the peer takes seconds.
ROUNDS = {"1000": (7, 1), "5000": (5, 1)}


def figures(_, ours, peer):
    """What joins the line beside times."""
    (our_kl, our_trust), (peer_kl, peer_trust) = (struct.unpack("<2d", b) for b in (ours, peer))
    named = {"ours_kl": our_kl, "peer_kl": peer_kl, "ours_trustworthiness": our_trust, "peer_trustworthiness": peer_trust}
    return {name: round(value, 5) for name, value in named.items()}


def agree(_, ours, peer):
    (our_kl, our_trust), (peer_kl, peer_trust) = (struct.unpack("<2d", b) for b in (ours, peer))
    return our_kl <= 1.02 * peer_kl and our_trust >= peer_trust - 0.002


def main():
    import numpy as np
    import sklearn
    from sklearn.manifold import TSNE, trustworthiness
    from sklearn.metrics import pairwise_distances
    from worker import serve

    def exact_p(x, perplexity):
        """Joint probabilities of all pairs, each row's precision by bisection."""
        d = pairwise_distances(x) ** 2
        np.fill_diagonal(d, np.inf)
        d -= d.min(axis=1, keepdims=True)
        low, high = np.zeros(len(x)), np.full(len(x), np.inf)
        beta = 1 / np.median(d, axis=1)
        for _ in range(60):
            p = np.exp(-beta[:, None] * d)
            total = p.sum(axis=1)
            entropy = np.log(total) + beta * np.where(p > 0, p * np.where(np.isinf(d), 0, d), 0).sum(axis=1) / total
            more = entropy > np.log(perplexity)
            low, high = np.where(more, beta, low), np.where(more, high, beta)
            beta = np.where(np.isinf(high), 2 * beta, (low + np.where(np.isinf(high), low, high)) / 2)
        p = np.exp(-beta[:, None] * d)
        p /= p.sum(axis=1, keepdims=True)
        return (p + p.T) / (2 * len(x))

    def divergence(p, y):
        q = 1 / (1 + pairwise_distances(y.astype(np.float64)) ** 2)
        np.fill_diagonal(q, 0)
        q /= q.sum()
        some = p > 0
        return float((p[some] * np.log(p[some] / q[some])).sum())

    def load(words, payload):
        n, columns, perplexity, neighbours = map(int, words)
        x = np.frombuffer(payload, "<f4").reshape(n, columns).copy()
        last = []

        def run():
            last[:] = [TSNE(perplexity=perplexity, random_state=1907).fit_transform(x)]

        def output():
            x64 = x.astype(np.float64)
            kl = divergence(exact_p(x64, perplexity), last[0])
            return struct.pack("<2d", kl, trustworthiness(x64, last[0], n_neighbors=neighbours))

        return run, output

    serve("scikit-learn", sklearn.__version__, load)


if __name__ == "__main__":
    main()
