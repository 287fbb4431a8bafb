"""Makes synthetic English speech with the speech engines of a Debian machine: 16 kHz, mono, 16-bit FLAC.

    apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts \\
        festlex-cmu festlex-poslex wamerican fortunes
    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    nice -n 10 .venv/bin/python synthesise_speech.py --out DIR --part train --hours 1.5 --seed 1
    nice -n 10 .venv/bin/python synthesise_speech.py --out DIR --part keywords --seed 1
    nice -n 10 .venv/bin/python synthesise_speech.py --out DIR --part fa --hours 5 --seed 1

Parts, each in DIR/PART with a manifest.jsonl:
  train     speech without keywords, by the `train` speakers, of the texts of train splits
  keywords  the six keywords and 126 near misses (label `none`), one per file, by the `train` speakers
  fa        speech without keywords, by the other speakers, of other texts: for counting false alarms

Speakers are split, not voices: kal speaks through two engines and is on one side with both. The sorted list of
speakers of each family is dealt out in turn: even places to `train` and `keywords`, odd ones to `fa`.

A line of the manifest: file, label, engine, voice, speaker, text, source, warp, snr_db, samples. `warp` is the
factor by which pitch and formants were moved together (played back faster or slower; the engine is asked for the
inverse tempo where it can). `snr_db` is the level of the white noise added in `fa` to every other file, else null.
The same seed, engines and data give the same texts and voices; espeak-ng's breathy voices draw noise of their own.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import re
import subprocess
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from speech_text import KEYWORDS, NEAR_MISSES, Texts

RATE = 16000
MARGIN = int(0.15 * RATE)
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]
# Variants derived from one of another name are that speaker.
SAME_SPEAKER = {"anikaRobot": "anika", "AnxiousAndy": "andy", "whisperf": "whisper"}
# Effects rather than voices, and one that only changes the speed.
NOT_VOICES = {"Demonic", "fast", "announcer"}
NATURAL = {
    "awb": [("flite", "awb")],
    "kal": [("flite", "kal16"), ("flite", "kal"), ("festival", "kal_diphone")],
    "ked": [("festival", "ked_diphone")],
    "rms": [("flite", "rms")],
    "slt": [("flite", "slt"), ("festival", "cmu_us_slt_arctic_hts")],
}


@dataclass(frozen=True)
class Job:
    index: int
    label: str
    source: str
    text: str
    engine: str
    voice: str
    speaker: str
    tempo: float  # 1 = the engine's own speed
    pitch: int  # espeak-ng only: 0 to 99
    warp: float
    peak: float
    snr_db: float | None


def espeak_speakers():
    """{family: [variant]}: variants that differ only by a trailing number are one speaker, m1 to m8 and f1 to f5 are not."""
    listing = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    families = {}
    for variant in sorted(set(re.findall(r"!v/(\S+)", listing)) - NOT_VOICES):
        family = variant if re.fullmatch(r"[mf]\d", variant) else variant.rstrip("0123456789")
        family = SAME_SPEAKER.get(family, family)
        families.setdefault(f"espeak-{family.lower()}", []).append(variant)
    return families


def split(names, part):
    """Every other name, by the order of the alphabet: even places train, odd places fa."""
    return sorted(names)[(1 if part == "fa" else 0) :: 2]


def installed(engine, voice):
    if engine == "flite":
        listed = subprocess.run(["flite", "-lv"], capture_output=True, text=True, check=True).stdout
        return voice in listed.split()
    return any(Path("/usr/share/festival/voices").glob(f"*/{voice}"))


class Cast:
    """The voices of one part."""

    def __init__(self, part):
        families = espeak_speakers()
        self.espeak = [(f, "espeak-ng", v) for f in split(families, part) for v in families[f]]
        self.natural = [
            (speaker, engine, voice)
            for speaker in split(NATURAL, part)
            for engine, voice in NATURAL[speaker]
            if installed(engine, voice)
        ]

    def draw(self, rng):
        """(speaker, engine, voice): half of the time a voice cut or learnt from a human speaker; speakers alike often."""
        voices = self.natural if self.natural and rng.random() < 0.5 else self.espeak
        speaker = rng.choice(sorted({voice[0] for voice in voices}))
        _, engine, voice = rng.choice([voice for voice in voices if voice[0] == speaker])
        return speaker, engine, f"{rng.choice(ACCENTS)}+{voice}" if engine == "espeak-ng" else voice


def manner(rng, engine):
    """Tempo, pitch and warp: formant voices have a pitch of their own to turn, the others are warped further."""
    warp = rng.uniform(0.94, 1.06) if engine == "espeak-ng" else rng.uniform(0.84, 1.19)
    return dict(tempo=rng.uniform(0.8, 1.25), pitch=rng.randint(15, 85), warp=warp, peak=rng.uniform(0.2, 0.95))


def speech_jobs(part, seed, data):
    """Endless jobs of running speech; job i depends on part, seed and i only."""
    cast, texts, index = Cast(part), Texts(data, part), 0
    while True:
        rng = random.Random(f"{part} {seed} {index}")
        source, text = texts.draw(rng)
        speaker, engine, voice = cast.draw(rng)
        snr_db = rng.uniform(15, 40) if part == "fa" and index % 2 else None
        yield Job(index, "none", source, text, engine, voice, speaker, snr_db=snr_db, **manner(rng, engine))
        index += 1


def keyword_jobs(seed):
    """Each keyword by every formant voice in six manners and every other voice in 60; near misses fewer times."""
    cast = Cast("keywords")
    items = [(label, text, 6, 60) for label, text in KEYWORDS.items()]
    items += [("none", text, 1, 4) for text in NEAR_MISSES]
    index = 0
    for label, text, formant_times, natural_times in items:
        voices = cast.espeak * formant_times + cast.natural * natural_times
        rng = random.Random(f"keywords {seed} {text}")
        if label == "none":
            formant = voices[: len(cast.espeak)]
            voices = rng.sample(formant, min(20, len(formant))) + cast.natural * natural_times
        for speaker, engine, voice in voices:
            voice = f"{rng.choice(ACCENTS)}+{voice}" if engine == "espeak-ng" else voice
            yield Job(index, label, "keyword", text, engine, voice, speaker, snr_db=None, **manner(rng, engine))
            index += 1


def speak(job, path):
    """Runs the engine: a wave file at its own sample rate."""
    # Playing back faster shortens as well, so the engine is asked for what is left of the tempo.
    tempo = job.tempo / job.warp
    if job.engine == "espeak-ng":
        command = ["espeak-ng", "-v", job.voice, "-s", str(round(165 * tempo)), "-p", str(job.pitch), "-w", path]
        subprocess.run([*command, "--stdin"], input=job.text, text=True, check=True, capture_output=True)
    elif job.engine == "flite":
        stretch = f"duration_stretch={1 / tempo:.3f}"
        subprocess.run(["flite", "-voice", job.voice, "--setf", stretch, "-t", job.text, "-o", path],
                       check=True, capture_output=True)
    else:
        script = (f"(voice_{job.voice})\n(Parameter.set 'Duration_Stretch {1 / tempo:.3f})\n"
                  f'(utt.save.wave (SynthText "{job.text}") "{path}" \'riff)\n')
        with tempfile.NamedTemporaryFile("w", suffix=".scm") as file:
            file.write(script)
            file.flush()
            subprocess.run(["festival", "--batch", file.name], check=True, capture_output=True)


def trim(samples):
    """Cuts what is 50 dB below the loudest 10 ms at both ends and leaves MARGIN of silence there."""
    hop = RATE // 100
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-50 / 20))
    inside = samples[loud[0] * hop : (loud[-1] + 1) * hop]
    silence = np.zeros(MARGIN)
    return np.concatenate([silence, inside, silence])


def finish(samples, rate, job):
    """The engine's samples as 16 kHz, warped, trimmed, at the wanted peak, with its noise."""
    samples = soxr.resample(samples, rate * job.warp, RATE, quality="HQ")
    samples = trim(samples)
    samples *= job.peak / np.abs(samples).max()
    if job.snr_db is not None:
        noise = np.random.default_rng(zlib.crc32(job.text.encode()) + job.index).standard_normal(len(samples))
        samples = samples + noise * samples.std() * 10 ** (-job.snr_db / 20)
        samples /= max(1.0, np.abs(samples).max() / 0.99)
    return samples


def make(task):
    """Speaks one job into `folder`; returns its line of the manifest, or None where the engine said nothing."""
    job, folder = task
    with tempfile.NamedTemporaryFile(suffix=".wav") as raw:
        try:
            speak(job, raw.name)
            samples, rate = soundfile.read(raw.name, dtype="float64")
        except (subprocess.CalledProcessError, soundfile.LibsndfileError):
            return None
    if len(samples) < rate // 10 or np.abs(samples).max() < 1e-3:
        return None
    samples = finish(samples, rate, job)
    name = f"{job.index:05}.flac"
    soundfile.write(folder / name, samples, RATE, subtype="PCM_16")
    return dict(file=name, label=job.label, engine=job.engine, voice=job.voice, speaker=job.speaker, text=job.text,
                source=job.source, tempo=round(job.tempo, 3), warp=round(job.warp, 3),
                snr_db=None if job.snr_db is None else round(job.snr_db, 1), samples=len(samples))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder that receives a folder named as the part")
    parser.add_argument("--part", choices=["train", "keywords", "fa"], required=True)
    parser.add_argument("--hours", type=float, default=1.0, help="how much speech (train and fa)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared" / "data",
                        help="folder of snips, clinc150 and mts_dialog; texts of those that are missing are left out")
    args = parser.parse_args()
    folder = args.out / args.part
    folder.mkdir(parents=True, exist_ok=True)
    keywords = args.part == "keywords"
    jobs = keyword_jobs(args.seed) if keywords else speech_jobs(args.part, args.seed, args.data)
    wanted = float("inf") if keywords else args.hours * 3600 * RATE
    made, failed, total, batch = 0, 0, 0, 64
    start = time.monotonic()
    with multiprocessing.Pool(args.workers) as pool, (folder / "manifest.jsonl").open("w") as manifest:
        while total < wanted and (tasks := [(job, folder) for job in itertools.islice(jobs, batch)]):
            for line in pool.imap(make, tasks, chunksize=4):
                if line is None:
                    failed += 1
                    continue
                manifest.write(json.dumps(line) + "\n")
                made, total = made + 1, total + line["samples"]
            seconds = time.monotonic() - start
            print(f"{made} files, {total / RATE / 3600:.3f} h of speech in {seconds:.0f} s "
                  f"({total / RATE / seconds:.0f} times real time), {failed} failed", flush=True)


if __name__ == "__main__":
    main()
