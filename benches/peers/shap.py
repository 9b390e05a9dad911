"""shap's partition explainer with a model that costs next to nothing: the cases, and the peer itself when run.

1000 evaluations of one 512 x 512 x 3 image in batches of 50. The model reads every eighth pixel of every eighth row (first
channel): five units tanh(offset + 4 / sqrt(n) * weights . values), then a weighted sum of them and of the products of neighbours. It reads so
many that no two boxes weigh the same before the evaluations are spent; between equal ones shap draws. Masker and explainer are made before
the clock starts. `copy 512` is the plain copy of as many images, batch by batch into one buffer.
"""
import array
import random

PACKAGES = ["numpy==2.4.6", "shap==0.51.0", "opencv-python-headless==5.0.0.93"]
OURS = ("plugin-shap", "bench_shap")
UNIT = "s"
CPU = PEAK = PROFILE = True
SIDE, CHANNELS, EVALUATIONS, BATCH, STEP, UNITS = 512, 3, 1000, 50, 8, 5
READ = (SIDE // STEP) ** 2


def job():
    rng = random.Random(1907)
    image = array.array("f", (rng.random() for _ in range(SIDE * SIDE * CHANNELS)))
    numbers = array.array("d", (2 * rng.random() - 1 for _ in range(UNITS * READ + 3 * UNITS)))
    return image.tobytes() + numbers.tobytes()


CASES = {"overhead 512": ("black", job), "overhead 512 blur": ("blur", job), "copy 512": ("copy", job)}
# A run of the peer takes seconds.
ROUNDS = {case: (5, 1) for case in CASES}


def agree(case, ours, peer):
    """Within 1e-6 of the values' range; 1e-4 for blur, which OpenCV computes in 32 bits."""
    if case == "copy 512":
        return ours == peer
    ours, peer = (array.array("d", b) for b in (ours, peer))
    room = (1e-4 if "blur" in case else 1e-6) * (max(peer) - min(peer))
    return len(ours) == len(peer) > 0 and room > 0 and all(abs(a - b) <= room for a, b in zip(ours, peer))


def main():
    import sys

    # This file is called as the package that it imports.
    here, sys.path[0] = sys.path[0], ""
    import numpy as np
    import shap

    sys.path[0] = here
    from worker import serve

    def load(words, payload):
        shape, n = (SIDE, SIDE, CHANNELS), SIDE * SIDE * CHANNELS
        image = np.frombuffer(payload, "<f4", n).reshape(shape)
        numbers = np.frombuffer(payload, "<f8", offset=4 * n)
        hidden, offset = numbers[: UNITS * READ].reshape(UNITS, READ), numbers[UNITS * READ :][:UNITS]
        linear, products = numbers[-2 * UNITS : -UNITS], numbers[-UNITS:]

        def model(x):
            seen = x[:, ::STEP, ::STEP, 0].reshape(len(x), READ).astype(np.float64)
            h = np.tanh(offset + 4 / np.sqrt(READ) * (seen @ hidden.T))
            return (h @ linear + (h * np.roll(h, -1, axis=1)) @ products)[:, None]

        if words[0] == "copy":
            batch = np.ones((BATCH, *shape), np.float32)

            def copy():
                for _ in range(EVALUATIONS // BATCH):
                    batch[:] = image

            return copy, lambda: batch[-1].tobytes()
        masker = shap.maskers.Image("blur(51,51)" if words[0] == "blur" else 0, shape)
        explainer = shap.PartitionExplainer(model, masker)
        found = []

        def run():
            found[:] = [explainer(image[None], max_evals=EVALUATIONS, batch_size=BATCH, silent=True).values]

        return run, lambda: found[0].reshape(shape).transpose(2, 0, 1).astype("<f8").tobytes()

    serve("shap", shap.__version__, load)


if __name__ == "__main__":
    main()
