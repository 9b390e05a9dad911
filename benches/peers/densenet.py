"""DenseNet-121 by PyTorch in channels_last and by onnxruntime: the cases, and the peers themselves when run.

Weights and images follow from formulas on both sides (crates/eyepatch-nn/tests/golden/formula.py): nothing is sent. The ONNX
graph is written here, layer by layer, as an export of torchvision's network has them; onnxruntime fuses them as it likes.
"""
import array
import os
import pathlib
import subprocess
import sys
import tempfile

PACKAGES = ["numpy==2.4.6", "torch==2.15.0", "torchvision==0.29.2", "onnx==1.23.2", "onnxruntime==1.32.0"]
OURS = ("eyepatch-nn", "bench_densenet")
UNIT = "ms"
THREADS = 2
PEERS = ["pytorch", "onnxruntime"]
# Both sides can say how much memory they took at most, and ours where its time went.
PEAK = True
PROFILE = True
FORMULAS = pathlib.Path(__file__).resolve().parents[2] / "crates" / "eyepatch-nn" / "tests" / "golden"
CLASSES = 14
SIZES = ["1x512", "8x512", "8x224"]


def case(precision, isa, size):
    n, side = size.split("x")
    return f"{precision} {isa} {n} {side}", lambda: b""


CASES = {
    **{size: case("f32", "best", size) for size in SIZES},
    **{f"avx2 {size}": case("f32", "avx2", size) for size in SIZES},
    **{f"bf16 {size}": case("bf16", "best", size) for size in SIZES},
}


def peers(name):
    """onnxruntime cannot be told to do without AVX-512, and has no bfloat16 convolution on a CPU."""
    return ["pytorch"] if name.startswith(("avx2", "bf16")) else PEERS


def environment(name):
    """For the peer's process."""
    return {"ONEDNN_MAX_CPU_ISA": "AVX2"} if name.startswith("avx2") else {}


def agree(name, ours, peer):
    ours, peer = array.array("f", ours), array.array("f", peer)
    # In bfloat16 PyTorch rounds every activation too.
    apart = 0.02 * max(map(abs, peer)) if name.startswith("bf16") else 1e-3
    return len(ours) == len(peer) > 0 and all(abs(a - b) <= apart for a, b in zip(ours, peer))


def onnx_model():
    """The network as ONNX, with the formula's weights."""
    import numpy as np
    from formula import parameter
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], []

    def tensor(name, shape):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(parameter("121", name, shape)), name))
        return name

    def node(kind, inputs, **attributes):
        name = f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def norm_relu(x, name, channels):
        parts = [tensor(f"{name}.{p}", (channels,)) for p in ("weight", "bias", "running_mean", "running_var")]
        return node("Relu", [node("BatchNormalization", [x, *parts], epsilon=1e-5)])

    def conv(x, name, output, channels, side, stride=1):
        weight = tensor(f"{name}.weight", (output, channels, side, side))
        return node("Conv", [x, weight], kernel_shape=[side] * 2, strides=[stride] * 2, pads=[side // 2] * 4)

    x = norm_relu(conv("image", "features.conv0", 64, 3, 7, 2), "features.norm0", 64)
    x = node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for block, layers in enumerate((6, 12, 24, 16), 1):
        parts = [x]
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            y = norm_relu(node("Concat", list(parts), axis=1), f"{name}.norm1", channels)
            y = norm_relu(conv(y, f"{name}.conv1", 128, channels, 1), f"{name}.norm2", 128)
            parts.append(conv(y, f"{name}.conv2", 32, 128, 3))
            channels += 32
        x = node("Concat", parts, axis=1)
        if block == 4:
            break
        name = f"features.transition{block}"
        x = conv(norm_relu(x, f"{name}.norm", channels), f"{name}.conv", channels // 2, channels, 1)
        x, channels = node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2]), channels // 2
    x = node("Flatten", [node("GlobalAveragePool", [norm_relu(x, "features.norm5", channels)])])
    head = [tensor("classifier.weight", (CLASSES, channels)), tensor("classifier.bias", (CLASSES,))]
    nodes.append(helper.make_node("Gemm", [x, *head], ["logits"], transB=1))
    value = helper.make_tensor_value_info
    image = value("image", TensorProto.FLOAT, ["n", 3, "height", "width"])
    logits = value("logits", TensorProto.FLOAT, ["n", CLASSES])
    graph = helper.make_graph(nodes, "densenet121", [image], [logits], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def pytorch(threads):
    import torch
    import torchvision
    from formula import images, parameter

    torch.set_num_threads(threads)

    def load(words, _):
        precision, _, n, side = words
        kind = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
        model = torchvision.models.densenet121(num_classes=CLASSES).eval()
        state = model.state_dict()
        state = {k: torch.from_numpy(parameter("121", k, v.shape)) for k, v in state.items() if v.dtype == torch.float32}
        model.load_state_dict(state, strict=False)
        model = model.to(kind, memory_format=torch.channels_last)
        x = torch.from_numpy(images(int(n), int(side), int(side))).to(kind, memory_format=torch.channels_last)
        out = []

        def run():
            with torch.inference_mode():
                out[:] = [model(x)]

        return run, lambda: out[0].float().numpy().tobytes()

    return torch.__version__, load


def onnxruntime(threads):
    import onnxruntime as ort
    from formula import images

    def load(words, _):
        _, _, n, side = words
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "densenet121.onnx"
            # In a process of its own, so that its memory is not counted here.
            subprocess.run([sys.executable, __file__, "write", model], check=True)
            session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        x = images(int(n), int(side), int(side))
        out = []

        def run():
            out[:] = session.run(["logits"], {"image": x})

        return run, lambda: out[0].tobytes()

    return ort.__version__, load


def main():
    sys.path.insert(0, str(FORMULAS))
    what, *rest = sys.argv[1:]
    if what == "write":
        pathlib.Path(rest[0]).write_bytes(onnx_model().SerializeToString())
        return
    from worker import serve

    version, load = {"pytorch": pytorch, "onnxruntime": onnxruntime}[what](int(os.environ["EYEPATCH_BENCH_THREADS"]))
    serve(what, version, load)


if __name__ == "__main__":
    main()
