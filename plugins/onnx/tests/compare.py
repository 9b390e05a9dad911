"""Holds the plugin against onnxruntime in Python and against PyTorch on DenseNet-121 and ResNet-50.

    python compare.py     # needs torch, torchvision, onnx, onnxruntime, and cargo

Random weights, batch-norm statistics that are not 0 and 1, 1000 classes, free axes; exported in float32. Prints the largest
absolute differences of the logits and fails above 1e-4. Times are the best of five on two threads.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import torch
import torchvision

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIMIT = 1e-4


def network(name):
    torch.manual_seed(4)
    net = getattr(torchvision.models, name)(weights=None).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.8, 1.2)
    return net


def of_plugin(model, x, folder, threads):
    (folder / "in.f32").write_bytes(x.astype("<f4").tobytes())
    library = next((pathlib.Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
    command = ["cargo", "run", "-q", "--release", "-p", "plugin-onnx", "--example", "logits", "--", model, x.shape[2], 1000,
               folder / "in.f32", folder / "out.f32", threads]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, env=os.environ | {"ORT_DYLIB_PATH": str(library)})
    return np.fromfile(folder / "out.f32", "<f4").reshape(len(x), -1)


def of_onnxruntime(model, x):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        (y,) = session.run(["y"], {"x": x})
        best = min(best, time.perf_counter() - start)
    print(f"  onnxruntime, the batch at once: {best:.3f} s")
    return y


def main():
    torch.set_num_threads(2)
    worst = 0.0
    for name in ["densenet121", "resnet50"]:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            net, model = network(name), folder / "model.onnx"
            axes = {"x": {0: "n", 2: "h", 3: "w"}, "y": {0: "n"}}
            torch.onnx.export(net, torch.zeros(1, 3, 224, 224), model, input_names=["x"], output_names=["y"],
                              dynamic_axes=axes, dynamo=False)
            for n, size in [(8, 224), (3, 317)]:
                print(f"{name}, {n} x {size}", flush=True)
                x = np.random.default_rng(n).random((n, 3, size, size), np.float32)
                one, two = (of_plugin(model, x, folder, threads) for threads in [1, 2])
                assert (one == two).all(), "the number of threads changes bits"
                with torch.no_grad():
                    reference = net(torch.from_numpy(x)).numpy()
                peer = of_onnxruntime(model, x)
                differences = [np.abs(two - other).max() for other in [peer, reference]]
                print(f"  logits within {np.abs(reference).max():.2f}; largest difference from onnxruntime "
                      f"{differences[0]:.1e}, from PyTorch {differences[1]:.1e}", flush=True)
                worst = max(worst, *differences)
    sys.exit(f"above {LIMIT}: {worst}" if worst > LIMIT else None)


if __name__ == "__main__":
    main()
