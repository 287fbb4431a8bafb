"""English text to be spoken by synthesise_speech.py: keywords, near misses, sentences. No sentence holds a keyword."""

import json
import re
import zlib
from pathlib import Path

KEYWORDS = {
    "alexa": "alexa",
    "computer": "computer",
    "jarvis": "jarvis",
    "smart_mirror": "smart mirror",
    "snowboy": "snow boy",
    "view_glass": "view glass",
}

# Words and word pairs that share sounds with a keyword and are none. Half of a two-word keyword is one too.
NEAR_MISSES = """
alexis|a lexus|a lexicon|alec|alex|electric|election|elect her|a lecture|relax|relax her|electra|a taxi|a letter
axle|texas|lexington|a lesson|complexer|connector|collect her
commuter|compute|computing|compete|competing|competitor|commute|pewter|scooter|tutor|contributor|come to her|shooter
committee|compiler|companion|confuser|a future|suitor|distributor
travis|service|jar|jars|jar of this|harvest|java|nervous|charles|carvers|jarring|marvel|garbage|starving
job is|chavez|purpose|surface|gerber|charm is
smart|mirror|smarter|smart phone|smart manner|smart minor|start mirror|market|smarty|dark mirror|nearer
smart meter|marmalade|martyr|smear it|smart murmur
snowball|snow|cowboy|snow day|no boy|snowman|toy boy|snowing|slow boy|snow by|so boy|doughboy|playboy
snow blower|snow pea|snow boat|low buoy|now boy
few glasses|view|glass|viewing class|new glass|blue glass|hourglass|review|glasses|view point|fuel gas
you guess|few classes|new glance|view glare|bluegrass|view of grass|sunglasses|viola
yes|no|stop|go|hello|thank you|good morning|okay|play music|turn it off|what time is it|one two three
""".strip().replace("\n", "|").split("|")

# Searched in the letters alone, so that "smart, mirror" and "the view. Glass is" are found too.
_KEYWORD = re.compile(r"alexa|computer|jarvis|jervis|smartmirror|snowboy|viewglass", re.IGNORECASE)
_UNSPEAKABLE = re.compile(r"[^A-Za-z0-9 ,.?!'-]")

_PEOPLE = """the teacher|my neighbour|the old captain|a young nurse|our driver|the mechanic|the baker|his sister|her uncle
the night guard|a tall stranger|the gardener|the pilot|one of the children|the whole crew|the librarian|a farmer
the painter|the violin player|somebody from the office|the new engineer|the postman|the woman next door|the judge"""
_DEEDS = """carried|forgot|repaired|painted|found|borrowed|sold|measured|dropped|cleaned|hid|described|photographed|moved
brought back|looked for|gave away|wrapped up|paid for|asked about|laughed at|pointed at|wrote down|counted"""
_THINGS = """a wooden box|three heavy suitcases|the yellow umbrella|an unfinished letter|the broken lamp|seven apples
the kitchen table|a bag of flour|the spare wheel|some fresh bread|an old map of the coast|the garden hose
a pair of gloves|two tickets|the long ladder|a bottle of vinegar|the brass key|an empty notebook|a bicycle pump
the front door|a bowl of soup|the winter coats|the blue curtains|a jar of honey|a glass of water|the rear view mirror"""
_PLACES = """near the station|behind the church|in the cellar|on the upper floor|at the edge of the forest|across the bridge
under the stairs|by the harbour|in the middle of the market|next to the window|along the river|inside the workshop
on the last train|outside the hospital|at the corner of the street|in front of the theatre|below the roof"""
_TIMES = """yesterday|early this morning|last Thursday|before the rain started|after lunch|at half past nine|in the autumn
while nobody was watching|during the long meeting|a few minutes ago|in nineteen eighty four|just before midnight
when the bell rang|on the first of May|as soon as the sun came up|for the second time|every other week"""
_FRAMES = [
    "{who} {did} {what} {where} {when}.",
    "{when}, {who} {did} {what}.",
    "Do you know why {who} {did} {what} {where}?",
    "I was told that {who} {did} {what}, and then {who2} {did2} {what2}.",
    "Nobody believed that {who} {did} {what} {when}.",
    "Please put {what} {where}, and leave {what2} {where2}.",
    "There were {n} people {where}, but only {who} {did} {what}.",
    "Turn left {where}, go on for {n} metres, and you will see {what}.",
    "The meeting is at {h} {m}, and {who} will bring {what}.",
    "If {who} {did} {what}, then where is {what2}?",
    "Add {n} grams of sugar, stir for {h} minutes, and wait.",
    "Call {n} {n2} {n3} and ask for {who}.",
]


def _holds_keyword(text):
    return _KEYWORD.search(re.sub(r"[^A-Za-z]", "", text)) is not None


def speakable(text):
    """Plain ASCII words and punctuation that every engine reads alike, or None where a keyword occurs."""
    text = _UNSPEAKABLE.sub(" ", text.replace("\u2019", "'").replace("\n", " "))
    text = re.sub(r"\s+", " ", re.sub(r"([,.?!'-])[,.?!'-]+", r"\1", text)).strip(" ,-'")
    if _holds_keyword(text) or sum(c.isalpha() for c in text) < 12:
        return None
    return text


def _side(text):
    """0 or 1 by the text alone, so that `train` and `fa` never share a sentence made here."""
    return zlib.crc32(text.encode()) & 1


def grammar_sentence(rng, side):
    """One invented sentence that belongs to `side`."""
    lists = [block.replace("\n", "|").split("|") for block in (_PEOPLE, _DEEDS, _THINGS, _PLACES, _TIMES)]
    while True:
        (who, who2), (did, did2), (what, what2), (where, where2), (when, _) = (rng.sample(x, 2) for x in lists)
        n, n2, n3 = (rng.randint(2, 999) for _ in range(3))
        text = rng.choice(_FRAMES).format(
            who=who, who2=who2, did=did, did2=did2, what=what, what2=what2, where=where, where2=where2, when=when,
            n=n, n2=n2, n3=n3, h=rng.randint(1, 12), m=rng.randint(10, 59))
        text = speakable(text[0].upper() + text[1:])
        if text and _side(text) == side:
            return text


def word_list(rng, words, side):
    """Six to twelve unrelated dictionary words: sound sequences that sentences do not have."""
    while True:
        text = speakable(", ".join(rng.sample(words, rng.randint(6, 12))) + ".")
        if text and _side(text) == side:
            return text


def _read_jsonl(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _pieces(text, most=260):
    """Whole sentences joined up to about `most` characters."""
    piece = ""
    for sentence in re.split(r"(?<=[.?!])\s+", text):
        if piece and len(piece) + len(sentence) > most:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


def _corpora(data, split):
    """{corpus: [text]} of one split of the text data sets that are there."""
    texts = {}
    path = data / "snips" / f"{split}.jsonl"
    if path.exists():
        texts["snips"] = [" ".join(row["tokens"]) for row in _read_jsonl(path)]
    path = data / "clinc150" / f"{split}.jsonl"
    if path.exists():
        texts["clinc150"] = [row["text"] for row in _read_jsonl(path)]
    path = data / "mts_dialog" / f"{split}.jsonl"
    if path.exists():
        rows = _read_jsonl(path)
        spoken = [re.sub(r"(Doctor|Patient|Guest_\w+)\s*:", " ", row["dialogue"]) for row in rows]
        texts["mts_dialog"] = [p for t in spoken + [row["section_text"] for row in rows] for p in _pieces(t)]
    return texts


def _fortunes(folder, side):
    """Quotations of Debian's fortunes packages, without their authors' names."""
    texts = []
    for path in sorted(folder.glob("*.u8")):
        if path.name == "ascii-art.u8":
            continue
        for block in path.with_suffix("").read_text(encoding="utf-8", errors="replace").split("\n%\n"):
            block = re.split(r"\n\s*--", block)[0]
            texts += [p for p in _pieces(" ".join(block.split())) if 30 < len(p) < 600 and _side(p) == side]
    return texts


class Texts:
    """Sentences for one side: `train` (side 0, train splits) or `fa` (side 1, valid splits)."""

    def __init__(self, data, part):
        self.side = 1 if part == "fa" else 0
        corpora = _corpora(data, "valid" if self.side else "train")
        corpora["fortunes"] = _fortunes(Path("/usr/share/games/fortunes"), self.side)
        # What the training side may say is never said on the other one, even where the splits share a sentence.
        barred = set()
        if self.side:
            barred = {speakable(t) for texts in _corpora(data, "train").values() for t in texts}
        self.corpora = {}
        for name, texts in corpora.items():
            kept = sorted({speakable(t) for t in texts} - barred - {None})
            if kept:
                self.corpora[name] = kept
        path = Path("/usr/share/dict/words")
        words = path.read_text().split() if path.exists() else []
        self.words = [w for w in words if w.isascii() and w.isalpha() and w.islower() and 3 <= len(w) <= 12]

    def draw(self, rng):
        """(source, text): about 5 to 20 seconds of speech."""
        sources = list(self.corpora) + ["grammar", "grammar"] + (["words"] if self.words else [])
        source = rng.choice(sources)
        if source == "grammar":
            text = " ".join(grammar_sentence(rng, self.side) for _ in range(rng.randint(1, 3)))
            return (source, text) if not _holds_keyword(text) else self.draw(rng)
        if source == "words":
            return source, word_list(rng, self.words, self.side)
        text = rng.choice(self.corpora[source])
        while len(text) < 160 and rng.random() < 0.7:
            text += ("" if text[-1] in ".?!" else ".") + " " + rng.choice(self.corpora[source])
        # Two harmless sentences may meet in a keyword.
        return (source, text) if not _holds_keyword(text) else self.draw(rng)
