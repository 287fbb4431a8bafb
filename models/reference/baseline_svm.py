"""The classical baseline for spoken keywords: MFCC and a support vector machine (librosa, scikit-learn).

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python baseline_svm.py --data ../../../shared/data

Prints accuracy in percent on `wakewords`, which is in --data:
  6 words   train on train, test on valid; and five folds inside train with whole recording groups held out
  7 classes the same with `none`: cuts of speech from `barista` and `fsdd`. The voices of `none` are halved: barista
            groups in even places of the sorted list and fsdd's george, jackson, lucas are trained on, the others
            (and all of barista's valid split, which has groups of its own) are only tested on. In the five folds,
            `none` of the training voices is held out by group as well.
The folds are the honest figure: valid is 14 groups, and a group is mostly one speaker with one microphone.

Features, after Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition",
1980: 20 cepstra of 40 Slaney mel bands (20 to 7,600 Hz, 25 ms every 10 ms) less their mean over the clip, cut to what
is louder than 30 dB below the peak frame, resampled to 20 frames, with first differences; and their deviations.
"""

import argparse
import json
from pathlib import Path

import librosa
import numpy as np
import soundfile
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

RATE = 16000
CEPSTRA = 20
FRAMES = 20
WIDTH = CEPSTRA * FRAMES + CEPSTRA * (FRAMES - 1) + CEPSTRA + 1
NONE = "none"
FSDD_TRAIN = {"george", "jackson", "lucas"}


def read_jsonl(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_audio(path):
    samples, rate = soundfile.read(path, dtype="float64")
    return samples if rate == RATE else librosa.resample(samples, orig_sr=rate, target_sr=RATE)


def features(samples):
    """One vector a clip, of the same length whatever the clip's."""
    samples = np.pad(samples, (0, max(0, 1024 - len(samples))))
    power = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=512, win_length=400, hop_length=160, center=False,
                                           n_mels=40, fmin=20, fmax=7600)
    cepstra = librosa.feature.mfcc(S=librosa.power_to_db(power, amin=1e-8, top_db=80), n_mfcc=CEPSTRA)
    level = librosa.power_to_db(power.sum(axis=0), top_db=None)
    loud = np.flatnonzero(level > level.max() - 30)
    cepstra = cepstra[:, loud[0] : loud[-1] + 1]
    cepstra = cepstra - cepstra.mean(axis=1, keepdims=True)
    at = np.linspace(0, cepstra.shape[1] - 1, FRAMES)
    shape = np.array([np.interp(at, np.arange(cepstra.shape[1]), row) for row in cepstra])
    return np.concatenate([shape.ravel(), np.diff(shape, axis=1).ravel(), cepstra.std(axis=1), [len(loud)]])


class Clips:
    """Feature rows with label and group; groups of different data sets never meet."""

    def __init__(self):
        self.rows, self.labels, self.groups = [], [], []

    def add(self, samples, label, group):
        self.rows.append(features(samples))
        self.labels.append(label)
        self.groups.append(group)

    def joined(self, other):
        both = Clips()
        both.rows, both.labels = self.rows + other.rows, self.labels + other.labels
        both.groups = self.groups + other.groups
        return both

    def arrays(self):
        return np.array(self.rows), np.array(self.labels), np.array(self.groups)


def keywords(data, split):
    clips = Clips()
    for row in read_jsonl(data / "wakewords" / f"{split}.jsonl"):
        clips.add(read_audio(data / "wakewords" / row["file"]), row["label"], f"wakewords-{row['group']}")
    return clips


def none_of(data, rng, chosen, count):
    """`count` cuts: two thirds from barista orders, of a keyword clip's length (0.6 to 1.6 s), one third digits."""
    clips = Clips()
    orders, digits = chosen
    for i in rng.choice(len(orders), count * 2 // 3, replace=len(orders) < count * 2 // 3):
        path, group = orders[i]
        samples = read_audio(path)
        length = min(len(samples), int(rng.uniform(0.6, 1.6) * RATE))
        start = rng.integers(0, len(samples) - length + 1)
        clips.add(samples[start : start + length], NONE, group)
    for i in rng.choice(len(digits), count // 3, replace=False):
        path, group = digits[i]
        clips.add(read_audio(path), NONE, group)
    return clips


def none_voices(data):
    """((orders, digits) to train on, (orders, digits) to test on), each a list of (path, group)."""
    orders = [(row, split) for split in ("train", "valid") for row in read_jsonl(data / "barista" / f"{split}.jsonl")]
    train_groups = sorted({row["group"] for row, split in orders if split == "train"})[::2]
    sides = ([], []), ([], [])
    for row, split in orders:
        side = 0 if split == "train" and row["group"] in train_groups else 1
        sides[side][0].append((data / "barista" / row["file"], f"barista-{row['group']}"))
    for row in read_jsonl(data / "fsdd" / "train.jsonl"):
        side = 0 if row["speaker"] in FSDD_TRAIN else 1
        sides[side][1].append((data / "fsdd" / row["file"], f"fsdd-{row['speaker']}"))
    return sides


def machine():
    """C and gamma are the best of a grid of nine (C 3, 10, 100; gamma 0.1, 0.3, 1 / WIDTH) by the folds inside train."""
    return make_pipeline(StandardScaler(), SVC(C=10, gamma=0.3 / WIDTH, class_weight="balanced"))


def tested(train, valid):
    """(truth, answer) of valid after training on train."""
    rows, labels, _ = train.arrays()
    rows_valid, truth, _ = valid.arrays()
    return truth, machine().fit(rows, labels).predict(rows_valid)


def folded(clips, seed):
    """(truth, answer) of every clip, each answered by a machine that never heard its group."""
    rows, labels, groups = clips.arrays()
    answers = labels.copy()
    for train, test in StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(rows, labels, groups):
        answers[test] = machine().fit(rows[train], labels[train]).predict(rows[test])
    return labels, answers


def percent(pair):
    return 100 * np.mean(pair[0] == pair[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared" / "data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    args = parser.parse_args()
    train, valid = keywords(args.data, "train"), keywords(args.data, "valid")
    none_train, none_valid = none_voices(args.data)
    columns = {"6 words, valid": [], "6 words, folds by group": [], "7 classes, valid": [],
               "7 classes, folds by group": []}
    last = {}
    for seed in args.seeds:
        rng = np.random.default_rng(seed)
        train7 = train.joined(none_of(args.data, rng, none_train, 480))
        valid7 = valid.joined(none_of(args.data, rng, none_valid, 120))
        last = {"6 words, valid": tested(train, valid), "6 words, folds by group": folded(train, seed),
                "7 classes, valid": tested(train7, valid7), "7 classes, folds by group": folded(train7, seed)}
        for name, pair in last.items():
            columns[name].append(percent(pair))
    print(f"{len(train.rows)} train and {len(valid.rows)} valid clips of {len(set(train.groups))} and "
          f"{len(set(valid.groups))} groups; none: 480 and 120 cuts; seeds {args.seeds}")
    print(f"{'accuracy, %':28}{'mean':>7}{'least':>7}{'most':>7}{'clips':>7}")
    for name, values in columns.items():
        print(f"{name:28}{np.mean(values):7.1f}{min(values):7.1f}{max(values):7.1f}{len(last[name][0]):7}")
    for name in ("7 classes, valid", "7 classes, folds by group"):
        truth, answer = last[name]
        labels = sorted(set(truth))
        print(f"\n{name}, seed {args.seeds[-1]}: rows are the truth, in the order {', '.join(labels)}; then recall")
        for label, row in zip(labels, confusion_matrix(truth, answer, labels=labels)):
            print(f"  {label:13}" + "".join(f"{n:5}" for n in row) + f"{100 * row[labels.index(label)] / row.sum():8.1f} %")


if __name__ == "__main__":
    main()
