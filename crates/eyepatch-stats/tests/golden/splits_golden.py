"""Writes splits.json: folds of 200 random tables by scikit-learn 1.9.1, and NumPy's legacy random numbers.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 pandas
    venv/bin/python splits_golden.py > splits.json

Columns go through pandas, so that a column is numbers or text by pandas' own rule. A table's cells are joined by blanks.
Expected folds: one text a splitter, a character (base 36) a row, which is the row's test fold; group-shuffle: a text a
split, `1` where the row is tested. A refusal is `error: ` and its words, and a warning follows the folds after ` warning: `.
"""
import io
import json
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, StratifiedGroupKFold, StratifiedKFold

SEEDS = [*range(21), 1907]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def group_names(rng, kind, n):
    """n different names of a kind; their order as numbers, as text and by appearance all differ."""
    numbers = rng.permutation(np.arange(1, 4 * n))[:n]
    if kind == "numbers":
        return [str(k) for k in numbers]
    if kind == "signed":
        return [str(k - 2 * n) for k in numbers]
    if kind == "decimals":
        return [f"{k / 4}" for k in numbers]
    if kind == "long":  # 30 digits and more: whole numbers beyond 64 bits
        return [f"{k}{10**29 + 7 * int(k)}" if k % 3 else str(k) for k in numbers]
    if kind == "zeros":  # the same numbers with and without leading zeros
        return [f"0{k // 2}" if k % 2 else str(k // 2) for k in numbers]
    if kind == "text":
        return [f"P{k}" for k in numbers]
    return [("x" if i == 0 else "é" if k % 5 == 0 else "") + str(k) for i, k in enumerate(numbers)]  # mixed


def table(rng, i):
    kind = ["numbers", "text", "mixed", "signed", "decimals", "long", "zeros"][i % 7]
    n_groups = int(rng.integers(1, 7) if i % 10 == 9 else rng.integers(4, 24))
    sizes = [np.ones(n_groups, int), np.full(n_groups, 2), rng.integers(1, 4, n_groups),
             np.minimum(rng.geometric(0.4, n_groups), 6)][i % 4]
    groups = np.repeat(group_names(rng, kind, n_groups), sizes)
    n_classes = [2, 2, 3, 4, 9, 1, 2, 11][i % 8]
    names = [str(c) for c in range(n_classes)] if i % 3 else rng.permutation([f"c{c}" for c in range(n_classes)])
    share = rng.dirichlet(np.ones(n_classes) * 2)
    if i % 5 < 2:  # one class a group
        labels = np.repeat(rng.choice(names, n_groups, p=share), sizes)
    else:
        labels = rng.choice(names, len(groups), p=share)
    order = rng.permutation(len(groups)) if i % 6 else np.arange(len(groups))
    folds = int([2, 3, 5, 4, 10, 7, 5, 12, 9, 1][i % 10])
    test = [0.2, 0.25, 0.5, 0.1, 0.33, 0.9, 1.0, 0.2][i % 8]
    return groups[order], labels[order], folds, test, SEEDS[i % len(SEEDS)]


def column(cells):
    text = "c\n" + "\n".join(cells) + "\n"
    return pd.read_csv(io.StringIO(text))["c"].to_numpy()


def folds_text(splits, rows):
    fold = np.full(rows, -1)
    for k, (train, test) in enumerate(splits):
        assert sorted([*train, *test]) == list(range(rows)) and (fold[test] == -1).all()
        fold[test] = k
    return "".join(DIGITS[f] for f in fold)


def drawn_text(splits, rows):
    texts = []
    for train, test in splits:
        assert sorted([*train, *test]) == list(range(rows))
        texts.append("".join("01"[row in set(test)] for row in range(rows)))
    return " ".join(texts)


def outcome(text, make, y, groups):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = text(make().split(np.zeros(len(groups)), y, groups), len(groups))
        except ValueError as e:
            return f"error: {e}"
    found += "".join(f" warning: {w.message}" for w in caught)
    return found


def expected(groups, labels, folds, test, seed):
    y, g = column(labels), column(groups)
    kfold = {"n_splits": folds}
    mixed = {"n_splits": folds, "shuffle": True, "random_state": seed}

    def stratified(how):
        class WithoutGroups(StratifiedKFold):
            def split(self, x, y, groups):
                return super().split(x, y)
        return lambda: WithoutGroups(**how)
    return {
        "group_shuffle": outcome(drawn_text, lambda: GroupShuffleSplit(2, test_size=test, random_state=seed), y, g),
        "group_kfold": outcome(folds_text, lambda: GroupKFold(**kfold), y, g),
        "group_kfold_shuffled": outcome(folds_text, lambda: GroupKFold(**mixed), y, g),
        "stratified_kfold": outcome(folds_text, stratified(kfold), y, g),
        "stratified_kfold_shuffled": outcome(folds_text, stratified(mixed), y, g),
        "stratified_group_kfold": outcome(folds_text, lambda: StratifiedGroupKFold(**kfold), y, g),
        "stratified_group_kfold_shuffled": outcome(folds_text, lambda: StratifiedGroupKFold(**mixed), y, g),
    }


def random_numbers(seed):
    raw = np.random.MT19937()
    raw._legacy_seeding(seed)
    bits = raw.random_raw(1300)
    shuffled = np.arange(10) // 3
    state = np.random.RandomState(seed)
    permutations = [state.permutation(n).tolist() for n in (1, 2, 7, 33)]
    state.shuffle(shuffled)
    return {
        "seed": seed,
        "bits": [int(bits[k]) for k in (0, 1, 623, 624, 1299)],
        "permutations": permutations,
        "shuffled": shuffled.tolist(),
    }


def main():
    assert sklearn.__version__ == "1.9.1", sklearn.__version__
    rng = np.random.default_rng(1907)
    tables = []
    for i in range(200):
        groups, labels, folds, test, seed = table(rng, i)
        tables.append({
            "groups": " ".join(groups), "labels": " ".join(labels), "folds": folds, "test": test, "seed": seed,
            **expected(groups, labels, folds, test, seed),
        })
    out = {"random": [random_numbers(seed) for seed in [*SEEDS, 2**32 - 1]], "tables": tables}
    rows = ",\n".join(json.dumps(t, separators=(",", ":"), ensure_ascii=False) for t in tables)
    numbers = ",\n".join(json.dumps(r, separators=(",", ":")) for r in out["random"])
    print(f'{{"random":[\n{numbers}\n],"tables":[\n{rows}\n]}}')


main()
