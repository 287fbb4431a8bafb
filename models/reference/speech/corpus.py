"""The folder that the phone net learns from: recordings and synthetic speech as FLAC files, with their phones.

    python lexicon.py --data ../shared/data --out DIR
    nice -n 10 python align.py --data ../shared/data --out DIR
    nice -n 10 python synthesise.py --data ../shared/data --out DIR --part train --hours 7.7 --seed 1
    nice -n 10 python synthesise.py --data ../shared/data --out DIR --part voices --hours 0.28 --seed 7
    nice -n 10 python corpus.py --data ../shared/data --out DIR
    nice -n 10 python check.py DIR

Writes DIR/audio/*.flac (16 kHz, mono, 16 bit), DIR/train.jsonl, DIR/valid.jsonl and DIR/reject.jsonl, in the format of
docs/data-formats.md. A row: file, phones, text, group (speaker, cluster of recordings, or voice), source, samples; the
slots of orders to the coffee machine; the domain of synthetic speech.

  train   orders (once clean, three times augmented; those with the lowest margins are left out), digits and wake
          words (once each, about half of them clean), synthetic speech (once each, a third clean; words that are spoken
          alone three times each), and sounds in which nobody speaks
  valid   source `barista`: orders of other speakers; `barista 24 dB`, 12 and 6: the same in kitchen noise that training
          does not have; `fsdd`: digits by the speakers of training; `voices`: commands to a car and others by unseen voices
  reject  what is outside of the grammar of the coffee machine: wake words, digits, the car and clinc150 sentences
          of the unseen voices, and other sounds in which nobody speaks

A sound whose phones do not fit into it, at one label for each 40 ms and a blank between equal ones, is left out.
Files that are there are kept: a run that was stopped goes on. Each sound depends on the seed and its name alone.
"""

import argparse
import collections
import json
import multiprocessing
import random
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from augment import RATE, augment, mix, nothing, settle, with_margins
from synthesise import UNLICENSED

# Seconds of the kitchen noise to train with; the rest is for validation.
KITCHEN_TRAIN = 43
# How much later, in samples, the noise of each order begins than that of the order before it.
NOISE_STEP = 23_757
# How loud the orders of the validation are against the noise, in dB.
LOUDER = (24, 12, 6)
AUGMENTED_COPIES = 3
# How often a synthetic utterance of one word is there: it is short, and people are heard by such words.
SHORT_COPIES = 3
# Share of the orders whose alignment fits worst.
DOUBTFUL = 0.02
# Sounds in which nobody speaks, to train with and to be rejected.
NOTHING = {"train": 700, "reject": 200}
# Sounds to be rejected, by their source.
REJECTED = {"wakewords": 180, "fsdd": 150, "car": 202, "clinc": 68}
SLOT_NAMES = {"coffeeDrink": "coffee_drink", "size": "size", "roast": "roast", "numberOfShots": "number_of_shots",
              "milkAmount": "milk_amount", "sugarAmount": "sugar_amount"}


@dataclass(frozen=True)
class Maker:
    """What sounds are made from and where they go."""

    data: Path
    out: Path
    seed: int

    def generator(self, name):
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def kitchen(self, is_train):
        noise, _ = soundfile.read(self.data / "barista" / "noise_kitchen_train.flac")
        return noise[: KITCHEN_TRAIN * RATE] if is_train else noise[KITCHEN_TRAIN * RATE :]

    def recording(self, row):
        """The samples of a recording at 16 kHz; digits with margins."""
        samples, rate = soundfile.read(self.data / row["file"])
        if rate != RATE:
            samples = resample_poly(samples, RATE // rate, 1)
        return with_margins(samples, self.generator(row["file"])) if row["file"].startswith("fsdd/") else samples

    def write(self, name, make, row):
        """Writes audio/NAME.flac of what `make` returns; returns its row, which has no file if it was dropped."""
        path = self.out / "audio" / f"{name}.flac"
        if not path.exists():
            samples = np.round(np.clip(make(), -1, 32767 / 32768) * 32768).astype(np.int16)
            unfinished = path.with_suffix(".partial")
            soundfile.write(unfinished, samples, RATE, subtype="PCM_16", format="FLAC")
            unfinished.rename(path)
        count = soundfile.info(path).frames
        if fits(row["phones"], count):
            return dict(file=f"audio/{path.name}", samples=count, **row)
        path.unlink()
        return row


def fits(phones, samples):
    """True where a sound has a unit of 40 ms for each label and for each blank between equal labels."""
    labels = phones.split()
    repeats = sum(first == second for first, second in zip(labels, labels[1:]))
    return len(labels) + repeats <= samples // 160 // 4


def row_of(transcript, source):
    row = dict(phones=transcript["phones"], text=transcript["words"], group=transcript["group"], source=source)
    if "slots" in transcript:
        row["slots"] = {SLOT_NAMES[slot]: value for slot, value in transcript["slots"].items()}
    return row


def name_of(transcript):
    return transcript["file"].removesuffix(".flac").replace("/", "-")


def train_recordings(task):
    """Rows of a few recordings and their copies."""
    maker, transcripts = task
    kitchen, rows = maker.kitchen(True), []
    for transcript in transcripts:
        samples, name = maker.recording(transcript), name_of(transcript)
        source = transcript["file"].split("/")[0]
        row = row_of(transcript, source)
        speed = (0.9, 1.1) if source == "wakewords" else (0.85, 1.18)
        # Of the digits and wake words about half are clean, by their names.
        clean = source == "barista" or zlib.crc32(name.encode()) % 2 == 0
        if clean:
            rows.append(maker.write(name, partial(maker.recording, transcript), row))
        for copy in range(AUGMENTED_COPIES if source == "barista" else 0 if clean else 1):
            copied = f"{name}-{copy + 1}"
            make = partial(augment, samples, maker.generator(copied), kitchen, speed=speed)
            rows.append(maker.write(copied, make, row))
    return rows


def synthetic(path):
    """Yields the utterances of a batch that may be used, with their samples and those of all of them."""
    with np.load(path) as batch:
        audio, offsets, meta = batch["audio"] / 32768, batch["off"], json.loads(str(batch["meta"]))
    found = [(utterance, audio[offsets[index] : offsets[index + 1]]) for index, utterance in enumerate(meta)]
    found = sorted((each for each in found if each[0]["source"] not in UNLICENSED), key=lambda each: each[0]["id"])
    whole = np.concatenate([samples for _, samples in found])
    for utterance, samples in found:
        yield utterance, samples, whole


def synthetic_row(utterance, source):
    group = f"{utterance['engine']} {utterance['voice']}"
    said = dict(phones=utterance["phones"], text=utterance["text"])
    return dict(said, group=group, source=source, domain=utterance["source"])


def train_synthetic(task):
    """Rows of the wanted utterances of a batch."""
    maker, path, wanted = task
    kitchen, rows = maker.kitchen(True), []
    for utterance, samples, batch in synthetic(path):
        if utterance["id"] not in wanted:
            continue
        for copy in range(SHORT_COPIES if is_short(utterance) else 1):
            name = f"synthetic-{utterance['id']:05}" + (f"-{copy}" if copy else "")
            make = partial(vary, samples, maker.generator(name), kitchen, batch)
            rows.append(maker.write(name, make, synthetic_row(utterance, "synthetic")))
    return rows


def is_short(utterance):
    return " " not in utterance["text"]


def vary(samples, generator, kitchen, batch):
    """A synthetic utterance: a third clean, the others augmented, with speech of their batch as babble."""
    if generator.random() < 1 / 3:
        return settle(samples, generator)
    start = generator.integers(max(1, len(batch) - len(samples)))
    return augment(samples, generator, kitchen, babble=batch[start : start + len(samples)])


def wanted_utterances(paths, hours, seed):
    """{path: ids} of so many hours of utterances, by chance, and of all that are one word."""
    found, wanted = [], {}
    for path in paths:
        with np.load(path) as batch:
            seconds, meta = np.diff(batch["off"]) / RATE, json.loads(str(batch["meta"]))
        wanted[path] = {utterance["id"] for utterance in meta if is_short(utterance)}
        found += [(path, meta[index]["id"], float(seconds[index])) for index in range(len(meta))
                  if meta[index]["source"] not in UNLICENSED]
    found.sort(key=lambda each: each[1])
    random.Random(f"synthetic-{seed}").shuffle(found)
    total = 0.0
    for path, utterance, seconds in found:
        if total >= hours * 3600:
            break
        wanted[path].add(utterance)
        total += seconds
    return wanted


def valid_rows(maker, transcripts):
    """Rows of validation by recordings."""
    kitchen = maker.kitchen(False)
    orders = [transcript for transcript in transcripts if transcript["file"].startswith("barista/")]
    rows = [copy_of(maker, order, "barista") for order in orders]
    for index, order in enumerate(orders):
        samples = maker.recording(order)
        noise = np.resize(np.roll(kitchen, -(index * NOISE_STEP % len(kitchen))), len(samples))
        for decibels in LOUDER:
            make = partial(mix, samples, noise, decibels)
            rows.append(maker.write(f"{name_of(order)}-{decibels}db", make, row_of(order, f"barista {decibels} dB")))
    digits = [transcript for transcript in transcripts if transcript["file"].startswith("fsdd/")]
    return rows + [copy_of(maker, digit, "fsdd") for digit in digits]


def copy_of(maker, transcript, source):
    """The row of a recording as it is."""
    return maker.write(name_of(transcript), partial(maker.recording, transcript), row_of(transcript, source))


def voices_rows(maker):
    """Rows of the utterances by unseen voices."""
    rows = []
    for path in sorted((maker.out / "synthetic" / "voices").glob("[0-9]*[0-9].npz")):
        for utterance, samples, _ in synthetic(path):
            name = f"voices-{utterance['id']:05}"
            make = partial(settle, samples, maker.generator(name))
            rows.append(maker.write(name, make, synthetic_row(utterance, "voices")))
    return rows


def nothing_rows(maker, part):
    """Rows of sounds in which nobody speaks."""
    kitchen, rows = maker.kitchen(part == "train"), []
    for index in range(NOTHING[part]):
        name = f"nothing-{part}-{index:03}"
        make = partial(nothing, maker.generator(name), kitchen)
        rows.append(maker.write(name, make, dict(phones="", text="", group=name, source="nothing")))
    return rows


def reject_rows(maker, transcripts, valid):
    """Rows of what the coffee machine must not understand."""
    chance = random.Random(f"reject-{maker.seed}")
    words = [transcript for transcript in transcripts if transcript["file"].startswith("wakewords/")]
    rows = [copy_of(maker, word, "wakewords") for word in chance.sample(words, REJECTED["wakewords"])]
    for source in ("fsdd", "car", "clinc"):
        group = [row for row in valid if source in (row["source"], row.get("domain"))]
        rows += [dict(row, source=source) for row in chance.sample(group, min(REJECTED[source], len(group)))]
    return rows + nothing_rows(maker, "reject")


def without_doubtful(transcripts):
    """Without the orders whose sentences fit worst."""
    orders = sorted((row for row in transcripts if "slots" in row), key=lambda row: row["margin"])
    doubtful = {row["file"] for row in orders[: round(DOUBTFUL * len(orders))]}
    print("doubtful orders:", " ".join(sorted(doubtful)))
    return [row for row in transcripts if row["file"] not in doubtful]


def save(path, rows):
    """Writes a manifest and says what is in it; rows without a file are counted."""
    kept = sorted((row for row in rows if "file" in row), key=lambda row: row["file"])
    path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    for source in sorted({row["source"] for row in rows}):
        group = [row for row in kept if row["source"] == source]
        dropped = sum(row["source"] == source for row in rows) - len(group)
        hours = sum(row["samples"] for row in group) / RATE / 3600
        print(f"{path.stem:7} {source:14} {len(group):6} files {hours:6.3f} h, {dropped} too short for their phones")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of barista, wakewords and fsdd")
    parser.add_argument("--out", type=Path, required=True, help="folder of transcripts.jsonl and synthetic")
    parser.add_argument("--synthetic-hours", type=float, default=3.5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    maker = Maker(args.data, args.out, args.seed)
    (args.out / "audio").mkdir(exist_ok=True)
    with (args.out / "transcripts.jsonl").open(encoding="utf-8") as lines:
        transcripts = [json.loads(line) for line in lines]
    train = without_doubtful([row for row in transcripts if row["file"].split("/")[1] == "train"])
    held = [row for row in transcripts if row["file"].split("/")[1] == "valid"]
    batches = sorted((args.out / "synthetic" / "train").glob("[0-9]*[0-9].npz"))
    wanted = wanted_utterances(batches, args.synthetic_hours, args.seed)
    with multiprocessing.Pool(args.workers) as pool:
        real = [(maker, train[start : start + 50]) for start in range(0, len(train), 50)]
        rows = [row for done in pool.imap(train_recordings, real) for row in done]
        spoken = [(maker, path, wanted[path]) for path in batches]
        rows += [row for done in pool.imap(train_synthetic, spoken) for row in done]
    save(args.out / "train.jsonl", rows + nothing_rows(maker, "train"))
    valid = valid_rows(maker, held) + voices_rows(maker)
    save(args.out / "valid.jsonl", valid)
    save(args.out / "reject.jsonl", reject_rows(maker, held, [row for row in valid if "file" in row]))


if __name__ == "__main__":
    main()
