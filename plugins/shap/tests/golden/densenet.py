"""Holds `eyepatch explain` against shap on a DenseNet-121: the same weights, image and evaluations. Needs shap==0.51.0, opencv, torch,
torchvision, safetensors and pillow.

    EYEPATCH=target/release/eyepatch python densenet.py [SIDE] [EVALUATIONS]

Weights are random, with running statistics that have seen noise; the image is a sum of waves and noise. Prints a line of JSON a fill:
the largest difference over the values' range, channel by channel and summed, the additivity error of the values as written, and seconds.
Exits with 1 where a difference is above 1e-3 or an additivity error above 1e-4.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shap
import torch
import torchvision
from PIL import Image
from safetensors.numpy import save_file

SEED, CLASSES, BATCH = 1907, 3, 50


def network(side):
    torch.manual_seed(SEED)
    net = torchvision.models.densenet121(num_classes=CLASSES).train()
    with torch.no_grad():
        for _ in range(2):
            net(torch.rand(4, 3, side, side))
    return net.eval()


def picture(side):
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [rng.normal() * np.cos(2 * np.pi * (rng.integers(1, 9) * x + rng.integers(1, 9) * y)) for _ in range(12)]
    image = np.stack([sum(waves) + 0.3 * rng.normal(size=(side, side)) for _ in range(3)], axis=-1)
    return np.uint8(255 * (image - image.min()) / np.ptp(image))


def theirs(net, image, fill, evaluations):
    spent = [0.0]

    def model(x):
        start = time.perf_counter()
        with torch.inference_mode():
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)
            out = net(torch.from_numpy(x)).double().numpy()
        spent[0] += time.perf_counter() - start
        return out

    masker = shap.maskers.Image(0 if fill == "black" else "blur(51,51)", image.shape)
    explainer = shap.PartitionExplainer(model, masker)
    start = time.perf_counter()
    found = explainer(image[None], max_evals=evaluations, batch_size=BATCH, silent=True)
    seconds = time.perf_counter() - start
    return found.values[0].transpose(3, 2, 0, 1), seconds, spent[0]


def ours(home, side, fill, evaluations):
    command = [os.environ.get("EYEPATCH", "eyepatch"), "explain", "--json", "--channels", "--force", "--device", "cpu"]
    command += ["--weights", home / "w.safetensors", "--image", home / "a.png", "--out", home / "v.npy"]
    command += ["--size", str(side), "--normalise", "full-scale", "--fill", fill, "--evals", str(evaluations)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return np.load(home / "v.npy").astype(np.float64), json.loads(ran.stdout)


def apart(a, b):
    return max(float(np.abs(x - y).max() / np.ptp(y)) for x, y in zip(a, b))


def main():
    side, evaluations = (int(n) for n in [*sys.argv[1:], *["128", "200"][len(sys.argv) - 1 :]])
    fine, net, image = True, network(side), picture(side)
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        save_file({k: np.ascontiguousarray(v.numpy()) for k, v in net.state_dict().items()}, home / "w.safetensors")
        Image.fromarray(image).save(home / "a.png")
        for fill in ("black", "blur:51,51"):
            values, told = ours(home, side, fill, evaluations)
            peer, seconds, model = theirs(net, np.float32(image) / 255, fill, evaluations)
            gaps = [c["output"] - c["base_value"] - v.sum() for c, v in zip(told["classes"], values)]
            line = {
                "fill": fill, "apart": apart(values, peer), "apart_summed": apart(values.sum(1), peer.sum(1)),
                "additivity": max(map(abs, gaps)), "seconds": told["seconds"], "network": told["network_seconds"],
                "shap_seconds": seconds, "shap_network": model,
            }
            print(json.dumps(line), flush=True)
            fine &= max(line["apart"], line["apart_summed"]) <= 1e-3 and line["additivity"] <= 1e-4
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
