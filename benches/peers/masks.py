"""Dilation of masks by OpenCV: the cases, and the peer itself when run.

OpenCV dilates `r` times by its 3x3 ellipse, a plus sign. For a sweep it can start again for every radius, as the study
did, go on from the radius before (`in steps`), or threshold its own city-block distance transform (`by transform`).
"""
import math
import os

PACKAGES = ["numpy==2.4.6", "opencv-python-headless==5.0.0.93"]
OURS = ("eyepatch-kernels", "bench_masks")
UNIT = "ms"
SWEEP = [0, 5, 10, 25, 50, 100, 150, 200, 300, 400, 500]


def lungs(n):
    """A mask of n x n with two upright ellipses, much as lungs lie in an X-ray."""
    rows = []
    for y in range(n):
        row = bytearray(n)
        for centre in (0.31, 0.69):
            across = 1 - ((y / n - 0.49) / 0.33) ** 2
            if across > 0:
                half = 0.166 * math.sqrt(across)
                start, end = round((centre - half) * n), round((centre + half) * n)
                row[start:end] = b"\1" * (end - start)
        rows.append(bytes(row))
    return b"".join(rows)


def case(what, n, radii):
    """The job in words, and a function that makes its input."""
    return f"{what} {n} {n} {' '.join(map(str, radii))}", lambda: lungs(n)


CASES = {
    **{f"sweep {n}": case("sweep", n, SWEEP) for n in (512, 1024, 2048)},
    "sweep 512 in steps": case("sweep-in-steps", 512, SWEEP),
    "sweep 512 by transform": case("sweep-by-transform", 512, SWEEP),
    **{f"dilate 512 r={r}": case("dilate", 512, [r]) for r in (1, 2, 5, 25, 50, 100, 500)},
}


def main():
    import cv2
    import numpy as np
    from worker import serve

    cv2.setNumThreads(int(os.environ["EYEPATCH_BENCH_THREADS"]))
    plus = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))

    def load(words, payload):
        what, width, height, *radii = words
        radii = [int(r) for r in radii]
        mask = np.frombuffer(payload, np.uint8).reshape(int(height), int(width)).copy()
        outs = [np.empty_like(mask) for _ in radii]
        # Each radius with the buffer it starts from and the iterations that are left.
        sources = [mask] * len(radii)
        counts = radii
        if what == "sweep-in-steps":
            sources = [mask, *outs[:-1]]
            counts = [r - before for r, before in zip(radii, [0, *radii])]
        inverse, distance = 1 - mask, np.empty(mask.shape, np.float32)
        bools = [out.view(bool) for out in outs]

        def iterate():
            for source, out, count in zip(sources, outs, counts):
                if count:
                    cv2.dilate(source, plus, dst=out, iterations=count)
                else:
                    np.copyto(out, source)

        def transform():
            cv2.distanceTransform(inverse, cv2.DIST_L1, 3, dst=distance)
            for r, out in zip(radii, bools):
                np.less_equal(distance, r, out=out)

        run = transform if what == "sweep-by-transform" else iterate
        return run, lambda: b"".join(out.tobytes() for out in outs)

    serve("opencv", cv2.__version__, load)


if __name__ == "__main__":
    main()
