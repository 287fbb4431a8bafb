"""Writes clinical notes and conversations of nobody, with the byte spans of their identifiers.

    python3 generate.py --world valid --count 2000 --seed 1 > valid.jsonl
    python3 generate.py --world train --count 5000 --seed 1 --tags Name > train.tsv

Each line is `{"text", "spans": [{"class", "start", "end"}]}`: the 18 classes of 45 CFR 164.514(b)(2)(i), offsets in
bytes of UTF-8. With `--tags` it is one token per line, `token<TAB>tag` with B-, I- and O, and a blank line between
sentences. The worlds `train` and `valid` share no sentence, no name and few formats. A span of class Date may be an
age over 89; a year alone, an age up to 89, a time of day and a state are no identifiers. The same seed gives the same
notes. Only Python's standard library is used.
"""

import argparse
import importlib
import json
import random
import sys

from note import CLASSES, record, tagged
from outlines import World, Writer


def world(name: str) -> World:
    return World(*(importlib.import_module(f"{name}.{part}") for part in ["names", "formats", "sentences", "clinical"]))


def notes(name: str, count: int, seed: int):
    lists = world(name)
    for index in range(count):
        yield Writer(random.Random(f"{name} {seed} {index}"), lists).note()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", choices=["train", "valid"], required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tags", nargs="+", choices=CLASSES, help="write tokens with tags of these classes")
    options = parser.parse_args()
    for segments in notes(options.world, options.count, options.seed):
        if options.tags:
            for sentence in tagged(segments, set(options.tags)):
                sys.stdout.write("".join(f"{token}\t{tag}\n" for token, tag in sentence) + "\n")
        else:
            sys.stdout.write(json.dumps(record(segments), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
