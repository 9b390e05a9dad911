"""Golden event file for src/tensorboard.rs, made with TensorBoard's own writer.

    pip install tensorboard
    python events.py
"""

import pathlib

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

out = pathlib.Path(__file__).parent / "events.tfevents"
with open(out, "wb") as file:
    writer = RecordWriter(file)
    # Proto3 leaves zeros out; ours writes this one.
    first = Event(wall_time=0, file_version="brain.Event:2").SerializeToString()
    writer.write(bytes([0x09] + 8 * [0]) + first)
    for epoch, train, validation, rate in [(1, 0.75, 0.8125, 1e-4), (2, 0.1, None, None), (300, 1e9, 0.0, 0.5)]:
        tags = [("loss/train", train), ("loss/validation", validation), ("learning rate", rate)]
        values = [Summary.Value(tag=tag, simple_value=v) for tag, v in tags if v is not None]
        writer.write(Event(wall_time=epoch, step=epoch, summary=Summary(value=values)).SerializeToString())
    writer.flush()
