#!/usr/bin/env python3
"""Draws results.csv as SVG beside it, and writes its rates as tables: results.md. Needs matplotlib."""
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


STUDIES = {
    "type_one": "one AUC: type I error", "coverage": "one AUC: coverage", "paired_type_one": "difference: type I error",
    "paired_coverage": "difference: coverage", "verdict": "verdict: familywise error", "stress": "125 cells: familywise error",
}


def study_of(row):
    return row["rate"] if row["study"] == "single" else row["study"]


def asked(row):
    low, high = 100 * float(row["asked_low"]), 100 * float(row["asked_high"])
    return f"{low:g} to {high:g}" if low else f"at most {high:g}"


def pooled(all_rows):
    """One line a study and AUC: the rate over all conditions of a size."""
    lines = ["| % of runs | asked from 60 on | " + " | ".join(f"{n} patients" for n in SIZES) + " |", "| --- | --- |" + " ---: |" * len(SIZES)]
    for study, title in STUDIES.items():
        for auc in ["0.7", "0.95"] if study not in ("verdict", "stress") else [None]:
            some = [r for r in all_rows if study_of(r) == study and auc in (None, r["auc"])]
            cells = []
            for size in SIZES:
                of = [r for r in some if int(r["smaller"]) == size]
                total = {"found": sum(int(r["found"]) for r in of), "runs": sum(int(r["runs"]) for r in of)}
                cells.append("{:.2f} ± {:.2f}".format(*percent(total)))
            lines.append(f"| {title}{f', AUC {auc}' if auc else ''} | {asked(some[0])} | " + " | ".join(cells) + " |")
    return lines


def condition(row):
    share, _ = percent(row)
    images = "1 image" if row["images"] == "1" else f"{row['images']} images, rho {row['rho']}, {row['labels']}"
    auc = f", AUC {row['auc']}" if row["study"] == "single" else ""
    return f"{share:.2f} of {row['runs']} ({images}{auc}, {row['smaller']} patients)"


def worst(all_rows):
    """One line a study, large and small ones apart: conditions outside of the range, the lowest and the highest rate."""
    lines = ["| | patients | outside of the range | lowest | highest |", "| --- | --- | --- | --- | --- |"]
    for study, title in STUDIES.items():
        for large in [True, False]:
            some = [r for r in all_rows if study_of(r) == study and (int(r["smaller"]) >= ASKED_FROM) == large]
            low, high = 100 * float(some[0]["asked_low"]), 100 * float(some[0]["asked_high"])
            outside = [r for r in some if not low <= percent(r)[0] <= high]
            clearly = [r for r in outside if not low <= percent(r)[0] + math.copysign(percent(r)[1], low - percent(r)[0]) <= high]
            sizes = ", ".join(str(n) for n in SIZES if (n >= ASKED_FROM) == large)
            lines.append(f"| {title} | {sizes} | {len(outside)} of {len(some)}, {len(clearly)} by more than twice the standard error | "
                         f"{condition(min(some, key=percent))} | {condition(max(some, key=percent))} |")
    return lines


def tables(all_rows):
    runs = sorted({int(r["runs"]) for r in all_rows})
    text = ["# Rates", "", "Written by `plot.py`. Pooled over the conditions of a size, with twice the standard error; "
            f"runs a condition: {', '.join(f'{n:,}' for n in runs)}.", "", *pooled(all_rows), "", "Single conditions:", "", *worst(all_rows), ""]
    (HERE / "results.md").write_text("\n".join(text))


def main():
    all_rows = rows()
    for rate in TITLES:
        single(all_rows, rate)
    familywise(all_rows)
    tables(all_rows)


if __name__ == "__main__":
    main()
