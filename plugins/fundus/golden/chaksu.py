"""An archive in Chákṣu's layout, and the table that the study makes of it: `python chaksu.py > chaksu.json` (pandas).

`files` are its images, by path; `tables` its tables of decisions. `published` are the rows (ImageID, PatientID, Camera,
label) of the study's `processed_labels.csv` for each part, made as STUDY.md says: names before the first "-", extensions
replaced by camera, labels without an image of exactly that name dropped, the last column as the decision, patients by name
only. `strict` counts what is there: labels by name whatever the capitals.
"""

import json
import os
import re
import tempfile
from pathlib import Path

import pandas as pd

CAMERAS = [("Bosch", "jpg", "JPG"), ("Forus", "jpg", "png"), ("Remidio", "tif", "JPG")]
EXPERTS = ",".join(f"Expert.{i}" for i in range(1, 6))


def entry(stem, extension):
    return f"{stem}.{extension}-{stem}-1.{extension}"


def archive():
    """Paths of images, and tables by path. Label 1 is a suspect."""
    images, tables = [], {}
    bosch = {
        "Train": [("Image101", 0), ("Image102", 1), ("P3_Image1", 0), ("P3_Image2", 1), ("P4_Image1", 0)],
        "Test": [("P10_Image1", 0), ("P10_Image2", 0), ("P11_Image1", 1), ("P3_Image3", 0)],
    }
    # The one image whose name the study's rule does not find: its extension is in small letters.
    lower = ("p28_image1", 1)
    for part, names in bosch.items():
        images += [f"{part}/1.0_Original_Fundus_Images/Bosch/{stem}.JPG" for stem, _ in names]
    images.append(f"Train/1.0_Original_Fundus_Images/Bosch/{lower[0]}.jpg")
    both = bosch["Train"] + [lower] + bosch["Test"]
    for part in bosch:
        tables[part, "Bosch"] = ("Majority Decision", [(entry(s, "jpg"), v) for s, v in both])
    others = {
        ("Train", "Forus"): [(str(n), n % 4 == 0) for n in range(1, 9)] + [("22glsusp", 1)],
        ("Test", "Forus"): [(str(n), n % 5 == 0) for n in range(30, 36)],
        ("Train", "Remidio"): [(f"IMG_{n}", n % 7 == 0) for n in range(2431, 2461)],
        ("Test", "Remidio"): [(f"IMG_{n}", n % 6 == 0) for n in range(4547, 4562)],
    }
    labelled = {camera: extension for camera, extension, _ in CAMERAS}
    stored = {camera: extension for camera, _, extension in CAMERAS}
    for (part, camera), names in others.items():
        folder = f"{part}/1.0_Original_Fundus_Images/{camera}"
        images += [f"{folder}/{stem}.{stored[camera]}" for stem, _ in names]
        header = "Majority Decision" if part == "Train" else "Glaucoma Decision"
        tables[part, camera] = (header, [(entry(s, labelled[camera]), v) for s, v in names])
    return images, tables


def text(header, rows):
    """The experts disagree, and two of them misspell."""
    lines = [f"Images,{EXPERTS},{header}"]
    for name, suspect in rows:
        votes = ["GLAUCOMA SUSPECT" if suspect else "NORMAL"] * 3
        votes += ["GLAUCOMA  SUSUPECT" if suspect else "NORMAL"] * 2
        lines.append(",".join([name, *votes, "GLAUCOMA SUSPECT" if suspect else "NORMAL"]))
    return "\r\n".join(lines) + "\r\n"


def published(root, part):
    frames = []
    for camera, old, new in CAMERAS:
        table = pd.read_csv(root / part / f"6.0_Glaucoma_Decision/Glaucoma_Decision_Comparison_{camera}_majority.csv")
        table.columns = [*table.columns[:-1], "decision"]
        table["ImageID"] = table["Images"].apply(lambda name: name.split("-")[0].replace(old, new))
        table["Camera"] = camera
        frames.append(table)
    table = pd.concat(frames)
    present = [p.name for p in root.glob(f"{part}/1.0_Original_Fundus_Images/*/*")]
    table = table[table["ImageID"].isin(present)].copy()
    table["label"] = (table["decision"] == "GLAUCOMA SUSPECT").astype(int)
    table["PatientID"] = table["ImageID"].apply(lambda n: n.split("_")[0] if n.startswith("P") else n[:-4])
    return table[["ImageID", "PatientID", "Camera", "label"]].values.tolist()


def strict(images, tables):
    counts, patients = {}, set()
    for path in images:
        part, _, camera, name = path.split("/")
        stem = name.rsplit(".", 1)[0]
        labels = {n.split("-")[0].rsplit(".", 1)[0].lower(): v for n, v in tables[part, camera][1]}
        key = f"{part.lower()} {camera}"
        counts.setdefault(key, [0, 0])[int(labels[stem.lower()])] += 1
        told = re.match(r"[Pp](\d+)_", stem)
        patients.add((camera, f"P{told[1]}" if told else stem))
    return {"counts": counts, "patients": len(patients)}


def main():
    images, tables = archive()
    written = {
        f"{part}/6.0_Glaucoma_Decision/Glaucoma_Decision_Comparison_{camera}_majority.csv": text(*table)
        for (part, camera), table in tables.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in [*images, *written]:
            os.makedirs((root / path).parent, exist_ok=True)
            (root / path).write_bytes(written.get(path, "").encode())
        rows = {part.lower(): published(root, part) for part in ("Train", "Test")}
    golden = {"files": images, "tables": written, "published": rows, "strict": strict(images, tables)}
    print(json.dumps(golden, indent=1))


main()
