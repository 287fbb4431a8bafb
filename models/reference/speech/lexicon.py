"""How English words sound: CMUdict, forms of connected speech set by hand, and espeak-ng for words that CMUdict lacks.

    python lexicon.py --data ../shared/data --out DIR

Writes DIR/lexicon.txt, one pronunciation a line, `word PH ON ES`, sorted by word; the first line of a word is the one
to take where only one is wanted. It has all words of the grammars of sentences.py, digits, numbers to 100 and wake
words; then the words of huric, gpsr_commands, snips and clinc150 (train) that CMUdict knows, the most frequent first,
until the file has --bytes.

Needs the Python package pocketsphinx, which brings CMUdict, and the library of espeak-ng.
"""

import argparse
import collections
import ctypes
import functools
import re
from pathlib import Path

import pocketsphinx

PHONES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()
MODEL = Path(pocketsphinx.get_model_path()) / "en-us"

HEADER = """\
# How English words sound, in the 39 phones of CMUdict, one pronunciation a line.
# Made by models/reference/speech/lexicon.py.
# From the CMU Pronouncing Dictionary as PocketSphinx has it, forms of connected speech added by hand, and
# {fallback} of espeak-ng.
#
# Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.
# Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
# following conditions are met:
# 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
#    disclaimer. The contents of this file are deemed to be source code.
# 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the
#    following disclaimer in the documentation and/or other materials provided with the distribution.
# This work was supported in part by funding from the Defense Advanced Research Projects Agency, the Office of Naval
# Research and the National Science Foundation of the United States of America, and by member companies of the
# Carnegie Mellon Sphinx Speech Consortium. We acknowledge the contributions of many volunteers to the expansion and
# improvement of this dictionary.
# THIS SOFTWARE IS PROVIDED BY CARNEGIE MELLON UNIVERSITY ``AS IS'' AND ANY EXPRESSED OR IMPLIED WARRANTIES,
# INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
# DISCLAIMED. IN NO EVENT SHALL CARNEGIE MELLON UNIVERSITY NOR ITS EMPLOYEES BE LIABLE FOR ANY DIRECT, INDIRECT,
# INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE
# GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF
# LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
# OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""

# Words whose forms in connected speech, or in the kitchen, CMUdict does not have.
BY_HAND = {
    "a": ["AH", "EY"], "an": ["AE N", "AH N"], "and": ["AE N D", "AH N D", "AH N", "AE N"], "of": ["AH V", "AH"],
    "with": ["W IH DH", "W IH TH"], "can": ["K AE N", "K AH N"], "i'd": ["AY D"], "me": ["M IY"], "bit": ["B IH T"],
    "little": ["L IH T AH L", "L IH D AH L"], "lot": ["L AA T"], "latte": ["L AA T EY", "L AE T EY"],
    "mocha": ["M OW K AH"], "americano": ["AH M EH R IH K AA N OW", "AH M EH R AH K AA N OW"],
    "cappuccino": ["K AE P UW CH IY N OW", "K AE P AH CH IY N OW", "K AA P AH CH IY N OW"],
    "espresso": ["EH S P R EH S OW", "EH K S P R EH S OW"], "the": ["DH AH", "DH IY"],
    "to": ["T UW", "T AH", "T IH"], "for": ["F AO R", "F ER"],
    "almond": ["AA M AH N D", "AA L M AH N D", "AE L M AH N D", "AO L M AH N D"],
    "sweetener": ["S W IY T AH N ER", "S W IY T N ER"], "want": ["W AA N T", "W AO N T"], "iced": ["AY S T"],
    "twenty": ["T W EH N T IY", "T W EH N IY"], "sixteen": ["S IH K S T IY N"], "roast": ["R OW S T"],
    "or": ["AO R", "ER"], "your": ["Y AO R", "Y UH R", "Y ER"], "skim": ["S K IH M"], "i'm": ["AY M", "AH M"],
    "windshield": ["W IH N D SH IY L D"], "demist": ["D IY M IH S T"], "demister": ["D IY M IH S T ER"],
    "defrost": ["D IH F R AO S T", "D IY F R AO S T"], "defog": ["D IY F AA G"],
}
# Of these what CMUdict has is kept as well; of the others what is set by hand is all.
KEPT = {"little", "almond", "cappuccino", "americano", "espresso", "latte", "sweetener", "twenty"}

# IPA as espeak-ng writes American English, to phones.
_IPA = {
    "aɪɚ": "AY ER", "aɪə": "AY AH", "aʊɚ": "AW ER", "oːɹ": "AO R", "ɔːɹ": "AO R", "ɑːɹ": "AA R", "ɛɹ": "EH R",
    "ɪɹ": "IH R", "ʊɹ": "UH R", "tʃ": "CH", "dʒ": "JH", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW",
    "ɔɪ": "OY", "əl": "AH L", "ɪə": "IH R", "eə": "EH R", "ʊə": "UH R", "iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO",
    "ɜː": "ER", "oː": "AO", "n̩": "AH N", "l̩": "AH L", "m̩": "AH M", "ɐ": "AH", "ə": "AH", "ɚ": "ER", "ɝ": "ER",
    "ʌ": "AH", "æ": "AE", "ɛ": "EH", "ɪ": "IH", "i": "IY", "ᵻ": "IH", "ɨ": "IH", "u": "UW", "ʊ": "UH", "ɑ": "AA",
    "ɔ": "AO", "ɒ": "AA", "a": "AE", "e": "EH", "o": "OW", "ɾ": "T", "ʔ": "T", "θ": "TH", "ð": "DH", "ʃ": "SH",
    "ʒ": "ZH", "ŋ": "NG", "ɹ": "R", "r": "R", "ɡ": "G", "g": "G", "j": "Y", "x": "K", "ç": "HH", "ɬ": "L", "h": "HH",
    "ɫ": "L", "b": "B", "d": "D", "f": "F", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P", "s": "S", "t": "T",
    "v": "V", "w": "W", "z": "Z",
}
_LONGEST_FIRST = sorted(_IPA, key=lambda sign: -len(sign))
# Stress, pauses, ties and marks of nasal sounds.
_UNHEARD = re.compile("\\([a-z-]+\\)|[ˈˌ_ \u200d\u0361\u0303|'-]")


@functools.cache
def cmudict():
    """{word: [pronunciation]}, in the order of the dictionary."""
    found = {}
    for line in (MODEL / "cmudict-en-us.dict").read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        found.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(" ".join(phones))
    return found


def phones_of_ipa(ipa):
    """The phones of IPA text; what is unknown is passed over, and sounds that merge are one."""
    ipa = _UNHEARD.sub("", ipa)
    found, at = [], 0
    while at < len(ipa):
        sign = next((sign for sign in _LONGEST_FIRST if ipa.startswith(sign, at)), None)
        found += _IPA[sign].split() if sign else []
        at += len(sign or " ")
    merged = []
    for phone in found:
        is_same = merged and (phone == merged[-1] or (phone == "R" and merged[-1] == "ER"))
        if not is_same:
            merged.append(phone)
    return merged


@functools.cache
def _espeak():
    library = ctypes.CDLL("libespeak-ng.so.1")
    retrieval_mode = 2
    library.espeak_Initialize(retrieval_mode, 0, None, 1)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    library.espeak_SetVoiceByName(b"en-us")
    return library


def espeak_phones(text):
    """The phones that espeak-ng speaks a text with."""
    rest = ctypes.pointer(ctypes.c_char_p(text.encode()))
    utf8, as_ipa = 1, 2
    clauses = []
    while rest.contents.value:
        clauses.append((_espeak().espeak_TextToPhonemes(rest, utf8, as_ipa) or b"").decode())
    return phones_of_ipa(" ".join(clauses))


@functools.cache
def pronunciations(word):
    """(pronunciations, where they come from) of a word in small letters."""
    known = cmudict().get(word, [])
    if word in BY_HAND:
        return tuple(dict.fromkeys(BY_HAND[word] + (known if word in KEPT else []))), "by hand"
    if known:
        return tuple(dict.fromkeys(known)), "cmudict"
    if word.endswith("'s") and word[:-2] in cmudict():
        return tuple(_possessive(phones) for phones in cmudict()[word[:-2]]), "cmudict"
    phones = " ".join(espeak_phones(word))
    return ((phones,) if phones else ()), "espeak-ng"


def _possessive(phones):
    last = phones.split()[-1]
    if last in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return phones + " AH Z"
    return phones + (" S" if last in ("P", "T", "K", "F", "TH") else " Z")


def lines_of(word):
    """The lines of a word in lexicon.txt."""
    return [f"{word} {phones}" for phones in pronunciations(word)[0]]


def main():
    # Sentences need the words of CMUdict.
    import sentences

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives lexicon.txt")
    parser.add_argument("--bytes", type=int, default=60_000, help="how large the file may become")
    args = parser.parse_args()
    words = sentences.domain_words(args.data)
    fallback = sorted(word for word in words if pronunciations(word)[1] == "espeak-ng")
    header = HEADER.format(fallback=f"`{'`, `'.join(fallback)}`" if fallback else "nothing")
    size = len(header.encode()) + sum(len(line) + 1 for word in words for line in lines_of(word))
    counts = collections.Counter(word for text in sentences.command_texts(args.data) for word in text.split())
    for word, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if word in words or word not in cmudict():
            continue
        more = sum(len(line) + 1 for line in lines_of(word))
        if size + more > args.bytes:
            break
        words.add(word)
        size += more
    lines = [line for word in sorted(words) for line in lines_of(word)]
    unknown = {phone for line in lines for phone in line.split()[1:]} - set(PHONES)
    assert not unknown, f"phones {unknown} are not in the inventory"
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "lexicon.txt").write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(words)} words, {len(lines)} pronunciations, {size} bytes; by espeak-ng: {fallback}")


if __name__ == "__main__":
    main()
