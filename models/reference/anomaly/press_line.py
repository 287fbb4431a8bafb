"""Makes the samples of pipelines/press-line: a press with a hydraulic pump, whose data are computed here and nowhere measured.

    python press_line.py inputs FOLDER    the samples that lie in pipelines/press-line/inputs
    python press_line.py normal FOLDER    what its own models learnt from: a minute of vibration, two hours of process values

Vibration: three axes in g at 12 kHz, shaft at 1,772 rpm with small unbalance, two resonances in noise, and where the bearing
(SKF 6205) is damaged, an impulse at every pass of a ball over the outer race with 1 % of slip. Process values: one row a second.
"""
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import lfilter

RATE = 12_000
SHAFT = 1_772 / 60
OUTER = 3.5848
START = datetime(2026, 3, 12, 6, 0, 0)
# Of each process value (pressure in bar, flow in l/min, current in A, temperature in degrees, velocity in mm/s): its name,
# mean, standard deviation, and how long it remembers, in seconds.
SENSORS = [("PT-1", 120.0, 0.8, 4), ("FT-1", 38.0, 0.35, 6), ("IT-1", 21.5, 0.25, 3), ("TT-1", 46.0, 0.3, 240),
           ("VT-1", 1.9, 0.05, 5)]
# Gains of the three axes.
AXES = [1.0, 0.8, 0.45]


def resonance(noise, hertz, damping):
    """A second-order resonator at `hertz` with a share of critical damping, with a peak gain of about 1."""
    radius = np.exp(-2 * np.pi * hertz * damping / RATE)
    angle = 2 * np.pi * hertz / RATE
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius * radius)
    return lfilter([gain], [1, -2 * radius * np.cos(angle), radius * radius], noise)


def vibration(seconds, seed, damage=0.0):
    """`[samples, 3]` in g; `damage` is the height of the impulses, in g at the resonance."""
    draw = np.random.default_rng(seed)
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    impulses = np.zeros(count)
    at = draw.uniform(0, 1 / (OUTER * SHAFT))
    while at < seconds:
        impulses[min(count - 1, int(at * RATE))] += draw.uniform(0.8, 1.2)
        at += draw.normal(1, 0.01) / (OUTER * SHAFT)
    ring = resonance(impulses, 3_200, 0.03)
    ring *= damage / max(np.abs(ring).max(), 1e-12)
    # Levels of a running machine wander by a few hundredths from minute to minute.
    wander = np.exp(0.03 * np.sin(2 * np.pi * time / 47 + draw.uniform(0, 6)))
    axes = []
    for gain in AXES:
        turning = 0.02 * np.sin(2 * np.pi * SHAFT * time + draw.uniform(0, 6)) + 0.01 * np.sin(
            4 * np.pi * SHAFT * time + draw.uniform(0, 6))
        noise = resonance(draw.normal(0, 0.5, count), 900, 0.08) + resonance(draw.normal(0, 0.35, count), 3_200, 0.03)
        axes.append(gain * (wander * (turning + noise + draw.normal(0, 0.015, count)) + ring))
    return np.stack(axes, 1).astype(np.float32)


def process(rows, seed):
    """`[rows, sensors]`, each a first-order autoregressive process around its mean."""
    draw = np.random.default_rng(seed)
    columns = []
    for _, mean, deviation, memory in SENSORS:
        past = np.exp(-1 / memory)
        noise = draw.normal(0, deviation * np.sqrt(1 - past * past), rows)
        noise[0] = draw.normal(0, deviation)
        columns.append(mean + lfilter([1], [1, -past], noise))
    return np.stack(columns, 1)


def valve_closes(values, row):
    """From `row` on the outlet valve closes within 40 seconds to where the flow is 20 % lower and the pressure 9 % higher."""
    share = np.clip((np.arange(len(values)) - row) / 40, 0, 1)
    for name, change in [("FT-1", -0.20), ("PT-1", 0.09), ("IT-1", 0.05)]:
        column = [sensor[0] for sensor in SENSORS].index(name)
        values[:, column] *= 1 + change * share
    return values


def table(values, times=None, cells=None):
    lines = ["time," + ",".join(sensor[0] for sensor in SENSORS)]
    for row, value in enumerate(values):
        at = times[row] if times is not None else START + timedelta(seconds=row)
        shown = [f"{number:.3f}" for number in value]
        for (cell_row, column), text in (cells or {}).items():
            if cell_row == row:
                shown[column] = text
        lines.append(at.isoformat() + "," + ",".join(shown))
    return "\n".join(lines) + "\n"


def broken():
    """Sound values with a burst of NaN, a stuck sensor, a gap of a minute, a stamp that goes back, and flow in litres an hour."""
    values = process(600, 31)
    cells = {(row, 0): "NaN" for row in range(100, 112)}
    values[200:300, 2] = values[200, 2]
    values[480:, 1] *= 60
    times = [START + timedelta(seconds=row + (60 if row >= 380 else 0)) for row in range(600)]
    times[440] = times[430]
    return table(values, times, cells)


def history():
    """Velocity in mm/s of the 40 days before, once a day and slowly rising."""
    draw = np.random.default_rng(41)
    lines = ["time,value"]
    for day in range(40):
        at = START - timedelta(days=40 - day)
        lines.append(f"{at.isoformat()},{0.55 + 0.01 * day + draw.normal(0, 0.02):.3f}")
    return "\n".join(lines) + "\n"


def inputs(folder):
    wavfile.write(folder / "normal.wav", RATE, vibration(1, 11))
    wavfile.write(folder / "outer-race.wav", RATE, vibration(1, 12, damage=1.5))
    clipped = vibration(1, 13, damage=1.5)
    clipped[:, 0] = np.clip(clipped[:, 0], -0.4, 0.4)
    wavfile.write(folder / "clipped.wav", RATE, clipped)
    (folder / "normal.csv").write_text(table(process(600, 21)))
    (folder / "valve.csv").write_text(table(valve_closes(process(600, 22), 300)))
    (folder / "broken.csv").write_text(broken())
    (folder / "history.csv").write_text(history())


def normal(folder):
    wavfile.write(folder / "vibration.wav", RATE, vibration(60, 1))
    (folder / "process.csv").write_text(table(process(7_200, 2)))


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {"inputs": inputs, "normal": normal}[sys.argv[1]](target)
