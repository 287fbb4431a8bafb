"""What is spoken: orders to a coffee machine, digits, commands to a car, wake words, and sentences of the text sets.

Patterns are small: `[maybe]`, `(this|that)`, `<list>`. Every draw takes its chance from the generator it is given.
"""

import functools
import json
import re

from lexicon import cmudict

LEADS = ["brew", "can i get", "can i have", "i want", "get me", "give me", "i'd like", "make me", "may i have"]
BEFORE = ["size", "roast", "numberOfShots"]
BEHIND = [(), ("milkAmount",), ("sugarAmount",), ("milkAmount", "sugarAmount"), ("sugarAmount", "milkAmount")]
DIGITS = "zero one two three four five six seven eight nine".split()
WAKE_WORDS = ["alexa", "computer", "jarvis", "smart mirror", "snowboy", "view glass"]
_ONES = DIGITS + "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()

LISTS = {
    "num": "one two three four five six seven".split(),
    "temp": ["sixteen", "seventeen", "eighteen", "nineteen", "twenty", "twenty one", "twenty two", "twenty three",
             "twenty four", "twenty five", "twenty six", "sixty five", "seventy", "seventy two", "seventy five"],
    "seat": ["driver", "passenger", "front left", "front right", "rear left", "rear right", "back"],
    "win": ["driver", "passenger", "front left", "front right", "rear left", "rear right", "back", "front", "all"],
    "level": ["low", "medium", "high", "maximum", "minimum", "off"],
    "dir": ["my face", "my feet", "the windshield", "the feet and the windshield", "the face and the feet"],
}
CAR = [
    "[please] set the fan [speed] to (<num>|<level>) [please]",
    "(turn|switch) the fan (up|down|on|off) [please]",
    "(increase|decrease|raise|lower) the fan [speed] [by <num>]",
    "[please] set [the] temperature to <temp> [degrees]",
    "make it (warmer|cooler|colder|hotter) [please]",
    "(i'm|i am) [too|very|a bit|a little] (cold|hot|warm|freezing)",
    "it's [too|very|really] (cold|hot|warm|stuffy|humid) in here",
    "(turn|switch) (on|off) the (heating|heater|air conditioning|air conditioner|a c|defroster|rear defroster"
    "|ventilation|recirculation|seat heating|steering wheel heating)",
    "(turn|switch) the (heating|heater|air conditioning|air conditioner|a c|defroster|rear defroster|ventilation"
    "|recirculation) (on|off) [please]",
    "(open|close|lower|raise) the <win> (window|windows) [half way|completely|a little|please]",
    "(open|close) the (sunroof|trunk|tailgate|glove box|roof)",
    "(heat|cool|warm) the <seat> seat [to <num>|to <level>]",
    "set the <seat> seat (heating|cooling|ventilation) to (<num>|<level>)",
    "move the <seat> seat (forward|backward|up|down)",
    "(blow|direct|send) [the] air (to|on|at) <dir>",
    "(defrost|defog|clear|demist) the (windshield|rear window|mirrors|windows)",
    "(increase|decrease|raise|lower|reduce) the temperature [by (one|two|three|four|five) degrees]",
    "what is the temperature [inside|outside]",
    "keep it at <temp> degrees",
    "my (hands|feet) are (cold|freezing|warm)",
    "stop the fan",
    "more air [please]",
    "less air [please]",
    "[set] climate [control] [to] (auto|automatic|manual|off)",
]


@functools.cache
def slot_values(data):
    """{slot: [value]} of the orders."""
    return json.loads((data / "barista" / "slot_values.json").read_text(encoding="utf-8"))


def draw_order(rng, data, odd=0.1):
    """An order to the coffee machine; a share of them, `odd`, with words that the grammar lacks."""
    # Decides nothing, and keeps the draws behind it those of the seeds that the set was made with.
    rng.choice(range(80))
    count = rng.choices([0, 1, 2, 3], [1, 4, 4, 1.5])[0]
    before = tuple(rng.sample(BEFORE, count))
    behind = rng.choices(BEHIND, [1.5, 1.5, 1.8, 1, 1])[0]
    words = [rng.choice(LEADS)]
    article = rng.random()
    slots = before + ("coffeeDrink",) + behind
    values = {slot: rng.choice(slot_values(data)[slot]) for slot in slots}
    if article < 0.85:
        words.append("an" if values[slots[0]][0] in "aeiou" and rng.random() < 0.8 else "a")
    words += [values[slot] for slot in before] + [values["coffeeDrink"]]
    if behind:
        words += ["with", " and ".join(values[slot] for slot in behind)]
    text = " ".join(words)
    if rng.random() < odd:
        rest = " ".join(words[1:])
        text = rng.choice([f"{text} please", f"please {text}", f"hello {text}", f"{text} thank you", rest])
    return text


def draw_pattern(rng, pattern):
    """One way to say a pattern."""
    while True:
        option = re.search(r"\[([^\[\]()]*)\]", pattern)
        choice = re.search(r"\(([^()\[\]]*)\)", pattern)
        name = re.search(r"<(\w+)>", pattern)
        found = min([match for match in (option, choice) if match], key=lambda match: match.start(), default=None)
        if found is not None:
            parts = found.group(1).split("|")
            said = "" if found is option and rng.random() < 0.5 else rng.choice(parts)
            pattern = pattern[:found.start()] + said + pattern[found.end():]
        elif name:
            pattern = pattern[:name.start()] + rng.choice(LISTS[name.group(1)]) + pattern[name.end():]
        else:
            return " ".join(pattern.split())


def draw_car(rng):
    return draw_pattern(rng, rng.choice(CAR))


def draw_digits(rng, counts):
    return " ".join(rng.choice(DIGITS) for _ in range(rng.choice(counts)))


def car_words():
    patterns = CAR + [value for values in LISTS.values() for value in values]
    return sorted({word for pattern in patterns for word in re.sub(r"[\[\]()|]|<\w+>", " ", pattern).split()})


def order_words(data):
    texts = LEADS + [value for values in slot_values(data).values() for value in values] + ["a an with and"]
    return sorted({word for text in texts for word in text.split()})


def domain_words(data):
    """Words that the lexicon must have."""
    texts = WAKE_WORDS + [spoken_number(number) for number in range(101)]
    texts += ["please thank you hello hi could would like i'll take"]
    return {word for text in texts for word in text.split()} | set(car_words()) | set(order_words(data))


def spoken_number(number):
    """A whole number in words; long ones digit by digit."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    if 1900 <= number < 2100 and number % 100 > 9:
        return f"{spoken_number(number // 100)} {spoken_number(number % 100)}"
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if unit <= number < 10_000:
            rest = f" {spoken_number(number % unit)}" if number % unit else ""
            return f"{spoken_number(number // unit)} {name}{rest}"
    return " ".join(DIGITS[int(digit)] for digit in str(number))


def speakable(text):
    """Small words and nothing else, or None where a text has other signs or is too short or too long to be spoken."""
    text = text.lower().replace("\u2019", "'").replace(" i m ", " i'm ").replace("%", " percent").replace("&", " and ")
    text = re.sub(r"\d+", lambda match: f" {spoken_number(int(match.group()[:9]))} ", text)
    if re.search(r"[^a-z' ,.?!:;\"()/-]", text):
        return None
    words = [word.strip("'") for word in re.sub(r"[^a-z']", " ", text).split()]
    words = [word for word in words if word and word not in ("s", "t", "m", "re", "ve", "ll", "d")]
    if not 2 <= len(words) <= 16 or any(len(word) == 1 and word not in "ai" for word in words):
        return None
    return " ".join(words)


def _rows(data, name):
    with (data / name / "train.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@functools.cache
def general_texts(data):
    """{source: [text]} of the train sides of the text sets that may be spoken, and single words."""
    turns = [turn.split(":", 1)[-1] for row in _rows(data, "mts_dialog") for turn in row["dialogue"].split("\n")]
    texts = {
        "clinc": [row["text"] for row in _rows(data, "clinc150")],
        "snips": [" ".join(row["tokens"]) for row in _rows(data, "snips")],
        "huric": [row["text"] for row in _rows(data, "huric") if row["lang"] == "en"],
        "mts": [sentence for turn in turns for sentence in re.split(r"(?<=[.?!])\s+", turn)],
    }
    found = {source: sorted({speakable(text) for text in each} - {None}) for source, each in texts.items()}
    found["words"] = sorted(word for word in cmudict() if re.fullmatch(r"[a-z]{3,11}", word))
    return found


def command_texts(data):
    """Texts whose frequent words go into the lexicon: commands and questions, none of which is spoken from here."""
    rows = {name: _rows(data, name) for name in ("huric", "gpsr_commands", "snips", "clinc150")}
    texts = [row["text"] for row in rows["huric"] if row["lang"] == "en"]
    texts += [row["text"] for name in ("gpsr_commands", "clinc150") for row in rows[name]]
    texts += [" ".join(row["tokens"]) for row in rows["snips"]]
    return [" ".join(re.findall(r"[a-z][a-z']*", text.lower().replace("\u2019", "'"))) for text in texts]
