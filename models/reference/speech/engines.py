"""Speech engines of a Debian machine, run as programs: espeak-ng (and mbrola), flite, festival, pico, piper."""

import collections
import subprocess
import tempfile
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 16000
# Phones of flite that CMUdict writes in another way.
_FLITE = {"ax": "AH", "axr": "ER", "ix": "IH", "dx": "T", "en": "AH N", "el": "AH L", "em": "AH M", "nx": "N",
          "hv": "HH", "pau": "", "ssil": "", "brth": ""}


def flite_phones(text):
    """The phones that flite speaks a text with."""
    command = ["flite", "-voice", "kal", "-ps", "-t", text, "-o", "none"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return " ".join(_FLITE.get(name, name.upper()) for name in names).split()


def speak(jobs, piper):
    """Yields each job with its samples (16 kHz, 16 bit), None where its engine failed; engine by engine."""
    by_engine = collections.defaultdict(list)
    for job in jobs:
        by_engine[job["engine"]].append(job)
    with tempfile.TemporaryDirectory() as folder:
        for engine, group in by_engine.items():
            paths = [Path(folder) / f"{engine}-{job['id']}.wav" for job in group]
            _run(engine, list(zip(group, paths)), piper)
            for job, path in zip(group, paths):
                yield job, _finish(path, job)


def _run(engine, tasks, piper):
    if engine == "festival":
        for voice in dict.fromkeys(job["voice"] for job, _ in tasks):
            _festival(voice, [(job, path) for job, path in tasks if job["voice"] == voice])
    elif engine == "piper":
        if piper:
            _piper(tasks, piper)
    else:
        for job, path in tasks:
            subprocess.run(_command(job, path), capture_output=True)


def _tempo(job):
    """Playing back faster, which warps the voice, shortens as well: the engine is asked for what is left."""
    return job["tempo"] / job["warp"]


def _command(job, path):
    if job["engine"] == "flite":
        stretch = f"duration_stretch={1 / _tempo(job):.3f}"
        return ["flite", "-voice", job["voice"], "--setf", stretch, "-t", job["spoken"], "-o", path]
    if job["engine"] == "pico":
        level, pitch = round(100 * _tempo(job)), round(70 + 0.6 * job["pitch"])
        text = f"<speed level='{level}'><pitch level='{pitch}'>{job['spoken']}</pitch></speed>"
        return ["pico2wave", "-l", job["voice"], "-w", path, text]
    voice = f"mb-{job['voice']}" if job["engine"] == "mbrola" else job["voice"]
    speed = str(round(165 * _tempo(job)))
    return ["espeak-ng", "-v", voice, "-s", speed, "-p", str(job["pitch"]), "-w", path, "--", job["spoken"]]


def _festival(voice, tasks):
    lines = [f"(voice_{voice})\n"]
    for job, path in tasks:
        lines.append(f"(Parameter.set 'Duration_Stretch {1 / _tempo(job):.3f})\n"
                     f"(utt.save.wave (SynthText \"{job['spoken']}\") \"{path}\" 'riff)\n")
    with tempfile.NamedTemporaryFile("w", suffix=".scm") as script:
        script.write("".join(lines))
        script.flush()
        subprocess.run(["festival", "--batch", script.name], capture_output=True)


def _piper(tasks, model):
    from piper import PiperVoice, SynthesisConfig

    voice = PiperVoice.load(model)
    for job, path in tasks:
        with wave.open(str(path), "wb") as file:
            voice.synthesize_wav(job["spoken"], file, syn_config=SynthesisConfig(length_scale=1 / _tempo(job)))


def _finish(path, job):
    """The engine's samples as 16 kHz, warped, with a margin of silence; None where it said nothing."""
    try:
        samples, rate = soundfile.read(path)
    except soundfile.LibsndfileError:
        return None
    path.unlink()
    if len(samples) < rate * 0.1 or np.abs(samples).max() < 1e-3:
        return None
    ratio = Fraction(RATE / (rate * job["warp"])).limit_denominator(160)
    samples = resample_poly(samples, ratio.numerator, ratio.denominator)
    hop = RATE // 100
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-45 / 20))
    before, behind = (np.zeros(int(margin * RATE)) for margin in job["margins"])
    samples = np.concatenate([before, samples[loud[0] * hop : (loud[-1] + 1) * hop], behind])
    return np.round(samples / np.abs(samples).max() * 16000).astype(np.int16)
