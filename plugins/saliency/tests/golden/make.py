"""Golden data for tests/saliency/golden.rs: attributions of a small convolutional network, all in float64 on the CPU.

    pip install torch==2.15.0 captum==0.9.0
    python make.py

Writes golden.json: the network's weights, an image, and for each method what captum gives for both classes. captum has no
Grad-CAM++; equation 19 of Chattopadhay et al. 2018 is written out below for the exponential of the output.
"""

import json
import math
import pathlib

import captum
import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Saliency
from torch.nn import functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
CHANNELS, HEIGHT, WIDTH = 3, 6, 5


class Numbers:
    """Knuth's linear congruential generator (MMIX), upper 24 bits: -0.5 to 0.5."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self, *shape):
        out = []
        for _ in range(math.prod(shape)):
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
            out.append((self.state >> 40) / 2**24 - 0.5)
        return torch.tensor(out).reshape(shape)


class Net(torch.nn.Module):
    """Convolution, softplus (`first`), strided convolution, softplus (`last`), mean over the plane, linear layer."""

    def __init__(self, weights):
        super().__init__()
        for name, value in weights.items():
            setattr(self, name, value)
        self.first, self.last = torch.nn.Softplus(), torch.nn.Softplus()

    def forward(self, x):
        x = self.first(F.conv2d(x, self.conv1, self.bias1, padding=1))
        x = self.last(F.conv2d(x, self.conv2, self.bias2, stride=2, padding=1))
        return F.linear(x.mean((2, 3)), self.linear, self.bias3)


def blurred(x, sigma):
    """Gaussian cut off at 3 sigma; the edge goes on. `sigma` in pixels."""
    radius = math.ceil(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (2, 3):
        pad = [(radius, radius) if a == axis else (0, 0) for a in range(4)]
        along = lambda row: np.convolve(row, kernel, "valid")
        x = np.apply_along_axis(along, axis, np.pad(x, pad, mode="edge"))
    return torch.tensor(x)


def cam_plus_plus(net, layer, x, target):
    kept = {}
    handle = layer.register_forward_hook(lambda _m, _i, out: kept.update(a=out))
    output = net(x.clone().requires_grad_())[0, target].exp()
    handle.remove()
    a = kept["a"]
    (first,) = torch.autograd.grad(output, a)
    score = output.log().detach()
    gradient = first / score.exp()
    # The derivatives of exp(S) by one activation, S taken as linear in it: what the paper does.
    second, third = score.exp() * gradient**2, score.exp() * gradient**3
    alpha = second / (2 * second + a.sum((2, 3), keepdim=True) * third)
    weights = (alpha * F.relu(first)).sum((2, 3), keepdim=True)
    return ((weights * a).sum(1) / score.exp())[0]


def main():
    draw = Numbers(39)
    weights = {
        "conv1": 1.5 * draw(4, CHANNELS, 3, 3),
        "bias1": draw(4),
        "conv2": 3.0 * draw(3, 4, 3, 3),
        "bias2": draw(3),
        "linear": 4.0 * draw(2, 3),
        "bias3": draw(2),
    }
    # What 32-bit floats hold, since that is what the plugin is given.
    image = (draw(1, CHANNELS, HEIGHT, WIDTH) + 0.5).float().double()
    net = Net(weights)
    baselines = {
        "black": torch.zeros_like(image),
        "mean": image.mean((2, 3), keepdim=True).expand_as(image),
        "blur": blurred(image.numpy(), 0.2 * max(HEIGHT, WIDTH)),
    }
    flat = lambda t: t.detach().flatten().tolist()
    cases = []
    for target in (0, 1):
        add = lambda method, values, **more: cases.append(
            {"method": method, "class": target, "values": flat(values), **more}
        )
        for name, baseline in baselines.items():
            for rule in ("gausslegendre", "riemann_trapezoid", "riemann_left", "riemann_right", "riemann_middle"):
                for steps in (50, 7):
                    values = IntegratedGradients(net).attribute(
                        image, baseline, target, n_steps=steps, method=rule
                    )
                    if rule == "riemann_trapezoid":
                        # captum's weights lie 1 / (n - 1) apart and add up to (n - 1) / n; ours add up to 1.
                        values = values * steps / (steps - 1)
                    gap = (net(image) - net(baseline))[0, target] - values.sum()
                    add("ig", values.sum(1), baseline=name, rule=rule, steps=steps, gap=gap.item())
        add("input-x-gradient", InputXGradient(net).attribute(image, target).sum(1))
        add("gradient", Saliency(net).attribute(image, target, abs=False).sum(1))
        for layer in ("first", "last"):
            cam = LayerGradCam(net, getattr(net, layer))
            add("grad-cam", cam.attribute(image, target), layer=layer, signed=True)
            add("grad-cam", cam.attribute(image, target, relu_attributions=True), layer=layer, signed=False)
            add("grad-cam++", cam_plus_plus(net, getattr(net, layer), image, target), layer=layer, signed=True)
    out = {
        "made_with": f"torch {torch.__version__}, captum {captum.__version__}",
        "weights": {name: flat(value) for name, value in weights.items()},
        "size": [CHANNELS, HEIGHT, WIDTH],
        "image": flat(image),
        "outputs": flat(net(image)),
        "black": flat(net(baselines["black"])),
        "cases": cases,
    }
    (HERE / "golden.json").write_text(json.dumps(out, separators=(",", ":")).replace('{"method"', '\n{"method"') + "\n")


if __name__ == "__main__":
    main()
