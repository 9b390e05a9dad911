"""Golden data for tests/golden/torchvision.rs, made with torchvision on one CPU thread.

    pip install torch torchvision safetensors
    python generate_torchvision.py

Writes torchvision.safetensors: logits and the first features of DenseNet-121, 161, 169 and 201 for images of many sizes,
in evaluation mode. Weights, running statistics and images are those of formula.py. Prints how far each result lies from the same network in double precision.
"""

import pathlib

import torch
import torchvision
from safetensors.torch import save_file
from torch.nn import functional as F

from formula import images, parameter

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
CLASSES, FEATURES = 14, 64
# Growth, blocks, first features; images as (n, height, width).
NETS = {
    "121": (32, (6, 12, 24, 16), 64, [(9, 64, 64), (3, 65, 97), (2, 224, 224), (1, 333, 333), (1, 640, 64), (4, 71, 64), (1, 640, 639)]),
    "161": (48, (6, 12, 36, 24), 96, [(7, 64, 64), (2, 65, 97), (1, 224, 224), (1, 64, 640)]),
    "169": (32, (6, 12, 32, 32), 64, [(8, 64, 64), (6, 97, 65), (1, 333, 320)]),
    "201": (32, (6, 12, 48, 32), 64, [(5, 64, 129), (1, 640, 97), (2, 129, 224), (1, 225, 225)]),
}


def run(model, x):
    maps = model.features(x)
    return F.adaptive_avg_pool2d(F.relu(maps), 1).flatten(1), model(x)


out = {}
for net, (growth, blocks, first, sizes) in NETS.items():
    model = torchvision.models.DenseNet(growth, blocks, first, num_classes=CLASSES).eval()
    state = {k: torch.from_numpy(parameter(net, k, v.shape)) for k, v in model.state_dict().items() if v.dtype == torch.float32}
    model.load_state_dict(state, strict=False)
    for size in sizes:
        x = torch.from_numpy(images(*size))
        with torch.inference_mode():
            features, logits = run(model.float(), x)
            exact = run(model.double(), x.double())
        name = f"{net}.{'x'.join(map(str, size))}"
        out[f"{name}.logits"], out[f"{name}.features"] = logits, features[:, :FEATURES].contiguous()
        off = [float((a - b).abs().max()) for a, b in zip(exact, (features, logits))]
        print(f"{name}: logits {float(logits.min()):.2f} to {float(logits.max()):.2f}, off by {off[1]:.1e}; "
              f"features up to {float(features.max()):.2f}, off by {off[0]:.1e}")
save_file(out, HERE / "torchvision.safetensors")
