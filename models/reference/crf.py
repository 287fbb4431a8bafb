"""The reference of the tagger: CRFsuite on the features of `models/src/baseline/crf/features.rs` (python-crfsuite).

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python crf.py --data ../../../shared/data [--sentences 2000]

Trains on the first sentences of SNIPS' train.jsonl with L-BFGS and an L2 penalty (`c2`), and prints span F1 and the
share of sentences with all tags right, in percent, on valid.jsonl. CRFsuite has no weights for the first and last tag
and only those between features and tags that were seen together, so figures differ by some tenths.
"""

import argparse
import json
import tempfile
from itertools import groupby
from pathlib import Path

import pycrfsuite

from metrics import entities


def shape(word):
    kinds = ["X" if c.isupper() else "x" if c.isalpha() else "d" if c.isnumeric() else c for c in word]
    return "".join("".join(list(run)[:2]) for _, run in groupby(kinds))


def features(tokens, place):
    token = tokens[place]
    padded = ["<", "<", *(t.lower() for t in tokens), ">", ">"]
    before2, before, lower, after, after2 = padded[place : place + 5]
    found = ["bias", f"word={token}", f"shape={shape(token)}"]
    found += [f"lower={lower}"] if lower != token else []
    for length in range(1, min(4, len(lower)) + 1):
        found += [f"prefix={lower[:length]}", f"suffix={lower[-length:]}"]
    found += ["digit"] if token.isnumeric() else []
    found += [f"-2={before2}", f"-1={before}", f"+1={after}", f"+2={after2}", f"-1,0={before} {lower}",
              f"0,+1={lower} {after}", f"-2,-1={before2} {before}", f"+1,+2={after} {after2}",
              f"-1 suffix={before[-3:]}", f"+1 suffix={after[-3:]}", f"-1 shape={shape(before)}",
              f"+1 shape={shape(after)}"]
    return found


def rows(sentence):
    return [features(sentence["tokens"], place) for place in range(len(sentence["tokens"]))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared" / "data")
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--c2", type=float, default=0.1)
    args = parser.parse_args()
    train, valid = ([json.loads(line) for line in (args.data / "snips" / f"{split}.jsonl").open(encoding="utf-8")]
                    for split in ("train", "valid"))
    trainer = pycrfsuite.Trainer(verbose=False, params={"c1": 0.0, "c2": args.c2, "max_iterations": 300,
                                                        "feature.possible_transitions": True})
    for sentence in train[: args.sentences]:
        trainer.append(rows(sentence), sentence["slots"])
    with tempfile.TemporaryDirectory() as folder:
        trainer.train(str(Path(folder) / "model"))
        tagger = pycrfsuite.Tagger()
        tagger.open(str(Path(folder) / "model"))
        answers = [tagger.tag(rows(sentence)) for sentence in valid]
    gold = {(i, *span) for i, sentence in enumerate(valid) for span in entities(sentence["slots"])}
    found = {(i, *span) for i, answer in enumerate(answers) for span in entities(answer)}
    all_right = sum(answer == sentence["slots"] for answer, sentence in zip(answers, valid)) / len(valid)
    print(f"span F1 {200 * len(gold & found) / (len(gold) + len(found)):.2f}, all tags right {100 * all_right:.2f}")


if __name__ == "__main__":
    main()
