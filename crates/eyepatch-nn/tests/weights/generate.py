"""Weight files for tests/weights/main.rs, written by PyTorch, and malicious ones.

    pip install torch torchvision safetensors
    python generate.py

Writes corpus/good-*: a tiny DenseNet as every format and form that is read; corpus/bad-*: files that must be refused;
and expected.safetensors: the values that PyTorch reads from the good files, as f32. Files of the legacy format carry
addresses of memory and differ from run to run; all others are the same.
"""

import collections
import io
import pathlib
import pickle
import struct
import zipfile

import torch
import torchvision
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "corpus"
torch.set_num_threads(1)


def network():
    torch.manual_seed(4)
    model = torchvision.models.DenseNet(growth_rate=2, block_config=(1, 2), num_init_features=4, bn_size=2, num_classes=3)
    for p in model.parameters():
        p.data = torch.randn_like(p)
    for name, b in model.named_buffers():
        b.copy_(torch.rand_like(b) + 0.5 if b.is_floating_point() else torch.tensor(7))
    return model


def old(name):
    for part in ("norm", "conv"):
        for i in "12":
            name = name.replace(f".{part}{i}.", f".{part}.{i}.") if "denselayer" in name else name
    return name


def good():
    model = network()
    state = model.state_dict()
    plain = collections.OrderedDict((k, v.clone()) for k, v in state.items())
    half = {k: v.half() if v.is_floating_point() else v for k, v in plain.items()}
    brain = {k: v.bfloat16() if v.is_floating_point() else v for k, v in plain.items()}
    double = {k: v.double() if v.is_floating_point() else v for k, v in plain.items()}
    # The same values behind other strides and offsets, several in one storage.
    wide = torch.randn(plain["classifier.weight"].shape[1], 8)
    wide[:, 2:5] = plain["classifier.weight"].t()
    views = dict(plain)
    views["classifier.weight"] = wide[:, 2:5].t()
    views["features.conv0.weight"] = plain["features.conv0.weight"].to(memory_format=torch.channels_last)
    both = torch.cat([plain["features.norm0.weight"], plain["features.norm0.bias"]])
    views["features.norm0.weight"], views["features.norm0.bias"] = both[:4], both[4:]

    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    model.load_state_dict(plain)
    head = {k.replace("classifier.", "classifier.1."): v for k, v in plain.items()}

    torch.save(state, CORPUS / "good-state.pt")
    torch.save(state, CORPUS / "good-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(views, CORPUS / "good-views.pt")
    torch.save(views, CORPUS / "good-views-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(half, CORPUS / "good-f16.pt")
    torch.save(brain, CORPUS / "good-bf16.pt", pickle_protocol=4)
    torch.save(double, CORPUS / "good-f64.pt")
    torch.save(dict(model.named_parameters()) | dict(model.named_buffers()), CORPUS / "good-parameters.pt")
    checkpoint = {"epoch": 3, "state_dict": {f"module.{old(k)}": v for k, v in head.items()}, "best": 0.75}
    torch.save(checkpoint, CORPUS / "good-checkpoint.pth.tar", _use_new_zipfile_serialization=False)
    lightning = {
        "state_dict": {f"model._orig_mod.{k}": v for k, v in plain.items()},
        "optimizer_states": [optimizer.state_dict()],
        "hyper_parameters": {"rate": 1e-3, "sizes": (1, 2), "name": "tiny", "none": None, "big": 2**40, "less": -5},
        "loops": {"fit": {"done": True, "epochs": [1, 2, 300, 70000]}},
    }
    # Without checksums, so that a fuzzer's changes get past them.
    torch.serialization.set_crc32_options(False)
    torch.save(lightning, CORPUS / "good-lightning.ckpt")
    torch.serialization.set_crc32_options(True)
    save_file(dict(plain), CORPUS / "good-plain.safetensors", metadata={"format": "pt"})
    save_file(half, CORPUS / "good-f16.safetensors")

    # What PyTorch reads from each, under torchvision's names. The files are ours: any pickle of them may be run.
    expected = {}
    for path in sorted(CORPUS.glob("good-*.[pc]*")):
        loaded = torch.load(path, weights_only=False)
        loaded = loaded.get("state_dict", loaded)
        assert len(loaded) == len(plain)
        # Those that were renamed kept their order.
        for name, known in zip(plain if loaded.keys() == plain.keys() else loaded, plain):
            value = loaded[name].detach().float().contiguous()
            if path.name in ("good-f16.pt", "good-bf16.pt"):
                expected[f"{path.name}:{known}"] = value
            else:
                assert torch.equal(value, plain[known].float()), (path, name)
    expected |= {f"f32:{k}": v.detach().float().contiguous() for k, v in plain.items()}
    save_file(expected, HERE / "expected.safetensors")


def container(program, storages, names=None, **how):
    """A container as torch.save writes it, around any pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("method", zipfile.ZIP_STORED)) as z:
        for name, data in [("data.pkl", program), ("byteorder", how.get("order", b"little"))] + [
            (f"data/{k}", v) for k, v in storages.items()
        ] + how.get("more", []):
            z.writestr(zipfile.ZipInfo(f"bad/{name}", (1980, 1, 1, 0, 0, 0)), data, how.get("method", zipfile.ZIP_STORED))
    return out.getvalue()


def text(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def number(n):
    return b"\x8a\x08" + struct.pack("<q", n)


def tensor(key="0", count=4, offset=0, shape=(4,), strides=(1,), kind=b"FloatStorage"):
    tup = lambda values: b"(" + b"".join(number(v) for v in values) + b"t"
    storage = b"(" + text("storage") + b"ctorch\n" + kind + b"\n" + text(key) + text("cpu") + number(count) + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + tup(shape) + tup(strides) + b"\x89)tR"


def state(*entries):
    return b"\x80\x02}(" + b"".join(text(k) + v for k, v in entries) + b"u."


def safetensors(header, data=b""):
    header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


class Command:
    def __reduce__(self):
        import os

        return os.system, ("touch eyepatch-was-here",)


def bad():
    data = {"0": bytes(16)}
    one = lambda **how: container(state(("w", tensor(**how))), data)
    write = lambda name, content: (CORPUS / f"bad-{name}").write_bytes(content)

    write("system.pt", container(pickle.dumps({"w": Command()}, 2), {}))
    write("system-legacy.pt", (CORPUS / "good-legacy.pth").read_bytes()[:137] + pickle.dumps({"w": Command()}, 2))
    write("eval.pt", container(pickle.dumps({"w": eval}, 4), {}))
    write("instance.pt", container(b"\x80\x02cbuiltins\nobject\n)\x81.", {}))
    write("newobj.pt", container(b"\x80\x02ccollections\nOrderedDict\n)\x81.", {}))
    write("python1.pt", container(b"(S'w'\nI1\nd.", {}))
    write("huge-string.pt", container(b"\x80\x02X\xff\xff\xff\x7f", {}))
    write("huge-string8.pt", container(b"\x80\x04\x8d" + b"\xff" * 8, {}))
    write("huge-memo.pt", container(b"\x80\x02Nr\xff\xff\xff\xff0j\xff\xff\xff\x7f.", {}))
    write("deep-marks.pt", container(b"\x80\x02" + b"(" * 5000, {}))
    write("deep-lists.pt", container(b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".", {}))
    write("itself.pt", container(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.", {}))
    write("laughs.pt", container(b"\x80\x02]q\x00" + b"".join(b"(" + b"h\x00" * 9 + b"lq\x00" for _ in range(60)) + b".", {}))
    items = b"](" + b"X\x01\x00\x00\x00aN\x86" * 500 + b"eq\x00"
    again = b"0" + b"ccollections\nOrderedDict\nh\x00\x85R" * 50
    write("items-again.pt", container(b"\x80\x02" + items + again + b".", {}))
    write("empty-stack.pt", container(b"\x80\x02u.", {}))
    write("under-mark.pt", container(b"\x80\x02N(0.", {}))
    write("no-end.pt", container(b"\x80\x02}", {}))
    write("more-after.pt", container(b"\x80\x02}.}.", {}))
    write("stride-outside.pt", one(strides=(2,)))
    write("stride-overflow.pt", one(shape=(2, 2), strides=(2**62, 2**62)))
    write("stride-negative.pt", one(strides=(-1,)))
    write("offset-outside.pt", one(offset=1))
    write("offset-huge.pt", one(offset=2**63 - 1))
    write("expanded.pt", one(shape=(2**40,), strides=(0,)))
    write("shape-overflow.pt", one(shape=(2**32, 2**32, 2**32), strides=(0, 0, 0)))
    write("dimensions.pt", one(shape=(1,) * 40, strides=(1,) * 40))
    write("storage-short.pt", one(count=5))
    write("storage-long.pt", one(count=3, shape=(3,)))
    write("storage-huge.pt", one(count=2**62))
    write("storage-missing.pt", one(key="1"))
    write("storage-outside.pt", one(key="../data.pkl"))
    write("type-complex.pt", one(kind=b"ComplexFloatStorage"))
    write("twice.pt", container(state(("w", tensor()), ("w", tensor())), data))
    # One tensor under many names: its values, read one after the other, would take many times the file.
    large = [("w", tensor(count=1024, shape=(1024,)) + b"q\x05")] + [(f"w{i}", b"h\x05") for i in range(60)]
    write("shared.pt", container(state(*large), {"0": bytes(4096)}))
    write("no-tensors.pt", container(b"\x80\x02}.", {}))
    two = {"a": {}, "b": {}}
    name = "features.conv0.weight"
    nested = b"\x80\x02}(" + b"".join(text(k) + b"}" + text(name) + tensor() + b"s" for k in two) + b"u."
    write("two-networks.pt", container(nested, data))
    write("big-endian.pt", container(state(("w", tensor())), data, order=b"big"))
    write("deflated.pt", container(state(("w", tensor())), {"0": bytes(16)}, method=zipfile.ZIP_DEFLATED))
    write("two-pickles.pt", container(state(), {}, more=[("more/data.pkl", state())]))
    whole = bytearray(one())
    damaged = bytearray(whole)
    damaged[damaged.index(b"storage") + 1] ^= 1
    write("checksum.pt", bytes(damaged))
    write("cut.pt", bytes(whole[:-30]))
    directory = whole.index(b"PK\x01\x02")
    overlap = bytearray(whole)
    second = overlap.index(b"PK\x01\x02", directory + 4)
    third = overlap.index(b"PK\x01\x02", second + 4)
    # The first entry's data reach into the second's.
    size = struct.unpack_from("<I", overlap, directory + 24)[0] + 40
    struct.pack_into("<II", overlap, directory + 20, size, size)
    write("overlap.pt", bytes(overlap))
    same = bytearray(whole)
    struct.pack_into("<I", same, third + 42, struct.unpack_from("<I", same, second + 42)[0])
    write("same-place.pt", bytes(same))
    many = bytearray(whole)
    struct.pack_into("<HH", many, len(many) - 14, 65535, 65535)
    write("entry-count.pt", bytes(many))
    beyond = bytearray(whole)
    struct.pack_into("<II", beyond, directory + 20, 2**31, 2**31)
    write("entry-size.pt", bytes(beyond))
    sixty = bytearray((CORPUS / "good-state.pt").read_bytes())
    struct.pack_into("<Q", sixty, sixty.rindex(b"PK\x06\x06") + 32, 2**60)
    struct.pack_into("<Q", sixty, sixty.rindex(b"PK\x06\x06") + 24, 2**60)
    struct.pack_into("<HH", sixty, len(sixty) - 14, 65535, 65535)
    write("entry-count-64.pt", bytes(sixty))
    legacy = bytearray((CORPUS / "good-legacy.pth").read_bytes())
    write("cut-legacy.pth", bytes(legacy[:-9]))
    write("more-after-legacy.pth", bytes(legacy) + b"\0")

    write("header-huge.safetensors", struct.pack("<Q", 2**63) + b"{}")
    write("header-long.safetensors", struct.pack("<Q", 4000) + b"{}")
    write("not-json.safetensors", safetensors("{nothing"))
    write("deep.safetensors", safetensors('{"a":' + "[" * 5000 + "]" * 5000 + "}"))
    write("no-tensors.safetensors", safetensors('{"__metadata__":{}}'))
    entry = '"%s":{"dtype":"%s","shape":%s,"data_offsets":%s}'
    st = lambda *entries: safetensors("{" + ",".join(entry % e for e in entries) + "}", bytes(16))
    write("twice.safetensors", st(("w", "F32", "[4]", "[0,16]"), ("w", "F32", "[2,2]", "[0,16]")))
    write("overlap.safetensors", st(("a", "F32", "[3]", "[0,12]"), ("b", "F32", "[2]", "[8,16]")))
    write("hole.safetensors", st(("a", "F32", "[1]", "[0,4]"), ("b", "F32", "[2]", "[8,16]")))
    write("short.safetensors", st(("a", "F32", "[5]", "[0,20]")))
    write("overflow.safetensors", st(("a", "F32", f"[{2**32},{2**32}]", "[0,16]")))
    write("type.safetensors", st(("a", "F8_E4M3", "[16]", "[0,16]")))
    write("dimensions.safetensors", st(("a", "F32", "[4" + ",1" * 30 + "]", "[0,16]")))
    write("empty.pt", b"")
    write("page.html", b"<!DOCTYPE html><title>404</title>")
    write("pickle.pkl", pickle.dumps({"w": [1.0]}, 4))
    write("hdf5.h5", b"\x89HDF\r\n\x1a\n" + bytes(40))


CORPUS.mkdir(exist_ok=True)
good()
bad()
