"""Checks by hand that real TensorBoard reads event files that AICoder wrote.

usage: python read_events.py PATH

PATH is an event file or a run's folder. Prints one JSON object: files (name, bytes and records of each), file_version, wall_times
(first and last), scalars: of each tag the list of [step, value], in TensorBoard's order. Ends with 1 when TensorBoard does not
read a file to its last byte: a wrong length or check sum makes it stop there without a word.

Needs the package tensorboard (2.21), not torch.
"""
import argparse
import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader, RawEventFileLoader
from tensorboard.util import tensor_util

FRAME = 16  # the length, its check sum and the data's check sum around each record


def files_of(path):
    return [path] if path.is_file() else sorted(f for f in path.iterdir() if "tfevents" in f.name)


def described(file):
    """What TensorBoard's reader of records makes of one file."""
    records = [len(record) for record in RawEventFileLoader(str(file)).Load()]
    return dict(name=file.name, bytes=file.stat().st_size, read=sum(records) + FRAME * len(records), records=len(records))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    args = parser.parse_args()
    files = [described(f) for f in files_of(args.path)]
    events = [event for f in files_of(args.path) for event in EventFileLoader(str(f)).Load()]
    whole = EventAccumulator(str(args.path), size_guidance={SCALARS: 0, "tensors": 0})
    whole.Reload()
    tags = whole.Tags()
    # Today's TensorBoard keeps scalars as tensors of one number, also those that older writers called simple values.
    scalars = {tag: [[e.step, tensor_util.make_ndarray(e.tensor_proto).item()] for e in whole.Tensors(tag)] for tag in tags["tensors"]}
    scalars.update({tag: [[e.step, e.value] for e in whole.Scalars(tag)] for tag in tags["scalars"]})
    print(json.dumps(dict(
        files=files, file_version=events[0].file_version if events else None,
        wall_times=[events[0].wall_time, events[-1].wall_time] if events else [], scalars=scalars)))
    return 0 if files and all(f["read"] == f["bytes"] for f in files) else 1


if __name__ == "__main__":
    sys.exit(main())
