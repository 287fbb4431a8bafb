"""Checks a folder that corpus.py made: every file is read, and every row compared with it.

    nice -n 10 python check.py DIR
"""

import collections
import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from corpus import fits
from lexicon import PHONES


def faults_of(folder, row):
    """What is wrong with a row and its file."""
    samples, rate = soundfile.read(folder / row["file"], dtype="int16")
    # Where nobody speaks, there may be no sound either, and nothing is said.
    spoken = row["source"] != "nothing"
    info = soundfile.info(folder / row["file"])
    if (rate, info.channels, info.format, info.subtype) != (16000, 1, "FLAC", "PCM_16"):
        yield f"{rate} Hz, {info.channels} channels, {info.format} {info.subtype}"
    if len(samples) != row["samples"]:
        yield f"{len(samples)} samples, not {row['samples']}"
    if spoken and np.abs(samples.astype(int)).max() < 100:
        yield "silent"
    if bool(row["phones"]) != spoken or not set(row["phones"].split()) <= set(PHONES):
        yield f"phones `{row['phones']}`"
    if not fits(row["phones"], len(samples)):
        yield "too short for its phones"
    if not (bool(row["text"]) == spoken and row["group"] and row["source"]):
        yield "a field is empty"


def main():
    folder, bad, used = Path(sys.argv[1]), 0, set()
    groups, files = collections.defaultdict(set), collections.defaultdict(set)
    for name in ("train", "valid", "reject"):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        assert len({row["file"] for row in rows}) == len(rows), f"{name}: a file is named twice"
        counts, phones = collections.Counter(), collections.Counter()
        for row in rows:
            counts[row["source"]] += row["samples"] / 16000
            phones.update(row["phones"].split())
            groups[name].add(row["group"])
            files[name].add(row["file"])
            for fault in faults_of(folder, row):
                bad += 1
                print(f"{name} {row['file']}: {fault}")
        used |= files[name]
        hours = ", ".join(f"{source} {seconds / 3600:.3f}" for source, seconds in sorted(counts.items()))
        print(f"{name}: {len(rows)} files, {sum(counts.values()) / 3600:.3f} h ({hours})")
        absent = sorted(set(PHONES) - set(phones)) or "none"
        print(f"{name}: {sum(phones.values())} phones, the rarest {phones.most_common()[:-4:-1]}, absent {absent}")
    assert not files["train"] & files["valid"], "a file is on both sides"
    print("groups on both sides:", ", ".join(sorted(groups["train"] & groups["valid"])) or "none")
    unused = {f"audio/{path.name}" for path in (folder / "audio").iterdir()} - used
    print(f"{bad} faults, {len(unused)} files that no manifest names")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
