"""Which sentences of a talk are worth quoting in its note: rows for the task `linear`, and ROUGE-1 of what is kept.

    python models/reference/notes/keep.py rows --data ../shared/data/mts_dialog --out keep
    motet train keep --data keep --out keep/model
    target/release/examples/margins keep/model keep/valid.jsonl > keep/valid.margins.jsonl
    python models/reference/notes/keep.py score --data ../shared/data/mts_dialog/valid.jsonl --margins keep/valid.margins.jsonl

`rows` takes each sentence of a talk with its label: `keep` for those that a greedy search takes, one after the other, as
long as ROUGE-1 F1 against the section's text grows; `drop` for the others. `score` joins the sentences whose margin for
`keep` is above 0, or the one with the largest where there is none, and prints the mean over the talks beside that of
copying everything, or one side alone, and of the search itself, which knows the note. With `--headers FILE`, a file of
margins of a model of sections, `rows` takes the likeliest header instead of the true one. Needs nothing but Python.

A row is made of a sentence as follows; whoever asks the model must do the same:

    text     MARKS . SENTENCE
    MARKS    spk_SPEAKER sec_HEADER_SPEAKER_KIND len_SPEAKER_BITS_KIND
    SPEAKER  doctor, patient, or guest for anyone else
    HEADER   that of the section in small letters, other characters than letters and digits as `_`
    KIND     q where the sentence has a question mark, else s
    BITS     bits of the number of words, 5 at most: 1 for one word, 2 for two or three, 3 for four to seven
"""

import argparse
import json
import re
from collections import Counter
from pathlib import Path

SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
SPEAKER = re.compile(r"([A-Za-z_ ]{1,24}):\s*(.*)")


def read(path):
    with Path(path).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def sentences(dialogue):
    """(speaker, sentence) of each sentence that has a word."""
    found = []
    for line in re.split(r"\r?\n", dialogue):
        named = SPEAKER.match(line.strip())
        name, said = (named.group(1).strip().lower(), named.group(2)) if named else ("", line.strip())
        speaker = next((known for known in ("doctor", "patient") if name.startswith(known)), "guest")
        found += [(speaker, sentence) for sentence in SENTENCE_END.split(said) if words(sentence)]
    return found


def row_text(speaker, sentence, header):
    kind = "q" if "?" in sentence else "s"
    bits = min(5, len(words(sentence)).bit_length())
    header = re.sub(r"[^a-z0-9]", "_", header.lower())
    return f"spk_{speaker} sec_{header}_{speaker}_{kind} len_{speaker}_{bits}_{kind} . {sentence}"


def rouge(found, note):
    """ROUGE-1 F1 of two counts of words (Lin 2004)."""
    common = sum((found & note).values())
    return 2 * common / (sum(found.values()) + sum(note.values())) if common else 0.0


def of(chosen, talk, note):
    counts = sum((Counter(words(talk[index][1])) for index in chosen), Counter())
    return rouge(counts, Counter(words(note)))


def greedy(talk, note):
    """Places of the sentences that a search takes, which knows the note."""
    counts, note = [Counter(words(sentence)) for _, sentence in talk], Counter(words(note))
    chosen, taken, best = set(), Counter(), 0.0
    while len(chosen) < len(talk):
        score, place = max((rouge(taken + counts[i], note), -i) for i in range(len(talk)) if i not in chosen)
        if score <= best + 1e-9:
            break
        best = score
        chosen.add(-place)
        taken += counts[-place]
    return chosen


def rows(data, out, headers):
    guessed = {line["id"]: line["label"] for line in read(headers)} if headers else {}
    out.mkdir(parents=True, exist_ok=True)
    for part in ("train", "valid"):
        with (out / f"{part}.jsonl").open("w", encoding="utf-8") as lines:
            for row in read(data / f"{part}.jsonl"):
                talk = sentences(row["dialogue"])
                kept = greedy(talk, row["section_text"])
                header = guessed.get(row["id"], row["section_header"])
                for index, (speaker, sentence) in enumerate(talk):
                    line = dict(id=f"{row['id']}-{index}", talk=row["id"], text=row_text(speaker, sentence, header),
                                label="keep" if index in kept else "drop")
                    lines.write(json.dumps(line, ensure_ascii=False) + "\n")


def score(data, margins):
    margins = {line["id"]: line["margins"]["keep"] for line in read(margins)}
    kept_by = {name: [] for name in ("model", "everything", "patient", "doctor", "search that knows the note")}
    share = []
    for row in read(data):
        talk, note = sentences(row["dialogue"]), row["section_text"]
        found = [margins[f"{row['id']}-{index}"] for index in range(len(talk))]
        kept = [index for index, margin in enumerate(found) if margin > 0] or [found.index(max(found))]
        side = lambda name: [index for index, (speaker, _) in enumerate(talk) if speaker == name]
        chosen = (kept, range(len(talk)), side("patient"), side("doctor"), greedy(talk, note))
        for name, places in zip(kept_by, chosen):
            kept_by[name].append(of(places, talk, note))
        share.append(len(kept) / len(talk))
    for name, values in kept_by.items():
        mean = sum(values) / len(values)
        error = (sum((value - mean) ** 2 for value in values) / len(values) ** 2) ** 0.5
        print(f"{name:28} ROUGE-1 F1 {100 * mean:.1f} %, standard error {100 * error:.1f}")
    gained = [model - all_ for model, all_ in zip(kept_by["model"], kept_by["everything"])]
    mean = sum(gained) / len(gained)
    error = (sum((value - mean) ** 2 for value in gained) / len(gained) ** 2) ** 0.5
    print(f"model less everything: {100 * mean:.1f}, standard error {100 * error:.1f}; {len(gained)} talks, "
          f"{100 * sum(share) / len(share):.0f} % of their sentences kept")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("rows")
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--headers", type=Path)
    command = commands.add_parser("score")
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--margins", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "rows":
        rows(given.data, given.out, given.headers)
    else:
        score(given.data, given.margins)


if __name__ == "__main__":
    main()
