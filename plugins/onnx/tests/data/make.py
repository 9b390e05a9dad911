"""Writes the small networks of the tests and what onnxruntime makes of them.

    python make.py        # beside this file; needs torch, onnx, onnxruntime

`tiny.onnx`   x [n,3,h,w] -> logits [n,2], features [n,4], `flat` [n,4,1,1]; free axes
`fixed.onnx`  the same with every axis fixed, batch 1
`eight.onnx`  the same with a batch of 8
`nhwc.onnx`   takes [n,h,w,3]
`two.onnx`   takes two images
`log.onnx`   the logarithm of the mean brightness: not finite on a black image
`outside.onnx` mean brightness to logits; weights in a second file (`outside.bin`)
`golden.json` 3 images of 8 x 10 pixels (as the recipe below makes them) and all outputs of `tiny.onnx`
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)
        self.norm.running_mean.uniform_(-0.2, 0.2)
        self.norm.running_var.uniform_(0.5, 1.5)

    def forward(self, x):
        flat = nn.functional.adaptive_avg_pool2d(torch.relu(self.norm(self.conv(x))), 1)
        features = flat.flatten(1)
        return flat, self.head(features), features


class Channel(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x.permute(0, 3, 1, 2))[1]


class Means(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(x.mean((2, 3)))


class Two(nn.Module):
    def forward(self, x, y):
        return (x + y).mean((2, 3))


class Log(nn.Module):
    def forward(self, x):
        return torch.log(x.mean((2, 3)))[:, :2]


def export(net, args, name, inputs, outputs, free=True):
    axes = {n: {0: "n", 2: "h", 3: "w"} for n in inputs} if free else {}
    if free:
        axes |= {n: {0: "n"} for n in outputs}
    torch.onnx.export(net.eval(), args, HERE / name, input_names=inputs, output_names=outputs,
                      dynamic_axes=axes, opset_version=17, dynamo=False)


def images(n, height, width):
    """Sample i, channel c, row y, column x: ((37 i + 11 c + 5 y + 3 x) mod 64) / 64."""
    i, c, y, x = np.ogrid[:n, :3, :height, :width]
    return (((37 * i + 11 * c + 5 * y + 3 * x) % 64) / 64).astype(np.float32)


def main():
    torch.manual_seed(4)
    tiny, names = Tiny(), ["flat", "logits", "features"]
    export(tiny, torch.zeros(2, 3, 8, 10), "tiny.onnx", ["x"], names)
    export(tiny, torch.zeros(1, 3, 8, 10), "fixed.onnx", ["x"], names, free=False)
    export(tiny, torch.zeros(8, 3, 8, 10), "eight.onnx", ["x"], names, free=False)
    export(Channel(tiny), torch.zeros(1, 8, 10, 3), "nhwc.onnx", ["x"], ["logits"], free=False)
    export(Two(), (torch.zeros(2, 3, 8, 10),) * 2, "two.onnx", ["x", "y"], ["logits"])
    export(Log(), torch.zeros(2, 3, 8, 10), "log.onnx", ["x"], ["logits"])
    export(Means(), torch.zeros(2, 3, 8, 10), "outside.onnx", ["x"], ["logits"])
    onnx.save(onnx.load(HERE / "outside.onnx"), HERE / "outside.onnx", save_as_external_data=True, location="outside.bin", size_threshold=0)
    x = images(3, 8, 10)
    session = onnxruntime.InferenceSession(HERE / "tiny.onnx", providers=["CPUExecutionProvider"])
    values = session.run(names, {"x": x})
    golden = {n: [float(v) for v in a.ravel()] for n, a in zip(names, values)}
    with torch.no_grad():
        assert np.abs(tiny(torch.from_numpy(x))[1].numpy() - values[1]).max() < 1e-6
    (HERE / "golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
