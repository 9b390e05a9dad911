"""Writes golden.json: what pandas counts in the real tables, following the study's description step by step.

    EYEPATCH_DATA=... python3 tables.py > golden.json
"""

import ast
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

TABLES = Path(os.environ["EYEPATCH_DATA"]) / "label_tables"
CLASSES = ["cardiomegaly", "pneumonia", "atelectasis", "pneumothorax", "pleural effusion"]
# Children of the five findings in PadChest's label tree (see data/padchest_tree.txt), spelt out.
BELOW = {
    "cardiomegaly": [],
    "pneumonia": ["atypical pneumonia", "viral pneumonia", "covid 19", "covid 19 uncertain"],
    "atelectasis": ["total atelectasis", "lobar atelectasis", "segmental atelectasis", "laminar atelectasis", "round atelectasis", "atelectasis basal"],
    "pneumothorax": ["hydropneumothorax"],
    "pleural effusion": ["loculated pleural effusion", "loculated fissural effusion", "hydropneumothorax", "empyema", "hemothorax"],
}


def labels(cell):
    return {label.strip().lower() for label in ast.literal_eval(cell)} - {""}


def positives(rows, match):
    found = rows["Labels"].map(labels)
    if match == "exact":
        has = lambda c: found.map(lambda f: c in f)
    elif match == "substring":
        has = lambda c: found.map(lambda f: any(c in label for label in f))
    else:
        has = lambda c: found.map(lambda f: bool(f & {c, *BELOW[c]}))
    each = pd.DataFrame({c: has(c) for c in CLASSES})
    return {"positives": [int(each[c].sum()) for c in CLASSES], "any": int(each.any(axis=1).sum())}


def padchest_published(table):
    dropped = {}

    def drop(name, keep):
        nonlocal rows
        dropped[name] = int((~keep).sum())
        rows = rows[keep]

    rows = table
    drop("without labels", ~rows["Labels"].isna())
    for word in ["suboptimal study", "exclude", "Unchanged"]:
        drop(f"excluded by `{word}`", ~rows["Labels"].str.contains(word, regex=False))
    drop("of another projection", rows["Projection"].isin(["PA", "AP", "AP_horizontal"]))
    return {"rows": len(rows), "patients": int(rows["PatientID"].nunique()), "dropped": dropped,
            **{match: positives(rows, match) for match in ["exact", "substring", "hierarchy"]}}


def padchest_strict(table):
    rows = table[~table["Labels"].isna()]
    rows = rows[rows["Labels"].map(lambda cell: len(labels(cell)) > 0)]
    rows = rows[~rows["Labels"].map(lambda cell: bool(labels(cell) & {"suboptimal study", "exclude", "unchanged"}))]
    rows = rows[rows["Projection"].isin(["PA", "AP", "AP_horizontal"])]
    return {"rows": len(rows), **positives(rows, "hierarchy")}


def nih():
    table = pd.read_csv(TABLES / "Data_Entry_2017_v2020.csv.gz", index_col=False)
    found = table["Finding Labels"].str.split("|")
    names = ["Cardiomegaly", "Pneumonia", "Atelectasis", "Pneumothorax", "Effusion"]
    each = pd.DataFrame({n: found.map(lambda f: n in f) for n in names})
    return {"rows": len(table), "patients": int(table["Patient ID"].nunique()), "positives": [int(each[n].sum()) for n in names],
            "any": int(each.any(axis=1).sum()), "views": {k: int(v) for k, v in table["View Position"].value_counts().items()},
            "follow_up_sum": int(table["Follow-up #"].sum()), "age_sum": int(table["Patient Age"].sum())}


def area(code, size):
    mask = np.zeros(size, bool)
    numbers = np.array(code.split(), int) if isinstance(code, str) else np.array([], int)
    for start, length in numbers.reshape(-1, 2):
        mask[start - 1 : start - 1 + length] = True
    return mask


def chexmask(name, column):
    rows = []
    # 30 rows of PadChest's file give no size; all that give one say 1024x1024.
    table = pd.read_csv(TABLES / "chexmask_excerpt" / name)
    table = table.fillna({"Height": table["Height"].max(), "Width": table["Width"].max()})
    for _, row in table.iterrows():
        size = int(row["Height"]) * int(row["Width"])
        masks = [area(row[c], size) for c in ["Left Lung", "Right Lung", "Heart"]]
        rows.append([row[column], int(row["Height"]), int(row["Width"]), float(row["Dice RCA (Mean)"]), *(int(m.sum()) for m in masks),
                     int((masks[0] | masks[1] | masks[2]).sum())])
    return rows


padchest = pd.read_csv(TABLES / "padchest_excerpt_reconstructed.csv", index_col=0)
golden = {
    "padchest_published": padchest_published(padchest),
    "padchest_strict": padchest_strict(padchest),
    "nih": nih(),
    "chexmask": {"Padchest.csv": chexmask("Padchest.csv", "ImageID"), "ChestX-Ray8.csv": chexmask("ChestX-Ray8.csv", "Image Index")},
}
text = json.dumps(golden)
# A row of masks a line, for reading differences.
print(text.replace('], ["', '],\n["'))
