"""Golden data for tests/golden.rs about training, made with PyTorch and torchvision on one CPU thread.

    pip install torch torchvision safetensors
    python generate_training.py

Reads net.safetensors (made by generate.py: the network's start, images x, labels y) and writes training.safetensors:
weights and running statistics after three Adam steps with only the last dense layer and the classifier learning, once
with the other normalisations in evaluation mode (strict.) and once in training mode (published.); after two AdamW steps
(adamw.); after one SGD step with the gradient clipped (clip., with its norm clipped.norm) under a weighted loss; the weighted loss and
its gradient (weighted.); images turned by torchvision (rotate.).
"""

import pathlib

import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import rotate

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
golden = load_file(HERE / "net.safetensors")
start = {k.removeprefix("init."): v for k, v in golden.items() if k.startswith("init.")}
x, y = golden["x"], golden["y"]
out = {}


def network():
    model = torchvision.models.DenseNet(
        growth_rate=4, block_config=(2, 3), num_init_features=6, bn_size=2, num_classes=2
    )
    model.features.conv0 = torch.nn.Conv2d(2, 6, 7, 2, 3, bias=False)
    model.load_state_dict(start, strict=False)
    return model.train()


def keep(prefix, model):
    state = model.state_dict().items()
    out.update({f"{prefix}.{k}": v.clone() for k, v in state if v.dtype == torch.float32})


def steps(model, optimizer, n):
    for _ in range(n):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()


for mode in ["strict", "published"]:
    model = network()
    model.requires_grad_(False)
    last = model.features.denseblock2.denselayer3
    for part in [last, model.classifier]:
        part.requires_grad_(True)
    if mode == "strict":
        learning = set(last.modules())
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d) and module not in learning:
                module.eval()
    steps(model, torch.optim.Adam(model.parameters(), lr=1e-3), 3)
    keep(mode, model)

model = network()
steps(model, torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05), 2)
keep("adamw", model)

weight = torch.tensor([2.5, 0.4])
model = network()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
F.binary_cross_entropy_with_logits(model(x), y, pos_weight=weight).backward()
out["clipped.norm"] = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25).reshape(1)
optimizer.step()
keep("clip", model)

torch.manual_seed(4)
logits = (4 * torch.randn(6, 2)).requires_grad_()
labels = torch.randint(0, 2, (6, 2)).float()
loss = F.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight)
loss.backward()
out |= {"weighted.logits": logits.detach(), "weighted.labels": labels, "weighted.pos_weight": weight}
out |= {"weighted.loss": loss.detach().reshape(1), "weighted.gradient": logits.grad}

for name, shape in [("odd", (2, 9, 13)), ("even", (1, 12, 8))]:
    image = torch.rand(shape)
    out[f"rotate.{name}"] = image
    for angle in [-45.0, 17.25, 90.0, 133.5]:
        out[f"rotate.{name}.{angle}"] = rotate(image, angle, InterpolationMode.BILINEAR)

save_file({k: v.contiguous() for k, v in out.items()}, HERE / "training.safetensors")
