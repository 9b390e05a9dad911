"""1000 X-rays and their masks to arrays that NumPy maps, as Pillow's and OpenCV's users do it: a pool of processes, each
image resized with its aspect kept and zeros around, written into one file of images and one of packed masks. The cases, and
the peer itself when run. Needs EYEPATCH_DATA.

Pillow's BILINEAR is antialiased, OpenCV's INTER_LINEAR is not: the two methods of `eyepatch prepare`. Neither peer hashes
anything, checks that a JPEG is whole, keeps a second edge of the ROI or waits until the disk has it."""
import csv
import os
import pathlib
import sys

PACKAGES = ["numpy==2.4.6", "opencv-python-headless==5.0.0.93", "pillow==12.3.0"]
OURS = ("plugin-folder", "bench_prepare")
UNIT = "s"
THREADS = 2
PEAK = True
PROFILE = True
CASES = {
    "512": ("antialias 512", lambda: b""),
    "224 antialias": ("antialias 224", lambda: b""),
    "224 study": ("study 224", lambda: b""),
}
# Rounds, and runs a round.
ROUNDS = {case: (7, 1) for case in CASES}


def peers(case):
    return {"512": ["pillow", "opencv"], "224 antialias": ["pillow"], "224 study": ["opencv"]}[case]


def agree(case, ours, theirs):
    """Decoders and filters round differently: a step of 255, or two where a JPEG's rounding meets a filter's."""
    if len(ours) != len(theirs):
        return False
    differences = [0] * 256
    for a, b in zip(ours, theirs):
        differences[abs(a - b)] += 1
    print(f"prepare, {case}: differences of grey levels {[n for n in differences if n][:4]}", file=sys.stderr)
    return sum(differences[3:]) == 0 and differences[2] <= len(ours) // 1000


def rows():
    home = pathlib.Path(os.environ["EYEPATCH_DATA"]) / "nih_pneumonia_1000"
    with open(home / "labels.csv", newline="") as table:
        return [(str(home / row["image"]), str(home / row["lung_mask_pred"])) for row in csv.DictReader(table)]


def fit(height, width, side):
    scale = min(side / height, side / width)
    return round(height * scale), round(width * scale)


def fit_study(height, width, side):
    """TensorFlow's, in single precision and rounded down: 512 px come out as 223 of 224."""
    import numpy as np

    height, width, side = (np.float32(v) for v in (height, width, side))
    ratio = max(width / side, height / side)
    return int(np.floor(height / ratio)), int(np.floor(width / ratio))


def pillow(image, mask, side):
    import numpy as np
    from PIL import Image

    def canvas(opened):
        height, width = fit(opened.height, opened.width, side)
        if (height, width) != (opened.height, opened.width):
            opened = opened.resize((width, height), Image.Resampling.BILINEAR)
        out = np.zeros((side, side), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        out[top : top + height, left : left + width] = opened
        return out

    with Image.open(image) as one, Image.open(mask) as other:
        return canvas(one.convert("L")), canvas(other.convert("L")) > 0


def opencv(image, mask, side):
    import cv2
    import numpy as np

    def canvas(path):
        opened = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        height, width = fit_study(*opened.shape, side)
        if (height, width) != opened.shape:
            opened = cv2.resize(opened, (width, height), interpolation=cv2.INTER_LINEAR)
        out = np.zeros((side, side), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        out[top : top + height, left : left + width] = opened
        return out

    return canvas(image), canvas(mask) > 0


def start():
    """Once a process: OpenCV's own threads would only be in the way of the pool's."""
    if sys.argv[1] == "opencv":
        import cv2

        cv2.setNumThreads(1)


def part(job):
    """Rows `begin` to `end` of the two files."""
    import numpy as np

    paths, begin, side, images, rois = job
    images, rois = np.load(images, mmap_mode="r+"), np.load(rois, mmap_mode="r+")
    prepare = {"pillow": pillow, "opencv": opencv}[sys.argv[1]]
    for index, (image, mask) in enumerate(paths, begin):
        pixels, inside = prepare(image, mask, side)
        images[index] = pixels
        rois[index] = np.packbits(inside, axis=-1)


def main():
    import multiprocessing
    import tempfile

    import numpy as np
    from worker import serve

    name = sys.argv[1]
    processes = int(os.environ["EYEPATCH_BENCH_THREADS"])
    pool = multiprocessing.Pool(processes, start)
    folder = tempfile.TemporaryDirectory()
    images, rois = (os.path.join(folder.name, f"{what}.npy") for what in ("images", "rois"))

    def load(words, _):
        side = int(words[1])

        def run():
            paths = rows()
            for path, shape in ((images, (side, side)), (rois, (side, (side + 7) // 8))):
                if os.path.exists(path):
                    os.remove(path)
                np.lib.format.open_memmap(path, "w+", np.uint8, (len(paths), *shape))
            jobs = [(paths[at : at + 25], at, side, images, rois) for at in range(0, len(paths), 25)]
            for _ in pool.imap_unordered(part, jobs):
                pass

        return run, lambda: np.load(images, mmap_mode="r")[::20, ::8].tobytes()

    version = __import__({"pillow": "PIL", "opencv": "cv2"}[name]).__version__
    serve(name, version, load)


if __name__ == "__main__":
    main()
