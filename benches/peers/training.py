"""Training by PyTorch, as its users write it: the cases, and the peer itself when run."""
import multiprocessing
import os
import sys
import time

PACKAGES = ["numpy==2.4.6", "torch==2.15.0", "torchvision==0.29.2"]
OURS = (None, "bench_training")
UNIT = "s"
THREADS = 2
CASES = {"schedule": ("schedule", lambda: b""), "small 128": ("small", lambda: b"")}
# Rounds, and runs a round: a run takes a minute.
ROUNDS = {"schedule": (1, 1), "small 128": (5, 1)}
# Both train; what comes out is compared by golden tests, not here.
COMPARE = False

# The schedule: models, epochs, images to train on, to watch, and to be asked in the end under each of 5 maskings.
MODELS, EPOCHS, TRAIN, WATCH, ASK = 25, 10, 128, 32, 5 * 40
# What of it is run; the rest follows by the number of steps.
RUN_MODELS, RUN_EPOCHS = 2, 2
STEPS = 8


def say(text):
    print(text, file=sys.stderr, flush=True)


def schedule(torch):
    """DenseNet-121 at 224 px, batch 2; all but the last dense layer and the head is frozen, and nothing is kept."""
    import torchvision

    x = torch.rand(TRAIN, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    y = (torch.arange(TRAIN) % 2).float()[:, None]

    def train():
        net = torchvision.models.densenet121(num_classes=1).to(memory_format=torch.channels_last)
        for p in net.features.parameters():
            p.requires_grad = False
        last = net.features.denseblock4.denselayer16
        for p in last.parameters():
            p.requires_grad = True
        optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-4)
        loss = torch.nn.BCEWithLogitsLoss()
        start = time.perf_counter()
        for _ in range(RUN_EPOCHS):
            net.eval()
            last.train()
            for i in range(0, TRAIN, 2):
                optimizer.zero_grad()
                loss(net(x[i : i + 2]), y[i : i + 2]).backward()
                optimizer.step()
            net.eval()
            with torch.inference_mode():
                for i in range(0, WATCH, 2):
                    net(x[i : i + 2])
        trained = time.perf_counter() - start
        start = time.perf_counter()
        with torch.inference_mode():
            for i in range(0, TRAIN, 8):
                net(x[i : i + 8])
        return trained, (time.perf_counter() - start) * ASK / TRAIN

    def run():
        trained, asked = zip(*(train() for _ in range(RUN_MODELS)))
        whole = sum(trained) / (RUN_MODELS * RUN_EPOCHS) * MODELS * EPOCHS + sum(asked) / RUN_MODELS * MODELS
        say(f"pytorch: {RUN_MODELS} models x {RUN_EPOCHS} epochs {sum(trained):.1f} s, {RUN_MODELS} x {ASK} images asked "
            f"{sum(asked):.1f} s; for {MODELS} models x {EPOCHS} epochs {whole:.0f} s")
        return whole

    return run


def small_worker(pipe):
    """Trains when told, on one thread."""
    import torch
    import torchvision

    torch.set_num_threads(1)
    x = torch.rand(32 * STEPS, 1, 128, 128)
    y = (torch.arange(32 * STEPS) % 2).float()[:, None]

    def train():
        net = torchvision.models.DenseNet(12, (4, 6, 8), 24, num_classes=1)
        net.features.conv0 = torch.nn.Conv2d(1, 24, 7, 2, 3, bias=False)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        loss = torch.nn.BCEWithLogitsLoss()
        for i in range(0, 32 * STEPS, 32):
            optimizer.zero_grad()
            loss(net(x[i : i + 32]), y[i : i + 32]).backward()
            optimizer.step()

    train()
    pipe.send("ready")
    try:
        while pipe.recv() == "train":
            train()
            pipe.send("done")
    except EOFError:
        pass  # Nobody asks any more.


def small(threads):
    """A process a core, each with one model: faster than one model on all cores."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(threads):
        here, there = context.Pipe()
        context.Process(target=small_worker, args=(there,), daemon=True).start()
        pipes.append(here)
    for pipe in pipes:
        pipe.recv()

    def run():
        for pipe in pipes:
            pipe.send("train")
        for pipe in pipes:
            pipe.recv()

    return run


def main():
    import torch
    from worker import serve

    threads = int(os.environ["EYEPATCH_BENCH_THREADS"])
    torch.set_num_threads(threads)

    def load(words, _):
        run = schedule(torch) if words == ["schedule"] else small(threads)
        return run, lambda: b""

    serve("pytorch", torch.__version__, load)


if __name__ == "__main__":
    main()
