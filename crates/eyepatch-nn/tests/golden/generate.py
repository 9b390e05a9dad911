"""Golden data for tests/golden.rs, made with PyTorch and torchvision on one CPU thread.

    pip install torch torchvision safetensors
    python generate.py

Writes ops.safetensors (each operation: input, parameters, output gradient, output, gradients) and net.safetensors (a
small DenseNet in training mode: logits, loss, every gradient, running statistics, one SGD step, two Adam steps, and
in evaluation mode logits, embedding, input gradient).
"""

import pathlib

import torch
import torchvision
from safetensors.torch import save_file
from torch.nn import functional as F

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent


def ops():
    torch.manual_seed(1907)
    out = {}

    def record(name, f, x, **params):
        leaves = {"x": x, **params}
        for leaf in leaves.values():
            leaf.requires_grad_()
        y = f(x, **params)
        dy = torch.randn_like(y)
        y.backward(dy)
        out.update({f"{name}.y": y.detach(), f"{name}.dy": dy})
        for key, leaf in leaves.items():
            out[f"{name}.{key}"] = leaf.detach()
            out[f"{name}.d{key}"] = leaf.grad

    r = torch.randn
    # name, channels in and out, kernel, stride, padding, size
    for name, cin, cout, k, s, p, size in [
        ("conv_stem", 1, 3, 7, 2, 3, (13, 16)),
        ("conv_dense", 8, 3, 3, 1, 1, (7, 6)),
        ("conv_wide", 2, 5, 3, 1, 1, (6, 5)),
        ("conv_point", 6, 4, 1, 1, 0, (4, 5)),
        ("conv_odd", 3, 2, 5, 3, 2, (11, 9)),
    ]:
        x, w = r(2, cin, *size), r(cout, cin, k, k)
        record(name, lambda x, w, s=s, p=p: F.conv2d(x, w, stride=s, padding=p), x, w=w)
    record(
        "bn_relu_train",
        lambda x, gamma, beta: F.relu(F.batch_norm(x, None, None, gamma, beta, training=True)),
        r(3, 4, 5, 6) * 2 + 1,
        gamma=r(4),
        beta=r(4),
    )
    mean, var = r(4), torch.rand(4) + 0.5
    out.update({"bn_relu_eval.mean": mean, "bn_relu_eval.var": var})
    record(
        "bn_relu_eval",
        lambda x, gamma, beta: F.relu(F.batch_norm(x, mean, var, gamma, beta, training=False)),
        r(3, 4, 5, 6),
        gamma=r(4),
        beta=r(4),
    )
    # Few levels, so that ties occur.
    record("max_pool", lambda x: F.max_pool2d(x, 3, 2, 1), torch.randint(0, 4, (2, 3, 9, 10)).float())
    record("avg_pool", lambda x: F.avg_pool2d(x, 2, 2), r(2, 3, 7, 8))
    record("global_pool", lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), r(2, 3, 4, 5))
    save_file({k: v.contiguous() for k, v in out.items()}, HERE / "ops.safetensors")


def net():
    torch.manual_seed(121)
    model = torchvision.models.DenseNet(
        growth_rate=4, block_config=(2, 3), num_init_features=6, bn_size=2, num_classes=2
    )
    model.features.conv0 = torch.nn.Conv2d(2, 6, 7, 2, 3, bias=False)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm" in name or name == "classifier.bias":
                p.add_(0.3 * torch.randn_like(p))
        # Large enough that every layer matters.
        model.classifier.weight.mul_(3)
    start = {k: v.clone() for k, v in model.state_dict().items()}
    x = torch.randn(5, 2, 24, 20)
    y = torch.randint(0, 2, (5, 2)).float()
    out = {"x": x, "y": y}
    out |= {f"init.{k}": v for k, v in start.items()}

    def step(optimizer):
        optimizer.zero_grad()
        logits = model(x)
        loss = F.binary_cross_entropy_with_logits(logits, y)
        loss.backward()
        optimizer.step()
        return logits.detach(), loss.detach().reshape(1)

    model.train()
    logits, loss = step(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-2))
    out |= {"logits": logits, "loss": loss}
    out |= {f"grad.{k}": p.grad.clone() for k, p in model.named_parameters()}
    out |= {f"sgd.{k}": v.clone() for k, v in model.state_dict().items() if v.dtype == torch.float32}

    model.load_state_dict(start)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-2)
    step(adam)
    step(adam)
    out |= {f"adam.{k}": v.clone() for k, v in model.state_dict().items() if v.dtype == torch.float32}

    model.load_state_dict({k.removeprefix("sgd."): v for k, v in out.items() if k.startswith("sgd.")}, strict=False)
    model.eval()
    image = x.clone().requires_grad_()
    logits = model(image)
    logits[:, 1].sum().backward()
    embedding = F.adaptive_avg_pool2d(F.relu(model.features(x)), 1).flatten(1)
    out |= {"eval.logits": logits.detach(), "eval.features": embedding.detach(), "eval.input_gradient": image.grad}
    save_file({k: v.contiguous() for k, v in out.items()}, HERE / "net.safetensors")


ops()
net()
