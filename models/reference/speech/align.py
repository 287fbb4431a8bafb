"""What is said in the real recordings, word by word and phone by phone, as far as their labels leave it open.

    nice -n 10 python align.py --data ../shared/data --out DIR

Orders to the coffee machine have slots and no transcript: PocketSphinx chooses the lead-in, the article, the order of
the parts and the pronunciations among all sentences that say these slots. Where it hears "an" before a consonant,
which nobody says, the sentence is aligned again with "a". Wake words are known, their pronunciations are chosen. Digits
(FSDD) are known and said as the lexicon has them first.

Writes DIR/transcripts.jsonl: file (below the folder of the data sets), group, words, phones, margin. The margin says
how much better the sentence fits than any string of phones, in PocketSphinx's log units a frame of 10 ms: doubtful
recordings have a low one. It is null for digits. Orders have their slots too. An existing file is left as it is.
"""

import argparse
import json
import multiprocessing
import re
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import soundfile
from pocketsphinx import Config, Decoder

from lexicon import MODEL, pronunciations
from sentences import BEFORE, DIGITS, LEADS, domain_words

# Scores of words and of phones are both logarithms to this base.
LOG_BASE = 1.0001


class Network:
    """Words from state to state; states are named by any value."""

    def __init__(self):
        self.states, self.arcs = {}, []

    def state(self, name):
        return self.states.setdefault(name, len(self.states))

    def say(self, source, target, text):
        """Says the words of a text, or none, between two states."""
        words = text.split() or [""]
        at = self.state(source)
        for index, word in enumerate(words):
            to = self.state(target) if index == len(words) - 1 else self.state(("inside", len(self.states)))
            self.arcs.append((at, to, 1.0, word) if word else (at, to, 1.0))
            at = to


def order_network(slots):
    """All sentences of the coffee machine's grammar that say these slots."""
    network = Network()
    for lead in LEADS:
        network.say("start", "lead", lead)
    before = [slot for slot in BEFORE if slot in slots]
    for article in ("", "a", "an"):
        network.say("lead", frozenset(), article)
    said = [frozenset()]
    for used in said:
        for slot in before:
            if slot not in used:
                network.say(used, used | {slot}, slots[slot])
                said += [used | {slot}] if used | {slot} not in said else []
    network.say(frozenset(before), "drink", slots["coffeeDrink"])
    behind = [slots[slot] for slot in ("milkAmount", "sugarAmount") if slot in slots]
    for parts in (behind, behind[::-1]) if len(behind) == 2 else (behind,):
        network.say("drink", "end", "with " + " and ".join(parts) if parts else "")
    return network


def sentence_network(text):
    """One sentence."""
    network = Network()
    network.say("start", "end", text)
    return network


class Aligner:
    """PocketSphinx over the words of the domains, and over phones alone."""

    def __init__(self, words):
        with tempfile.NamedTemporaryFile("w", suffix=".dict", encoding="utf-8") as dictionary:
            for word in sorted(words):
                for index, phones in enumerate(pronunciations(word)[0]):
                    dictionary.write(f"{word}({index + 1}) {phones}\n" if index else f"{word} {phones}\n")
            dictionary.flush()
            # The means of the features are those of each recording, so that none depends on the one before it.
            common = dict(hmm=str(MODEL / "en-us"), dict=dictionary.name, lm=None, lw=1.0, cmn="batch",
                          loglevel="FATAL")
            self.words = Decoder(Config(beam=1e-100, wbeam=1e-80, pbeam=1e-100, bestpath=False, **common))
            phone_model = str(MODEL / "en-us-phone.lm.bin")
            self.phones = Decoder(Config(allphone=phone_model, beam=1e-20, pbeam=1e-20, **common))

    def align(self, network, samples):
        """(words, phones, margin) of 16-bit samples, or None where nothing of the network can be heard."""
        graph = self.words.create_fsg("network", network.state("start"), network.state("end"), network.arcs)
        self.words.add_fsg("network", graph)
        self.words.activate_search("network")
        score, heard = self._decode(self.words, samples)
        if heard is None:
            return None
        loop_score, _ = self._decode(self.phones, samples)
        margin = (score - loop_score) / (len(samples) / 160)
        names = [name for name in heard if name[0] not in "<[(+"]
        words = [name.split("(")[0] for name in names]
        phones = [self.words.lookup_word(name) for name in names]
        return " ".join(words), " ".join(phones), round(margin, 3)

    @staticmethod
    def _decode(decoder, samples):
        # Forgets the noise of the recording before, which `start_utt` keeps, whatever the warning says.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            decoder.start_stream()
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None:
            return None, None
        return np.log(max(found.best_score, 1e-300)) / np.log(LOG_BASE), [part.word for part in decoder.seg()]


def recordings(data):
    """Every recording as a row of the transcripts, with what is known of it; its words are to be found."""
    for side in ("train", "valid"):
        for row in _rows(data / "barista" / f"{side}.jsonl"):
            yield dict(file=f"barista/{row['file']}", group=f"barista {row['group']}", slots=row["slots"])
    for side in ("train", "valid"):
        for row in _rows(data / "wakewords" / f"{side}.jsonl"):
            words = row["label"].replace("_", " ")
            yield dict(file=f"wakewords/{row['file']}", group=f"wakewords {row['group']}", words=words)
    for side in ("train", "valid"):
        for row in _rows(data / "fsdd" / f"{side}.jsonl"):
            word = DIGITS[row["digit"]]
            phones = pronunciations(word)[0][0]
            known = dict(words=word, phones=phones, margin=None)
            yield dict(file=f"fsdd/{row['file']}", group=f"fsdd {row['speaker']}", **known)


def _rows(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def transcribe(task):
    """The rows of a task with their words and phones; rows in which nothing can be heard have none."""
    data, rows = task
    aligner = Aligner(domain_words(data))
    for row in rows:
        if "phones" in row:
            continue
        samples, _ = soundfile.read(data / row["file"], dtype="int16")
        network = order_network(row["slots"]) if "slots" in row else sentence_network(row["words"])
        found = aligner.align(network, samples)
        if found and (corrected := re.sub(r"\ban (?=[^aeiou])", "a ", found[0])) != found[0]:
            found = aligner.align(sentence_network(corrected), samples)
        if found:
            row["words"], row["phones"], row["margin"] = found
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of barista, wakewords and fsdd")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives transcripts.jsonl")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    path = args.out / "transcripts.jsonl"
    if path.exists():
        print(f"{path} is there already")
        return
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    rows = list(recordings(args.data))
    parts = 8
    with multiprocessing.Pool(args.workers) as pool:
        tasks = [(args.data, rows[part::parts]) for part in range(parts)]
        found = {row["file"]: row for done in pool.imap_unordered(transcribe, tasks) for row in done}
    kept = [found[row["file"]] for row in rows if "phones" in found[row["file"]]]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    partial.rename(path)
    margins = [row["margin"] for row in kept if "slots" in row]
    shares = [1, 5, 25, 50, 75]
    seconds = time.monotonic() - start
    print(f"{len(kept)} of {len(rows)} recordings in {seconds:.0f} s; margins of orders at {shares} %:",
          np.percentile(margins, shares).round(2).tolist())


if __name__ == "__main__":
    main()
