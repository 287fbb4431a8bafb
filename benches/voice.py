"""How many spoken orders are fully right, and how much of other speech is turned away: the table of docs/voice.md.

Runs the pipeline `robot-voice` on recordings as a program would, one process each: the 64 orders of the validation part of
barista, the same with kitchen noise, and speech that the grammar does not say. `models/reference/speech/corpus.py` makes
the folder with the mixed recordings; the threshold is the one that turns away 2 % of the clean orders.

    cargo build --release
    python benches/voice.py --data DIR [--threads 2]
"""

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOISY = ("barista 24 dB", "barista 12 dB", "barista 6 dB")
SLOTS = ("size", "roast", "number_of_shots", "coffee_drink", "milk_amount", "sugar_amount")


def hear(path):
    """The command in a recording, or nothing where nobody speaks."""
    command = [ROOT / "target/release/motet", "--format", "json", "run", "pipelines/robot-voice", "--in", f"mic={path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])["outputs"].get("command")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    def rows(name):
        return [json.loads(line) for line in (arguments.data / name).read_text().splitlines()]

    valid, reject = rows("valid.jsonl"), rows("reject.jsonl")
    confidences = {}
    with ThreadPoolExecutor(arguments.threads) as threads:
        for source in ("barista", *NOISY):
            chosen = [row for row in valid if row["source"] == source]
            heard = list(threads.map(lambda row: hear(arguments.data / row["file"]), chosen))
            right = 0
            for row, command in zip(chosen, heard):
                said = {name: command[name] for name in SLOTS if command[name]} if command else None
                right += said == row["slots"]
            confidences[source] = sorted((command or {"confidence": 0})["confidence"] for command in heard)
            print(f"| {source} | {100 * right / len(chosen):.1f} % of {len(chosen)} |")
        clean = confidences["barista"]
        threshold = clean[int(0.02 * len(clean))]
        for source in sorted({row["source"] for row in reject}):
            chosen = [row for row in reject if row["source"] == source]
            heard = threads.map(lambda row: hear(arguments.data / row["file"]), chosen)
            found = [(command or {"confidence": 0})["confidence"] for command in heard]
            for name, least in (("2 % of orders", threshold), ("0.5", 0.5)):
                away = sum(confidence < least for confidence in found)
                print(f"| {source} turned away at {name} ({least:.3f}) | {100 * away / len(found):.1f} % of {len(found)} |")
        for source, found in confidences.items():
            print(f"| {source} accepted at 0.5 | {accepted(found)} % |")


def accepted(confidences):
    return round(100 * sum(confidence >= 0.5 for confidence in confidences) / len(confidences), 1)


if __name__ == "__main__":
    main()
