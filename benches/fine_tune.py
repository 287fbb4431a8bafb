"""How many examples a new domain needs: the curve of docs/fine-tune.md.

The model `snips@1`, which knows nothing of banks, learns the 15 banking intents of clinc150 from 20, 50 and 100
utterances each: all weights, low-rank changes, or the heads alone; and from random weights, for comparison. Judged by the
banking utterances of the validation part. The baseline, TF-IDF and a linear SVM, learns from the same samples.

    cargo build --release
    python benches/fine_tune.py --data ../shared/data [--seeds 1,2,3] [--threads 2]
"""

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
RECIPE = """recipe: 1
name: banking
about: Tells fifteen intents of a bank's customers apart.
task: utterance
data: {train: train.jsonl, valid: valid.jsonl, choose_percent: 0}
net: {width: 160, dilations: [1, 2, 4], heads: 4}
lesson: {batch: 16, label_smoothing: 0.1, dropout: 0.3}
train: {epochs: EPOCHS, learning_rate: RATE, warm_up: 0.1, average_decay: 0.99, patience: 0, select: intent accuracy}
card: {intended_use: measuring how many examples a new domain needs}
"""
# Steps are about the same for all sizes; the learning rate is that which each way bears.
WAYS = {
    "full": (["--from", "models/weights/snips"], 0.002),
    "LoRA 8": (["--from", "models/weights/snips", "--lora", "8"], 0.005),
    "head only": (["--from", "models/weights/snips", "--freeze", "encoder"], 0.01),
    "from random weights": ([], 0.002),
}
EPOCHS = {20: 60, 50: 30, 100: 20}


def rows(path):
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in found if row["domain"] == "banking"]


def sample(training, size, seed):
    """So many utterances of each intent, drawn by the seed."""
    source, intents = random.Random(seed), sorted({row["intent"] for row in training})
    drawn = []
    for intent in intents:
        own = [row for row in training if row["intent"] == intent]
        drawn += source.sample(own, min(size, len(own)))
    return drawn


def motet(arguments):
    done = subprocess.run(
        [ROOT / "target/release/motet", "--format", "json", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def accuracy(evaluation):
    return next(row for row in evaluation["metrics"] if row["name"].startswith("intent accuracy"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", default="2")
    arguments = parser.parse_args()
    training, valid = (rows(arguments.data / "clinc150" / f"{part}.jsonl") for part in ("train", "valid"))
    print("| utterances of each intent | way | accuracy, mean (lowest to highest) % | SVM % | seconds |")
    print("|---|---|---|---|---|")
    for size, epochs in EPOCHS.items():
        for way, (options, rate) in WAYS.items():
            own, base, seconds = [], [], []
            for seed in arguments.seeds.split(","):
                with tempfile.TemporaryDirectory() as folder:
                    folder = Path(folder)
                    for name, part in (("train", sample(training, size, int(seed))), ("valid", valid)):
                        text = "".join(json.dumps(row) + "\n" for row in part)
                        (folder / f"{name}.jsonl").write_text(text)
                    recipe = RECIPE.replace("EPOCHS", str(epochs)).replace("RATE", str(rate))
                    (folder / "recipe.yaml").write_text(recipe)
                    start = time.monotonic()
                    train = ["train", folder / "recipe.yaml", "--data", folder, "--out", folder / "model", "--seed", seed]
                    motet([*train, "--threads", arguments.threads, *options])
                    seconds.append(time.monotonic() - start)
                    train_file = ["--train", folder / "train.jsonl"]
                    found = accuracy(motet(["eval", folder / "model", "--data", folder / "valid.jsonl", *train_file]))
                    own.append(100 * found["model"]["value"])
                    base.append(100 * found["baseline"]["value"])
            figures = f"{statistics.mean(own):.1f} ({min(own):.1f} to {max(own):.1f})"
            print(f"| {size} | {way} | {figures} | {statistics.mean(base):.1f} | {max(seconds):.0f} |", flush=True)


if __name__ == "__main__":
    main()
