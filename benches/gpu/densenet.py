#!/usr/bin/env python3
"""DenseNet-121 on a GPU, ours beside PyTorch's on the same one: outputs are held together first, then both are timed by
turns. Needs PyTorch and nothing else.

    densenet.py PROGRAM [--device cuda:0] [--quick]

PROGRAM is `device_densenet` of crates/eyepatch-nn. Prints a line of JSON a case, as `benches/side-by-side` does, and a
table on stderr. Exit status 1: outputs differ; 2: no PyTorch, or it sees no such device.
"""
import argparse
import ctypes
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

# Name, kind, images, side, precision, largest difference allowed as a share of the range of the peer's outputs.
CASES = [
    ("forward 16x224 f32", "forward", 16, 224, "f32", 1e-3),
    ("forward 64x320 f32", "forward", 64, 320, "f32", 1e-3),
    ("forward 64x320 bf16", "forward", 64, 320, "bf16", 5e-2),
    ("train 32x320 f32", "train", 32, 320, "f32", 1e-2),
]
QUICK = [
    ("forward 2x64 f32", "forward", 2, 64, "f32", 1e-3),
    ("train 4x64 f32", "train", 4, 64, "f32", 1e-2),
]
CLASSES, STEPS, ROUNDS = 5, 4, 7


def read_weights(path):
    """The tensors of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    body = bytearray(data[8 + length :])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue
        begin, end = about["data_offsets"]
        tensors[name] = torch.frombuffer(body[begin:end], dtype=torch.float32).reshape(about["shape"]).clone()
    return tensors


class DenseNet(torch.nn.Module):
    """torchvision's DenseNet-121, by its names, without torchvision."""

    def __init__(self, tensors):
        super().__init__()
        self.values = torch.nn.ParameterDict()
        for name, tensor in tensors.items():
            if name.endswith(("running_mean", "running_var")):
                self.register_buffer(name.replace(".", "_"), tensor.clone())
            else:
                self.values[name.replace(".", "_")] = torch.nn.Parameter(tensor.clone())

    def norm_relu(self, x, name):
        name = name.replace(".", "_")
        mean, var = getattr(self, f"{name}_running_mean"), getattr(self, f"{name}_running_var")
        weight, bias = self.values[f"{name}_weight"], self.values[f"{name}_bias"]
        return F.relu(F.batch_norm(x, mean, var, weight, bias, self.training), inplace=True)

    def conv(self, x, name, **kwargs):
        return F.conv2d(x, self.values[f"{name}_weight".replace(".", "_")], **kwargs)

    def forward(self, x):
        x = self.norm_relu(self.conv(x, "features.conv0", stride=2, padding=3), "features.norm0")
        x = F.max_pool2d(x, 3, 2, 1)
        for i, layers in enumerate((6, 12, 24, 16), 1):
            for j in range(1, layers + 1):
                name = f"features.denseblock{i}.denselayer{j}"
                y = self.conv(self.norm_relu(x, f"{name}.norm1"), f"{name}.conv1")
                y = self.conv(self.norm_relu(y, f"{name}.norm2"), f"{name}.conv2", padding=1)
                x = torch.cat([x, y], 1)
            if i < 4:
                name = f"features.transition{i}"
                x = F.avg_pool2d(self.conv(self.norm_relu(x, f"{name}.norm"), f"{name}.conv"), 2)
        x = self.norm_relu(x, "features.norm5").mean((2, 3))
        return F.linear(x, self.values["classifier_weight"], self.values["classifier_bias"])


class Peer:
    """PyTorch at its best: channels last, the fastest algorithms; f32 is f32, without TF32, on both sides."""

    def __init__(self, device):
        self.device = torch.device(device)
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def load(self, kind, precision, tensors, pixels):
        self.kind = kind
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.net = DenseNet(tensors).to(self.device, dtype, memory_format=torch.channels_last)
        self.net.train(kind == "train")
        # Forward passes begin with pixels in the host's memory, as ours do; training has them on the device.
        self.host = pixels
        self.x = pixels.to(self.device, dtype, memory_format=torch.channels_last)
        self.dtype = dtype
        n = len(pixels)
        self.labels = torch.tensor([(i * 7) % 3 % 2 for i in range(n * CLASSES)], dtype=torch.float32)
        self.labels = self.labels.reshape(n, CLASSES).to(self.device)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-4)

    def run(self):
        if self.kind == "forward":
            with torch.inference_mode():
                x = self.host.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
                return self.net(x).float().cpu()
        loss = F.binary_cross_entropy_with_logits(self.net(self.x), self.labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach().cpu().reshape(1)

    def check(self):
        return torch.cat([self.run().flatten() for _ in range(STEPS if self.kind == "train" else 1)]).tolist()

    def time(self, runs):
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            self.run()
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds)


class Ours:
    def __init__(self, program, device):
        command = [program, "serve", device]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline().decode()
        if not line:
            sys.exit("our program gave no answer")
        return line.strip()

    def ask(self, line, payload=b""):
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()
        return self.answer()

    def check(self):
        data = self.process.stdout.read(int(self.ask("check")))
        return list(struct.unpack(f"<{len(data) // 4}f", data))

    def time(self, runs):
        return float(self.ask(f"time {runs}"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--quick", action="store_true", help="small cases, to try the script itself")
    args = parser.parse_args()
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print("PyTorch sees no CUDA device", file=sys.stderr)
        sys.exit(2)
    gpu = torch.cuda.get_device_name(args.device) if args.device.startswith("cuda") else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.safetensors")
        subprocess.run([args.program, "weights", args.device, weights], check=True)
        tensors = read_weights(weights)
        ours, peer = Ours(args.program, args.device), Peer(args.device)
        print(f"{'case':22} {'ours, ms':>9} {'torch, ms':>9} {'ratio':>6} {'spread':>6}", file=sys.stderr)
        failed = False
        for name, kind, n, side, precision, tolerance in QUICK if args.quick else CASES:
            pixels = torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(1907))
            payload = ctypes.string_at(pixels.data_ptr(), 4 * pixels.numel())
            ours.ask(f"load {len(payload)} {kind} {n} {side} {precision} {weights}", payload)
            peer.load(kind, precision, tensors, pixels)
            mine, theirs = ours.check(), peer.check()
            scale = max(max(theirs) - min(theirs), max(map(abs, theirs)), 1e-6)
            difference = max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) / scale
            if not difference <= tolerance:
                print(f"{name}: outputs differ by {difference:.2g}: {mine[:8]} {theirs[:8]}", file=sys.stderr)
                failed = True
                continue
            times = [(ours.time(5), peer.time(5)) for _ in range(ROUNDS)]
            ratios = [t / o for o, t in times]
            a, b = (statistics.median(column) * 1e3 for column in zip(*times))
            spread = (max(ratios) - min(ratios)) / statistics.median(ratios)
            print(f"{name:22} {a:9.2f} {b:9.2f} {b / a:6.2f} {spread:6.2f}", file=sys.stderr)
            line = {"bench": "gpu-densenet", "case": name, "ours": round(a, 3), "peer": round(b, 3), "unit": "ms"}
            line |= {"ratio": round(b / a, 3), "spread": round(spread, 3), "difference": difference}
            print(json.dumps(line | {"peer_name": "torch", "peer_version": torch.__version__, "gpu": gpu}), flush=True)
    sys.exit(1 if failed else 0)


main()
