"""How much of what identifies people is masked, class by class, and how much of what does not: the table of docs/ward-notes.md.

Notes of nobody, with known spans, come from models/reference/notes/generate.py; those of its world `valid` share neither
sentences nor names with what the net learnt from and the rules were tuned on. A span counts as found when every letter and
digit of it is masked. Over-masking is the share of the other words of which a letter is masked.

    cargo build --release
    python models/reference/notes/generate.py --world valid --count 2000 --seed 1 > valid.jsonl
    python benches/deidentify.py valid.jsonl [--least 0.9]
"""

import argparse
import collections
import json
import re
import subprocess
import tempfile
from pathlib import Path

MOTET = Path(__file__).parent.parent / "target/release/motet"
PIPELINE = """motet: 1
pipeline: masking
inputs: {{note: "utf8[T<=65536] privacy=phi"}}
contract: {{egress: none}}
nodes:
{names}  safe: {{kind: notes/deidentify, in: {{text: note{given}}}}}
outputs: {{safe: safe}}
"""
NAMES = "  names: {{kind: model/entities, in: note, with: {{model: names@1, least: {least}}}}}\n"


def answers(notes, names, more):
    """What is masked of each note: `[(start, end)]` in bytes."""
    text = PIPELINE.format(names=names, given=", names: names.entities" if names else "")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pipeline.yaml").write_text(text, encoding="utf-8")
        lines = "".join(json.dumps(dict(id=index, inputs=dict(note=note["text"]))) + "\n" for index, note in enumerate(notes))
        command = [MOTET, "run", folder, "--stdin", *more]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if len(rows) != len(notes) or any("outputs" not in row for row in rows):
        raise SystemExit(done.stderr + done.stdout[:2000])
    return [[tuple(each["place"]["source"]) for each in json.loads(row["outputs"]["safe"]["identifiers"])] for row in rows]


def score(notes, masked):
    found, all_spans, over, words = collections.Counter(), collections.Counter(), 0, 0
    for note, places in zip(notes, masked):
        raw = note["text"].encode()
        hidden = bytearray(len(raw))
        for start, end in places:
            hidden[start:end] = b"\1" * (end - start)
        inside = bytearray(len(raw))
        for span in note["spans"]:
            start, end = span["start"], span["end"]
            inside[start:end] = b"\1" * (end - start)
            all_spans[span["class"]] += 1
            kept = [at for at in range(start, end) if not hidden[at] and (raw[at] > 127 or chr(raw[at]).isalnum())]
            found[span["class"]] += not kept
        for word in re.finditer(rb"[\w]+", raw):
            if not any(inside[word.start() : word.end()]):
                words += 1
                over += any(hidden[word.start() : word.end()])
    return found, all_spans, 100 * over / words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notes", type=Path)
    parser.add_argument("--least", type=float, default=0.9)
    parser.add_argument("--models", type=Path, help="a folder with another model `names`")
    arguments = parser.parse_args()
    notes = [json.loads(line) for line in arguments.notes.read_text(encoding="utf-8").splitlines()]
    more = ["--models", arguments.models] if arguments.models else []
    rules = score(notes, answers(notes, "", []))
    both = score(notes, answers(notes, NAMES.format(least=arguments.least), more))
    print("| class | spans | rules alone | rules and net |\n|---|---|---|---|")
    for name in sorted(rules[1]):
        shares = [100 * found[name] / all_spans[name] for found, all_spans, _ in (rules, both)]
        print(f"| {name} | {rules[1][name]} | {shares[0]:.1f} % | {shares[1]:.1f} % |")
    print(f"| other words masked | | {rules[2]:.2f} % | {both[2]:.2f} % |")


if __name__ == "__main__":
    main()
