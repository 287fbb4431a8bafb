"""Spoken digits of speakers that no training heard: each speaker of fsdd left out in turn.

A net learns from everything but digits; then, for each speaker, it learns from the digits of the others, with a quarter of
the other speech so that it forgets nothing. The speaker left out says 450 digits (400 of the training part, 50 of the
validation part); the pipeline hears the recordings as they are, by a grammar of ten words. The folder to learn from is made
by `models/reference/speech/corpus.py`.

    cargo build --release
    python benches/digits.py --data DIR --out WORK [--digits ../shared/data/fsdd] [--seed 1] [--threads 2]
"""

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOTET = ROOT / "target/release/motet"
WORDS = "zero one two three four five six seven eight nine".split()
PIPELINE = """motet: 1
pipeline: digits
contract: {memory: {cpu: 128 MiB}}
inputs: {mic: "f32[T<=160000] rate=16kHz range=-1..1"}
nodes:
  phones: {kind: model/phones, in: mic, with: {model: phones@2}}
  command: {kind: speech/commands, in: phones, with: {grammar: grammar.yaml, threshold: 0}}
outputs: {command: command}
"""


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


FRONT = (ROOT / "models/weights/embedding/front.safetensors").resolve()


def recipe(train, epochs, rate, seed):
    """The recipe of `phones` with other data and another length."""
    lines = (ROOT / "models/recipes/phones.yaml").read_text().splitlines()
    changes = {"  train:": f"  train: {train}", "seeds:": f"seeds: [{seed}]"}
    settings = f"epochs: {epochs}, learning_rate: {rate}, warm_up: 0.06, select: phone accuracy, start: {FRONT}"
    changes["train:"] = f"train: {{{settings}}}"
    for start, line in changes.items():
        lines = [line if found.startswith(start) else found for found in lines]
    return "\n".join(lines) + "\n"


def train(work, name, text, threads, *more):
    (work / f"{name}.yaml").write_text(text)
    command = [MOTET, "train", work / f"{name}.yaml", "--data", work, "--out", work / name, "--threads", str(threads)]
    subprocess.run([*command, "--resume", *more], check=True)


def accuracy(work, name, rows, threads):
    """Percent of these digits that the model of this name hears right."""
    folder = work / f"pipeline-{name}"
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    intents = "".join(f"  {word}: [{word}]\n" for word in WORDS)
    (folder / "grammar.yaml").write_text(f"grammar: 1\nabout: Digits.\nintents:\n{intents}")
    (folder / "models/phones.card.yaml").write_text((work / name / "card.yaml").read_text())

    def hear(row):
        command = [MOTET, "--format", "json", "run", folder, "--models", work / name, "--in", f"mic={row['file']}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout + done.stderr)
        heard = json.loads(done.stdout.splitlines()[-1])["outputs"].get("command")
        return bool(heard) and heard["intent"] == WORDS[row["digit"]]

    with ThreadPoolExecutor(threads) as pool:
        right = list(pool.map(hear, rows))
    return 100 * sum(right) / len(right)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--digits", type=Path, default=ROOT / "../shared/data/fsdd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    work = arguments.out
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "audio").exists():
        (work / "audio").symlink_to((arguments.data / "audio").resolve())

    def read(folder, name):
        return [json.loads(line) for line in (folder / name).read_text().splitlines()]

    rows, spoken = read(arguments.data, "train.jsonl"), []
    for part in ("train", "valid"):
        spoken += [{**row, "file": arguments.digits / row["file"]} for row in read(arguments.digits, f"{part}.jsonl")]
    digits = [row for row in rows if row["source"] == "fsdd"]
    speakers = sorted({row["group"] for row in digits})
    write(work / "base.jsonl", [row for row in rows if row["source"] != "fsdd"])
    write(work / "valid.jsonl", read(arguments.data, "valid.jsonl"))
    train(work, "base", recipe("base.jsonl", 10, 0.003, arguments.seed), arguments.threads)
    rest = [row for index, row in enumerate(rows) if row["source"] != "fsdd" and index % 4 == 0]
    print("| speaker left out | no digit heard in training | digits of the others heard |\n|---|---|---|")
    figures = []
    for speaker in speakers:
        name = f"without-{speaker.split()[-1]}"
        write(work / f"{name}.jsonl", [row for row in digits if row["group"] != speaker] + rest)
        text = recipe(f"{name}.jsonl", 6, 0.002, arguments.seed)
        train(work, name, text, arguments.threads, "--from", work / "base")
        chosen = [row for row in spoken if f"fsdd {row['speaker']}" == speaker]
        figures.append([accuracy(work, model, chosen, arguments.threads) for model in ("base", name)])
        print(f"| {speaker.split()[-1]}, {len(chosen)} digits | {figures[-1][0]:.1f} % | {figures[-1][1]:.1f} % |", flush=True)
    for what, of in (("mean", lambda column: sum(column) / len(column)), ("worst", min)):
        print(f"| {what} | " + " | ".join(f"{of(column):.1f} %" for column in zip(*figures)) + " |")


if __name__ == "__main__":
    main()
