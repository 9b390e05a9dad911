#!/usr/bin/env python3
"""Draws results.csv as SVG beside it, and prints the worst condition of every asked range. Needs matplotlib."""
import collections
import csv
import math
import pathlib

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).resolve().parent
SIZES = [10, 30, 60, 200]
ASKED_FROM = 60
TITLES = {
    "type_one": "One AUC against its true value: type I error, one-sided at 5 %",
    "coverage": "One AUC: coverage of the 95 % interval",
    "paired_type_one": "Difference of two equal AUCs: type I error, one-sided at 5 %",
    "paired_coverage": "Difference of two equal AUCs: coverage of the 95 % interval",
}
# Okabe and Ito's colours by images and rho; one image a patient is black.
COLOURS = {("1", "0"): "#000000", ("2", "0"): "#56b4e9", ("2", "0.5"): "#0072b2", ("2", "0.8"): "#009e73",
           ("5", "0"): "#cc79a7", ("5", "0.5"): "#e69f00", ("5", "0.8"): "#d55e00"}
plt.rcParams.update({"font.size": 9, "svg.hashsalt": "eyepatch", "figure.facecolor": "white", "axes.spines.top": False,
                     "axes.spines.right": False, "svg.fonttype": "none"})


def rows():
    with open(HERE / "results.csv", newline="") as file:
        return list(csv.DictReader(file))


def percent(row):
    """The share in per cent, with twice its standard error."""
    share, runs = int(row["found"]) / int(row["runs"]), int(row["runs"])
    return 100 * share, 200 * math.sqrt(share * (1 - share) / runs)


def name(images, rho):
    return "1 image" if images == "1" else f"{images} images, rho {rho}"


def line(axes, some, key, offset, **style):
    """One line over the numbers of patients; a little to the side, so that error bars do not hide each other."""
    some = sorted(some, key=lambda r: int(r["smaller"]))
    x = [SIZES.index(int(r["smaller"])) + offset for r in some]
    y, error = zip(*(percent(r) for r in some))
    axes.errorbar(x, y, error, color=COLOURS[key], marker="o", markersize=3, linewidth=1, elinewidth=0.7, **style)


def frame(axes, row):
    low, high = 100 * float(row["asked_low"]), 100 * float(row["asked_high"])
    start = SIZES.index(ASKED_FROM) - 0.4
    axes.fill_between([start, len(SIZES) - 0.6], low, high, color="#dddddd", linewidth=0, label="asked for")
    axes.set_xticks(range(len(SIZES)), SIZES)


def by_cluster(some):
    groups = collections.defaultdict(list)
    for row in some:
        groups[row["images"], row["rho"]].append(row)
    return groups


def single(all_rows, rate):
    """Panels by true AUC and by labels; one image a patient is drawn in both columns."""
    figure, panels = plt.subplots(2, 2, figsize=(8, 6), sharex=True, sharey=True, layout="constrained")
    for i, auc in enumerate(["0.7", "0.95"]):
        for j, labels in enumerate(["constant", "mixed"]):
            axes = panels[i][j]
            some = [r for r in all_rows if (r["rate"], r["auc"]) == (rate, auc)]
            some = [r for r in some if r["images"] == "1" or r["labels"] == labels]
            frame(axes, some[0])
            for k, (key, group) in enumerate(by_cluster(some).items()):
                line(axes, group, key, 0.07 * (k - 3), label=name(*key))
            axes.set_title(f"true AUC {auc}, {labels} labels", fontsize=9)
    finish(figure, panels[:, 0], panels[-1], panels[0][0], TITLES[rate], rate)


def familywise(all_rows):
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
    titles = {"verdict": "primary contrasts of a verdict, all at the margin", "stress": "125 cells, all at AUC 0.5"}
    for axes, (study, title) in zip(panels, titles.items()):
        some = [r for r in all_rows if r["study"] == study]
        frame(axes, some[0])
        for labels, dash in [("constant", "-"), ("mixed", "--")]:
            for k, (key, group) in enumerate(by_cluster(r for r in some if r["labels"] == labels).items()):
                of = "" if key[0] == "1" else f", {labels}"
                line(axes, group, key, 0.08 * (k - 1) + (0.04 if dash == "--" else 0), linestyle=dash, label=name(*key) + of)
        axes.set_title(title, fontsize=9)
    finish(figure, panels[:1], panels, panels[0], "Familywise error: any rejected by Holm at 5 %", "familywise")


def finish(figure, left, bottom, legend_of, title, file):
    for axes in left:
        axes.set_ylabel("% of runs")
    for axes in bottom:
        axes.set_xlabel("patients in the smaller class")
    figure.suptitle(title, fontsize=10)
    handles, labels = legend_of.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    figure.savefig(HERE / f"{file}.svg", metadata={"Date": None})
    plt.close(figure)


def worst(all_rows):
    """Of every study and rate, and of large and small studies apart: the lowest and the highest share."""
    groups = collections.defaultdict(list)
    for row in all_rows:
        groups[row["study"], row["rate"], int(row["smaller"]) >= ASKED_FROM].append(row)
    for (study, rate, large), some in sorted(groups.items(), key=lambda g: (not g[0][2], g[0])):
        low, high = float(some[0]["asked_low"]), float(some[0]["asked_high"])
        outside = [r for r in some if not low <= int(r["found"]) / int(r["runs"]) <= high]
        size = f"at least {ASKED_FROM}" if large else f"below {ASKED_FROM}"
        print(f"{study} {rate}, {size} patients: {len(outside)} of {len(some)} outside {100 * low:g} to {100 * high:g} %")
        for row in (min(some, key=percent), max(some, key=percent)):
            share, twice_se = percent(row)
            print(f"  {share:.2f} +- {twice_se:.2f} % of {row['runs']}: {row['images']} images, rho {row['rho']}, "
                  f"{row['labels']} labels, AUC {row['auc']}, {row['smaller']} patients")


def main():
    all_rows = rows()
    for rate in TITLES:
        single(all_rows, rate)
    familywise(all_rows)
    worst(all_rows)


if __name__ == "__main__":
    main()
