"""The peer's end of a side-by-side benchmark; see ../README.md for what is said on stdin and stdout."""
import pathlib
import re
import statistics
import sys
import time


def serve(name, version, load):
    """Answers until stdin ends. `load(words, payload)` returns a function that runs the job once and one that returns
    its output as bytes; all memory that the job writes to is made there, before the clock starts."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer

    def say(text):
        stdout.write(f"{text}\n".encode())

    say(f"hello {name} {version}")
    stdout.flush()
    run = output = None
    for line in iter(stdin.readline, b""):
        what, *words = line.decode().split()
        if what == "load":
            run, output = load(words[1:], stdin.read(int(words[0])))
            say("ok")
        elif what == "check":
            run()
            data = output()
            say(len(data))
            stdout.write(data)
        elif what == "time":
            seconds = []
            for _ in range(int(words[0])):
                start = time.perf_counter()
                scaled = run()
                # A job that runs a part of the work says itself what all of it would take.
                seconds.append(scaled if isinstance(scaled, float) else time.perf_counter() - start)
            say(repr(statistics.median(seconds)))
        elif what == "peak":
            status = pathlib.Path("/proc/self/status").read_text()
            say(int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024)
        else:
            raise SystemExit(f"not understood: {line}")
        stdout.flush()
