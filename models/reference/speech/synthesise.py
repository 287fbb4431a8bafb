"""Synthetic speech with the phones that are said in it, by free speech engines.

    apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts libttspico-utils \\
        mbrola-us1 mbrola-us2 mbrola-us3 mbrola-en1 festvox-don festvox-rablpc16k
    nice -n 10 python synthesise.py --data ../shared/data --out DIR --part train --hours 7.7 --seed 1
    nice -n 10 python synthesise.py --data ../shared/data --out DIR --part voices --hours 0.28 --seed 7

Parts: `train`, and `voices`, spoken by voices that are never trained on: for tests alone, since the licences of some
of them forbid more (mbrola). Each batch of 100 utterances is a file DIR/synthetic/PART/NNNNN.npz: `audio` (16 kHz, 16
bit, one after the other), `off` (first sample of each utterance, and the end), `meta` (JSON: source, text, engine,
voice, phones and more). Batches that are there are kept, so a run that was stopped goes on. Utterance i depends on
part, seed and i alone; one whose engine is not there is left out (--piper names the model of piper's voice `joe`).
Piper and the breathy voices of espeak-ng draw noise of their own. The sentences: sentences.py.

The phones are those pronunciations of the words that are nearest to what the engine says it speaks.
"""

import argparse
import functools
import itertools
import json
import multiprocessing
import random
import re
import subprocess
import time
from pathlib import Path

import numpy as np

import engines
from engines import RATE
from lexicon import espeak_phones, pronunciations
from sentences import WAKE_WORDS, car_words, draw_car, draw_digits, draw_order, general_texts

BATCH = 100
SECONDS_MAX = 14
SEED_NAMES = {"train": "train", "voices": "cartest"}
# Texts that are drawn and not spoken: gpsr_commands states no licence. Its turn is passed over.
UNLICENSED = {"gpsr"}
GENERAL = {"clinc": 8, "snips": 7, "huric": 3, "gpsr": 3, "mts": 7, "words": 7}
ACCENTS = ["en-us"] * 5 + ["en-gb", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029", "en-us-nyc"]
# Effects rather than voices, and whispers, which have no pitch to learn from.
NOT_VOICES = {"Demonic", "fast", "announcer", "whisper", "whisperf", "AnxiousAndy", "Storm"}
# Voices and how often they speak.
TRAINED = {
    ("flite", "awb"): 7, ("flite", "rms"): 8, ("flite", "slt"): 7, ("flite", "kal16"): 4,
    ("festival", "kal_diphone"): 3, ("festival", "ked_diphone"): 7, ("festival", "cmu_us_slt_arctic_hts"): 4,
    ("pico", "en-US"): 10, ("pico", "en-GB"): 10,
}
UNSEEN = {
    ("mbrola", "us1"): 3, ("mbrola", "us2"): 3, ("mbrola", "us3"): 3, ("mbrola", "en1"): 2,
    ("festival", "don_diphone"): 1, ("festival", "rab_diphone"): 2, ("piper", "joe"): 4,
}


@functools.cache
def espeak_variants():
    listing = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"!v/(\S+)", listing)) - NOT_VOICES)


def draw_train(rng, data):
    """(source, text) of an utterance to train on; the text is None where it may not be spoken."""
    chance = rng.random()
    if chance < 0.36:
        return "barista", draw_order(rng, data)
    if chance < 0.46:
        return "digits", draw_digits(rng, [1, 1, 2, 3, 4, 5, 7])
    if chance < 0.60:
        return "car", draw_car(rng)
    if chance < 0.64:
        return "keyword", rng.choice(WAKE_WORDS + [word for word in car_words() if len(word) > 2])
    source = rng.choices(list(GENERAL), list(GENERAL.values()))[0]
    if source in UNLICENSED:
        return source, None
    texts = general_texts(data)[source]
    if source == "words":
        return source, " ".join(rng.choice(texts) for _ in range(rng.randint(3, 6)))
    return source, rng.choice(texts)


def draw_voices(rng, data):
    """(source, text) of an utterance by the unseen voices."""
    chance = rng.random()
    if chance < 0.6:
        return "car", draw_car(rng)
    if chance < 0.7:
        return "digits", draw_digits(rng, [1, 2, 3, 4])
    if chance < 0.85:
        return "barista", draw_order(rng, data, odd=0)
    return "clinc", rng.choice(general_texts(data)["clinc"])


def draw_voice(rng, part):
    """(engine, voice)."""
    if part == "train" and rng.random() < 0.40:
        return "espeak", f"{rng.choice(ACCENTS)}+{rng.choice(espeak_variants())}"
    voices = TRAINED if part == "train" else UNSEEN
    return rng.choices(list(voices), list(voices.values()))[0]


def utterance(part, seed, index, data):
    """What is spoken, by whom and how, or None where the text may not be spoken."""
    rng = random.Random(f"{SEED_NAMES[part]}-{seed}-{index}")
    source, text = (draw_train if part == "train" else draw_voices)(rng, data)
    if text is None:
        return None
    engine, voice = draw_voice(rng, part)
    spoken = text.replace(" ", ", ") + "." if source == "words" else text + rng.choice(["", ".", "?", "."])
    tempo = rng.uniform(0.85, 1.6)
    warp = rng.uniform(0.93, 1.07) if engine == "espeak" else rng.uniform(0.84, 1.19)
    manner = dict(tempo=round(tempo, 3), warp=round(warp, 3), pitch=rng.randint(15, 85))
    margins = [round(rng.uniform(0.06, 0.35), 3) for _ in range(2)]
    if part != "train":
        manner.update(tempo=round(min(manner["tempo"], 1.3), 3), warp=1.0)
    return dict(id=index, source=source, text=text, engine=engine, voice=voice, spoken=spoken.replace(" a c", " A C"),
                margins=margins, **manner)


def nearest_phones(words, spoken):
    """The pronunciations of the words that are nearest to the phones of an engine: (phones, distance), or None.

    # Source
    Wagner and Fischer 1974, "The string-to-string correction problem", over alternatives; vowels for vowels cost half.
    """
    count = len(spoken)
    costs, steps = np.arange(count + 1.0), []
    for word in words:
        ends = [(phones, *_through(phones.split(), spoken, costs)) for phones in pronunciations(word)[0]]
        if not ends:
            return None
        best = np.argmin([end[1] for end in ends], axis=0)
        costs = np.choose(best, [end[1] for end in ends])
        steps.append([(ends[choice][0], ends[choice][2][place]) for place, choice in enumerate(best)])
    said, place = [], count
    for step in reversed(steps):
        phones, place = step[place]
        said.append(phones)
    return " ".join(reversed(said)).split(), float(costs[count])


def _through(phones, spoken, costs):
    """Costs behind a word, and for each place where the word began."""
    begins = np.arange(len(costs))
    for phone in phones:
        after, begun = costs + 1, begins.copy()
        exchanged = costs[:-1] + np.array([_cost(phone, other) for other in spoken])
        better = exchanged < after[1:]
        after[1:][better], begun[1:][better] = exchanged[better], begins[:-1][better]
        for place in range(1, len(after)):
            if after[place - 1] + 1 < after[place]:
                after[place], begun[place] = after[place - 1] + 1, begun[place - 1]
        costs, begins = after, begun
    return costs, begins


def _cost(phone, other):
    if phone == other:
        return 0
    return 0.5 if phone[0] in "AEIOU" and other[0] in "AEIOU" else 1


def target(job):
    """The phones of an utterance, or None where the engine says something else than its words."""
    heard = engines.flite_phones(job["spoken"])
    if job["engine"] in ("espeak", "mbrola", "piper"):
        heard = espeak_phones(job["spoken"])
    found = nearest_phones(job["text"].split(), heard)
    if found is None or found[1] > 0.28 * max(len(found[0]), 4):
        return None
    return " ".join(found[0])


def make_batch(task):
    """Speaks a batch into its file; returns the seconds of speech in it and how many utterances failed."""
    part, seed, batch, data, path, piper = task
    if path.exists():
        with np.load(path) as found:
            return found["off"][-1] / RATE, 0
    jobs = [utterance(part, seed, index, data) for index in range(batch * BATCH, (batch + 1) * BATCH)]
    jobs = [dict(job, phones=target(job)) for job in jobs if job]
    wanted = [job for job in jobs if job["phones"]]
    audio, meta = [], []
    for job, samples in engines.speak(wanted, piper):
        # Too short for its phones, or a run-away.
        if samples is None or not 0.035 * len(job["phones"].split()) <= len(samples) / RATE <= SECONDS_MAX:
            continue
        audio.append(samples)
        meta.append(job)
    ends = np.cumsum([0] + [len(samples) for samples in audio])
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, audio=np.concatenate(audio), off=ends, meta=np.array(json.dumps(meta)))
    partial.rename(path)
    return ends[-1] / RATE, len(jobs) - len(meta)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives synthetic/PART")
    parser.add_argument("--part", choices=["train", "voices"], default="train")
    parser.add_argument("--hours", type=float, default=7.7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--piper", type=Path, help="model of the voice `joe` of piper")
    args = parser.parse_args()
    folder = args.out / "synthetic" / args.part
    folder.mkdir(parents=True, exist_ok=True)
    general_texts(args.data)
    seconds, failed, start = 0.0, 0, time.monotonic()
    batches = ((args.part, args.seed, batch, args.data, folder / f"{batch:05}.npz", args.piper)
               for batch in itertools.count())
    with multiprocessing.Pool(args.workers) as pool:
        # A round of batches at a time, so that what is made depends on the hours alone and not on who was faster.
        while seconds < args.hours * 3600:
            for made, lost in pool.imap(make_batch, itertools.islice(batches, 2)):
                seconds, failed = seconds + made, failed + lost
            print(f"{seconds / 3600:.2f} h in {time.monotonic() - start:.0f} s, {failed} failed", flush=True)


if __name__ == "__main__":
    main()
