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
