"""How many examples a new domain needs: the curve of docs/fine-tune.md.

A model that tells the 135 intents of the other nine domains of clinc150 apart learns the 15 banking intents from 20, 50
and 100 utterances each: all weights, low-rank changes, or the heads alone; for comparison also `snips@1`, which has seen
nothing like them, with its heads alone, and random weights with the table of words that comes along. Judged by the banking
utterances of the validation part. The baseline, TF-IDF and a linear SVM, learns from the same samples.

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
TABLE = "start: ROOT/models/weights/words/table.safetensors"
# The nets of clinc150 and of snips.
SMALL = "{splitting: marks, width: 128, dilations: [1, 2, 4], heads: 0, gram_rows: 3968}"
SNIPS = "{splitting: words, width: 160, dilations: [1, 2, 4], heads: 4}"
BASE = f"""recipe: 1
name: base
about: Tells the intents of nine domains apart, and turns away what is none of them.
task: utterance
data: {{train: train.jsonl, valid: valid.jsonl, choose_percent: 5}}
net: {SMALL}
lesson: {{dropout: 0.3, label_smoothing: 0.1, out_of_scope: oos, scope: odds}}
train: {{epochs: 10, learning_rate: 0.002, warm_up: 0.05, select: intent accuracy, {TABLE}}}
card: {{intended_use: measuring how many examples a new domain needs}}
"""
RECIPE = """recipe: 1
name: banking
about: Tells fifteen intents of a bank's customers apart.
task: utterance
data: {train: train.jsonl, valid: valid.jsonl, choose_percent: 0}
net: NET
lesson: {batch: 16, label_smoothing: 0.1, dropout: 0.3}
train: {epochs: EPOCHS, learning_rate: RATE, warm_up: 0.1, average_decay: 0.99, patience: 0, MORE}
card: {intended_use: measuring how many examples a new domain needs}
"""
# Steps are about the same for all sizes; the learning rate is that which each way bears.
WAYS = {
    "full": (["--from", "BASE"], SMALL, 0.002, ""),
    "LoRA 8": (["--from", "BASE", "--lora", "8"], SMALL, 0.005, ""),
    "head only": (["--from", "BASE", "--freeze", "encoder"], SMALL, 0.01, ""),
    "head only, from `snips@1`": (["--from", "models/weights/snips", "--freeze", "encoder"], SNIPS, 0.01, ""),
    "from random weights": ([], SMALL, 0.002, TABLE),
}
EPOCHS = {20: 60, 50: 30, 100: 20}


def rows(path, is_banking):
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in found if (row["domain"] == "banking") == is_banking]


def fill(folder, recipe, parts):
    """Writes a recipe and its data into a folder."""
    for name, part in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    (folder / "recipe.yaml").write_text(recipe.replace("ROOT", str(ROOT)))
    return ["train", folder / "recipe.yaml", "--data", folder, "--out", folder / "model"]


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
    parts = ("train", "valid")
    both = {name: arguments.data / "clinc150" / f"{name}.jsonl" for name in parts}
    training, valid = (rows(both[name], True) for name in parts)
    with tempfile.TemporaryDirectory() as base:
        others = {name: rows(both[name], False) for name in parts}
        motet([*fill(Path(base), BASE, others), "--seed", "1", "--threads", arguments.threads])
        print("| utterances of each intent | way | accuracy, mean (lowest to highest) % | SVM % | seconds |")
        print("|---|---|---|---|---|", flush=True)
        for size, epochs in EPOCHS.items():
            for way, (options, net, rate, more) in WAYS.items():
                recipe = RECIPE.replace("EPOCHS", str(epochs)).replace("RATE", str(rate))
                recipe = recipe.replace("NET", net).replace("MORE", more)
                options = [f"{base}/model" if option == "BASE" else option for option in options]
                own, base_line, seconds = [], [], []
                for seed in arguments.seeds.split(","):
                    with tempfile.TemporaryDirectory() as folder:
                        folder = Path(folder)
                        drawn = sample(training, size, int(seed))
                        train = fill(folder, recipe, {"train": drawn, "valid": valid})
                        start = time.monotonic()
                        motet([*train, "--seed", seed, "--threads", arguments.threads, *options])
                        seconds.append(time.monotonic() - start)
                        judged = ["--data", folder / "valid.jsonl", "--train", folder / "train.jsonl"]
                        found = accuracy(motet(["eval", folder / "model", *judged]))
                        own.append(100 * found["model"]["value"])
                        base_line.append(100 * found["baseline"]["value"])
                figures = f"{statistics.mean(own):.1f} ({min(own):.1f} to {max(own):.1f})"
                line = f"| {size} | {way} | {figures} | {statistics.mean(base_line):.1f} | {max(seconds):.0f} |"
                print(line, flush=True)


if __name__ == "__main__":
    main()
