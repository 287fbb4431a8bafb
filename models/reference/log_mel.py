"""Writes log_mel.json: log-mel vectors computed by librosa, which the `audio/log-mel` node must reproduce.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python log_mel.py

Everything is computed in float64 from samples that float32 holds exactly (multiples of 2^-15, so one
16-bit sample each), and the result is rounded to float32 once, at the end.

The file is {"library": .., "cases": [case]}, a case being
  name     what the signal is
  config   sample_rate (Hz), n_fft, win_length, hop_length (samples), n_mels, fmin, fmax (Hz),
           floor: the value is ln(max(mel power, floor))
  samples  [samples], in -1..1
  mel      [frames, n_mels], frames = 1 + (samples - n_fft) / hop_length, rounded down

The convention: no padding at the ends (`center=False`); a periodic Hann window of win_length, centred in
n_fft by zeros; power spectrum |X|^2 without scaling; Slaney's mel scale (linear below 1 kHz, logarithmic
above) and Slaney's area normalisation of the triangles; natural logarithm.
"""

import argparse
import json
from pathlib import Path

import librosa
import numpy as np

STEP = 1 / 32768
KEYWORD = dict(sample_rate=16000, n_fft=512, win_length=400, hop_length=160, n_mels=40, fmin=20.0, fmax=7600.0,
               floor=1e-6)
FINE = dict(sample_rate=16000, n_fft=512, win_length=320, hop_length=80, n_mels=64, fmin=0.0, fmax=8000.0,
            floor=1e-6)


def on_grid(signal):
    """Rounds to multiples of 2^-15 inside the range of a 16-bit sample."""
    return np.clip(np.round(np.asarray(signal, dtype=np.float64) / STEP), -32768, 32767) * STEP


def sweep(count, rate):
    """A linear sine sweep from 50 Hz to 7,800 Hz at half scale."""
    t = np.arange(count) / rate
    slope = (7800 - 50) / (count / rate)
    return 0.5 * np.sin(2 * np.pi * (50 * t + 0.5 * slope * t * t))


def two_sines(count, rate):
    """A loud 440 Hz and a 3,017 Hz 30 dB below it: tells whether leakage is that of a Hann window."""
    t = np.arange(count) / rate
    return 0.6 * np.sin(2 * np.pi * 440 * t) + 0.6 * 10 ** (-30 / 20) * np.sin(2 * np.pi * 3017 * t + 1)


def noise(count, rms, seed):
    return rms * np.random.default_rng(seed).standard_normal(count)


def impulse(count, at, height):
    """One sample: each frame shows one point of the window and nothing else."""
    signal = np.zeros(count)
    signal[at] = height
    return signal


def clipped_square(count, rate):
    """A 230 Hz square wave driven past full scale, so every sample is the least or the greatest value."""
    return 4 * np.where((np.arange(count) * 230 // (rate // 2)) % 2 == 0, 1.0, -1.0)


def speech_like(count, rate):
    """Decaying pulses at 120 Hz through two resonances, with a pause: dynamics as in a vowel."""
    pulses = np.zeros(count)
    pulses[:: rate // 120] = 1
    signal = pulses
    for freq, width in ((700, 90), (1800, 140)):
        radius = np.exp(-np.pi * width / rate)
        feedback = (2 * radius * np.cos(2 * np.pi * freq / rate), -radius * radius)
        out = np.zeros(count)
        for i in range(count):
            out[i] = signal[i] + feedback[0] * (out[i - 1] if i > 0 else 0) + feedback[1] * (out[i - 2] if i > 1 else 0)
        signal = out
    signal = 0.7 * signal / np.abs(signal).max()
    signal[count // 2 : count * 3 // 4] = 0
    return signal


def log_mel(samples, config):
    """[frames, n_mels] as float32."""
    power = librosa.feature.melspectrogram(
        y=samples, sr=config["sample_rate"], n_fft=config["n_fft"], hop_length=config["hop_length"],
        win_length=config["win_length"], window="hann", center=False, power=2.0, n_mels=config["n_mels"],
        fmin=config["fmin"], fmax=config["fmax"], htk=False, norm="slaney", dtype=np.float64)
    assert power.dtype == np.float64
    return np.log(np.maximum(power, config["floor"])).T.astype(np.float32)


def case(name, config, signal):
    samples = on_grid(signal)
    assert np.array_equal(samples, samples.astype(np.float32).astype(np.float64))
    mel = log_mel(samples, config)
    assert mel.shape == (1 + (len(samples) - config["n_fft"]) // config["hop_length"], config["n_mels"])
    assert np.isfinite(mel).all()
    # `str` of a NumPy float32 is its shortest text that reads back to the same float32.
    rows = ",\n".join("[" + ",".join(str(value) for value in row) + "]" for row in mel)
    text = "[" + ",".join(repr(float(sample)) for sample in samples) + "]"
    return (f'{{"name": {json.dumps(name)},\n"config": {json.dumps(config)},\n"samples": {text},\n'
            f'"mel": [\n{rows}]}}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("log_mel.json"))
    out = parser.parse_args().out
    cases = [
        case("sine sweep", KEYWORD, sweep(1920, 16000)),
        case("two sines 30 dB apart", KEYWORD, two_sines(1920, 16000)),
        case("white noise", KEYWORD, noise(1920, 0.1, seed=20)),
        case("faint white noise near the floor", KEYWORD, noise(1920, 1e-3, seed=21)),
        case("impulse", KEYWORD, impulse(1920, 700, 0.5)),
        case("silence", KEYWORD, np.zeros(1920)),
        case("clipped square wave", KEYWORD, clipped_square(1920, 16000)),
        case("vowel with a pause", KEYWORD, speech_like(2400, 16000)),
        case("exactly one frame of noise", KEYWORD, noise(512, 0.1, seed=22)),
        case("one sample short of a second frame", KEYWORD, noise(671, 0.1, seed=23)),
        case("sine sweep, fine", FINE, sweep(1600, 16000)),
        case("white noise, fine", FINE, noise(1600, 0.05, seed=24)),
    ]
    body = ",\n".join(cases)
    out.write_text(f'{{"library": "librosa {librosa.__version__}, numpy {np.__version__}",\n"cases": [\n{body}]}}\n')
    loaded = json.loads(out.read_text())
    print(f"{out}: {len(loaded['cases'])} cases, {out.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
