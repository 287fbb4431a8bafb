"""What a threshold accepts: the table in section 4 of docs/voice.md, and what one on the values of slots is worth.

Three grammars hear what they say and what they do not: that of the pipeline `robot-voice`, that of `car-voice`, and ten digits.
`models/reference/speech/corpus.py` makes the folder with the recordings.

    cargo build --release
    python benches/thresholds.py --data DIR [--threads 2]
"""

import argparse
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from digits import MOTET, PIPELINE, ROOT, WORDS
from voice import SLOTS

THRESHOLDS = (0.3, 0.35, 0.4, 0.5)
# Least confidence of each value of a command.
OF_SLOTS = 0.45
SPEECH = {"robot-voice": ("car", "clinc"), "car-voice": ("wakewords", "fsdd", "clinc"), "digits": ("car", "clinc")}


def hear(pipeline, path):
    """The command in a recording; where nobody speaks, one that no threshold accepts."""
    command = [MOTET, "--format", "json", "run", pipeline, "--in", f"mic={path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])["outputs"].get("command") or {"confidence": -1, "weakest": -1}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    def rows(name):
        return [json.loads(line) for line in (arguments.data / name).read_text().splitlines()]

    valid, reject = rows("valid.jsonl"), rows("reject.jsonl")
    print("| at a threshold of | " + " | ".join(map(str, THRESHOLDS)) + " |\n|---" + "|---" * len(THRESHOLDS) + "|")
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(arguments.threads) as threads:
        pipelines = {name: ROOT / "pipelines" / name for name in ("robot-voice", "car-voice")} | {"digits": Path(work)}
        (pipelines["digits"] / "pipeline.yaml").write_text(PIPELINE)
        intents = "".join(f"  {word}: [{word}]\n" for word in WORDS)
        (pipelines["digits"] / "grammar.yaml").write_text(f"grammar: 1\nabout: Digits.\nintents:\n{intents}")

        def heard(name, chosen):
            return list(threads.map(lambda row: hear(pipelines[name], arguments.data / row["file"]), chosen))

        def line(what, name, chosen, is_right=lambda row, command: True):
            pairs = [pair for pair in zip(chosen, heard(name, chosen)) if is_right(*pair)]
            shares = [sum(command["confidence"] >= least for _, command in pairs) for least in THRESHOLDS]
            print(f"| {what} ({len(chosen)}) | " + " | ".join(f"{100 * share / len(chosen):.1f}" for share in shares) + " |")

        noisy = [row for row in valid if row["source"] == "barista 6 dB"]
        line("orders in noise of 6 dB", "robot-voice", noisy)
        line("sentences to a car", "car-voice", [row for row in valid if row.get("domain") == "car"])
        digits = [row for row in valid if row["source"] == "fsdd"]
        line("digits, right", "digits", digits, lambda row, command: command.get("intent") == row["text"])
        for name, sources in SPEECH.items():
            line(f"other speech, {name}", name, [row for row in reject if row["source"] in sources])
            line(f"noise, {name}", name, [row for row in reject if row["source"] == "nothing"])
        away = {True: [], False: []}
        for row, command in zip(noisy, heard("robot-voice", noisy)):
            said = {slot: command[slot] for slot in SLOTS if command.get(slot)}
            away[said == row["slots"]].append(command["weakest"] < OF_SLOTS)
        for right, found in away.items():
            print(f"orders read {'right' if right else 'wrong'} with a value below {OF_SLOTS}: {sum(found)} of {len(found)}")


if __name__ == "__main__":
    main()
