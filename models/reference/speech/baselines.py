"""What the classical methods get of the same recordings: PocketSphinx with a grammar, and MFCC with an SVM.

    pip install -r requirements.txt scikit-learn==1.7.2 python_speech_features==0.6
    nice -n 10 python baselines.py --data ../shared/data --speech DIR

Orders: PocketSphinx 5.1.1 with its own acoustic model of US English and all sentences of the coffee machine's grammar, on
the validation rows of DIR/valid.jsonl (see corpus.py), the pronunciations of lexicon.py. Digits: the mean and deviation of
13 MFCC and their first differences over five equal stretches of a recording, and an SVM with an RBF kernel (C = 10), each
speaker left out in turn, 450 digits each.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import soundfile
from python_speech_features import delta, mfcc
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from align import Aligner, Network
from sentences import BEFORE, LEADS, domain_words, slot_values

SLOT_NAMES = {"coffeeDrink": "coffee_drink", "size": "size", "roast": "roast", "numberOfShots": "number_of_shots",
              "milkAmount": "milk_amount", "sugarAmount": "sugar_amount"}
STRETCHES = 5


def orders(data):
    """All sentences of the coffee machine's grammar."""
    network, values = Network(), slot_values(data)
    for lead in LEADS:
        network.say("start", "lead", lead)
    for article in ("", "a", "an"):
        network.say("lead", frozenset(), article)
    for count in range(len(BEFORE) + 1):
        for used in itertools.combinations(BEFORE, count):
            used = frozenset(used)
            for slot in set(BEFORE) - used:
                for value in values[slot]:
                    network.say(used, used | {slot}, value)
            for drink in values["coffeeDrink"]:
                network.say(used, "drink", drink)
    network.say("drink", "end", "")
    network.say("drink", "with", "with")
    for first, second in (("milkAmount", "sugarAmount"), ("sugarAmount", "milkAmount")):
        for value in values[first]:
            network.say("with", first, value)
        network.say(first, "end", "")
        network.say(first, (first, "and"), "and")
        for value in values[second]:
            network.say((first, "and"), "end", value)
    return network


def slots_of(words, values):
    """The slots that a sentence of the grammar says: of each the longest value that is in it."""
    rest, said = f" {words} ", {}
    order = sorted(((value, slot) for slot in values for value in values[slot]), key=lambda each: -len(each[0]))
    for value, slot in order:
        if f" {value} " in rest and slot not in said:
            said[SLOT_NAMES[slot]] = value
            rest = rest.replace(f" {value} ", " | ", 1)
    return said


def hear_orders(data, speech):
    aligner, network, values = Aligner(domain_words(data)), orders(data), slot_values(data)
    rows = [json.loads(line) for line in (speech / "valid.jsonl").read_text(encoding="utf-8").splitlines()]
    for source in sorted({row["source"] for row in rows if row["source"].startswith("barista")}):
        chosen, right = [row for row in rows if row["source"] == source], 0
        for row in chosen:
            samples, _ = soundfile.read(speech / row["file"], dtype="int16")
            found = aligner.align(network, samples)
            right += bool(found) and slots_of(found[0], values) == row["slots"]
        print(f"| PocketSphinx with the grammar, {source} | {100 * right / len(chosen):.1f} % of {len(chosen)} |", flush=True)


def features(samples, rate):
    """Mean and deviation of MFCC and their differences in equal stretches of a recording."""
    cepstra = mfcc(samples, rate, nfft=512)
    frames = np.hstack([cepstra, delta(cepstra, 2)])
    parts = np.array_split(frames, STRETCHES) if len(frames) >= STRETCHES else [frames] * STRETCHES
    return np.concatenate([statistic(part, axis=0) for part in parts for statistic in (np.mean, np.std)])


def hear_digits(data):
    rows = []
    for side in ("train", "valid"):
        lines = (data / "fsdd" / f"{side}.jsonl").read_text(encoding="utf-8").splitlines()
        rows += [json.loads(line) for line in lines]
    table = np.array([features(*soundfile.read(data / "fsdd" / row["file"])) for row in rows])
    digits = np.array([row["digit"] for row in rows])
    speakers = np.array([row["speaker"] for row in rows])
    scores = []
    for speaker in sorted(set(speakers)):
        left = speakers == speaker
        machine = make_pipeline(StandardScaler(), SVC(C=10)).fit(table[~left], digits[~left])
        scores.append(100 * machine.score(table[left], digits[left]))
        print(f"| MFCC with an SVM, {speaker} left out | {scores[-1]:.1f} % of {left.sum()} |")
    print(f"| MFCC with an SVM, mean and worst | {np.mean(scores):.1f} %, {min(scores):.1f} % |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of barista and fsdd")
    parser.add_argument("--speech", type=Path, required=True, help="folder that corpus.py made")
    args = parser.parse_args()
    hear_digits(args.data)
    hear_orders(args.data, args.speech)


if __name__ == "__main__":
    main()
