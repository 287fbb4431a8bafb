"""What happens to speech between a mouth and a net: speed, room, microphone, noise, level. Samples are from -1 to 1.

Every chance is taken from the generator that is given.
"""

from fractions import Fraction

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

RATE = 16000


def loudest_frame(samples, frame=512):
    """The largest energy of a frame of 512 samples."""
    whole = samples[: len(samples) // frame * frame]
    return float((whole.reshape(-1, frame) ** 2).sum(axis=1).max()) if len(whole) else float((samples**2).sum())


def mix(samples, noise, snr_db):
    """Speech and noise by the protocol of the barista set: the ratio of their loudest frames, then a peak of 0.5."""
    ratio = loudest_frame(samples) / max(loudest_frame(noise), 1e-12)
    mixed = samples + np.sqrt(ratio * 10 ** (-snr_db / 10)) * noise
    return 0.5 * mixed / np.abs(mixed).max()


def room(generator):
    """The answer of a room to an impulse: a few early reflections and a tail of noise that decays."""
    decay = generator.uniform(0.1, 0.6)
    time = np.arange(int(RATE * decay)) / RATE
    tail = generator.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail = lfilter([1], [1, -generator.uniform(0, 0.7)], tail)
    tail = np.concatenate([np.zeros(int(generator.uniform(0.001, 0.008) * RATE)), tail])
    early = int(0.03 * RATE)
    for _ in range(generator.integers(2, 7)):
        tail[generator.integers(1, early + 1)] += generator.uniform(-2, 2) * np.abs(tail).max()
    direct_db = generator.uniform(-2, 15)
    tail *= np.sqrt(10 ** (-direct_db / 10) / (tail**2).sum())
    tail[0] = 1
    return tail


def coloured_noise(generator, count):
    """Noise whose spectrum falls, from white to almost pink."""
    spectrum = np.fft.rfft(generator.standard_normal(count))
    slope = generator.uniform(0, 0.8)
    return np.fft.irfft(spectrum * np.maximum(np.arange(len(spectrum)), 1) ** -slope, count)


def nothing(generator, kitchen):
    """Half a second to three seconds in which nobody speaks: noise, hum, knocks, tones or silence, at any level."""
    count = int(RATE * generator.uniform(0.5, 3))
    time, kind = np.arange(count) / RATE, generator.random()
    if kind < 0.3:
        samples = np.resize(np.roll(kitchen, -generator.integers(len(kitchen))), count)
    elif kind < 0.6:
        samples = coloured_noise(generator, count)
    elif kind < 0.7:  # hum of the mains or a motor
        base, harmonics = generator.uniform(40, 250), np.arange(1, 12)[:, None]
        samples = (generator.random((11, 1)) / harmonics * np.sin(2 * np.pi * base * harmonics * time)).sum(axis=0)
    elif kind < 0.8:  # knocks
        samples = np.zeros(count)
        for start in generator.integers(count, size=generator.integers(1, 6)):
            length = min(count - start, int(RATE * generator.uniform(0.005, 0.08)))
            knock = generator.standard_normal(length) * np.exp(-5 * np.arange(length) / length)
            samples[start : start + length] += generator.uniform(0.2, 1) * knock
    elif kind < 0.95:  # tones, a few at a time, as music and signals have
        samples = np.zeros(count)
        for start in np.arange(0, count, int(RATE * generator.uniform(0.1, 0.6))):
            note = time[: count - start]
            pitches = 110 * 2 ** (generator.integers(0, 40, size=generator.integers(1, 4)) / 12)
            for pitch in pitches:
                samples[start:] += np.sin(2 * np.pi * pitch * note) * np.exp(-note * generator.uniform(1, 12))
    else:
        samples = np.zeros(count)
    if generator.random() < 0.5:
        samples = fftconvolve(samples, room(generator))[:count]
    level = 10 ** (generator.uniform(-70, -12) / 20)
    samples = samples * level / max(np.sqrt((samples**2).mean()), 1e-9)
    hiss = generator.standard_normal(count) * 10 ** (generator.uniform(-95, -60) / 20)
    return np.clip(samples, -1, 1) + hiss


def augment(samples, generator, kitchen, babble=None, speed=(0.9, 1.1)):
    """A copy as another room, microphone and noise would give it; `babble` is other speech, if there is any."""
    ratio = Fraction(1 / generator.uniform(*speed)).limit_denominator(40)
    samples = resample_poly(samples, ratio.numerator, ratio.denominator)
    if generator.random() < 0.75:
        samples = fftconvolve(samples, room(generator))[: len(samples) + int(0.05 * RATE)]
    if generator.random() < 0.4:  # the tilt of a microphone
        samples = lfilter([1, -generator.uniform(-0.5, 0.7)], [1], samples)
    if generator.random() < 0.15:  # the band of a telephone
        samples = resample_poly(resample_poly(samples, 1, 2), 2, 1)
    kind, count = generator.random(), len(samples)
    if kind < 0.6:
        noise = np.resize(np.roll(kitchen, -generator.integers(len(kitchen))), count)
    elif kind < 0.85 or babble is None:
        noise = coloured_noise(generator, count)
    else:
        noise = np.resize(babble, count)
    # No noise is silent throughout: it is measured.
    noise = noise + 1e-9 * generator.standard_normal(count)
    return mix(samples, noise, generator.uniform(6, 30)) * generator.uniform(0.1, 1.9)


def settle(samples, generator):
    """A clean copy at another level, with the faint noise that synthetic speech lacks."""
    samples = samples * 10 ** (generator.uniform(-18, 5) / 20)
    return samples + generator.standard_normal(len(samples)) * 10 ** (generator.uniform(-80, -55) / 20)


def with_margins(samples, generator):
    """Faint noise before and behind a word that was cut tightly: 0.1 to 0.25 s each."""
    before, behind = (generator.standard_normal(generator.integers(1600, 4000)) * 10 ** (-70 / 20) for _ in range(2))
    return np.concatenate([before, samples, behind])
