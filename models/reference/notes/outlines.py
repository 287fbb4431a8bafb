"""Notes by kind: which sentences of a world are put together, in which order and case."""

import random
from types import ModuleType

from note import Segment, fill, lower, unpunctuated
from people import Cast


class World:
    """The lists of one world, by name."""

    def __init__(self, names: ModuleType, formats: ModuleType, sentences: ModuleType, clinical: ModuleType) -> None:
        self.names, self.formats, self.sentences, self.clinical = names, formats, sentences, clinical
        self.numbers = [line for lines in sentences.NUMBERS.values() for line in lines.strip().split("\n")]
        self.places = {
            "city": names.CITIES,
            "county": names.COUNTIES,
            "hospital": names.HOSPITALS,
            "ward": names.WARDS,
        }


class Writer:
    def __init__(self, rng: random.Random, world: World) -> None:
        self.rng, self.world, self.cast = rng, world, Cast(rng, world.names)

    def slot(self, name: str) -> list[Segment]:
        names, formats = self.world.names, self.world.formats
        if "." in name:
            return self.cast.slot(*name.split("."))
        if name in self.world.places:
            return [Segment(self.rng.choice(self.world.places[name]), "Geography")]
        if name == "employer":
            return [Segment(self.rng.choice(names.EMPLOYERS), "Name")]
        if name == "state":
            return [Segment(self.rng.choice(names.STATES))]
        if name == "road":
            return [Segment(f"{self.rng.choice(names.STREETS)} {self.rng.choice(names.STREET_KINDS)}", "Geography")]
        return [Segment(getattr(formats, name)(self.rng), formats.KINDS[name])]

    def some(self, lines: list[str], count: int, end: str) -> list[list[Segment]]:
        chosen = self.rng.sample(lines, min(count, len(lines)))
        return [[*fill(line, self.slot), Segment(end)] for line in chosen]

    def note(self) -> list[Segment]:
        kind = self.rng.choice(self.world.sentences.OUTLINES)
        parts = getattr(self, kind)()
        return [segment for part in parts for segment in part]

    def prose(self, weights: dict[str, int], clinical: int) -> list[list[Segment]]:
        """Sentences with and without identifiers, shuffled, in paragraphs under headers."""
        sentences = self.world.sentences
        parts = self.some(self.world.clinical.SENTENCES, clinical, " ")
        for group, count in weights.items():
            parts += self.some(self.world.numbers if group == "NUMBERS" else getattr(sentences, group), count, " ")
        self.rng.shuffle(parts)
        headed = []
        for index, part in enumerate(parts):
            if index % 5 == 0:
                headed.append(
                    [Segment(("\n\n" if index else "") + self.rng.choice(self.world.clinical.HEADERS) + "\n")]
                )
            headed.append(part)
        return headed

    def discharge(self) -> list[list[Segment]]:
        head = self.some(self.world.sentences.FACE_SHEET, 4, "\n")
        return [
            [Segment("DISCHARGE SUMMARY\n")],
            *head,
            *self.prose({"NAME": 4, "DATE": 3, "GEOGRAPHY": 2, "NUMBERS": 2}, 14),
        ]

    def admission(self) -> list[list[Segment]]:
        head = self.some(self.world.sentences.FACE_SHEET, 3, "\n")
        return [*head, *self.prose({"NAME": 4, "DATE": 3, "GEOGRAPHY": 2, "NUMBERS": 3}, 16)]

    def letter(self) -> list[list[Segment]]:
        lines = self.world.sentences.NAME
        opening = [line for line in lines if line.startswith("Dear")]
        closing = [line for line in lines if line.startswith(("Yours", "cc", "CC", "Electronically", "Kind", "With"))]
        body = self.prose({"NAME": 3, "DATE": 2, "GEOGRAPHY": 2, "NUMBERS": 2}, 9)
        return [*self.some(opening, 1, "\n\n"), *body, [Segment("\n\n")], *self.some(closing, 2, "\n")]

    def telephone(self) -> list[list[Segment]]:
        calls = self.some(self.world.sentences.PHONE_NOTE, 3, "\n")
        return [[Segment("TELEPHONE ENCOUNTER\n")], *calls, *self.prose({"NAME": 2, "NUMBERS": 3}, 5)]

    def dialogue(self) -> list[list[Segment]]:
        parts = self.some(self.world.sentences.DIALOGUE, 8, "\n") + self.some(self.world.clinical.DIALOGUE, 12, "\n")
        self.rng.shuffle(parts)
        if self.rng.random() < 0.15:
            parts = [lower(part) for part in parts]
        return parts

    def dictation(self) -> list[list[Segment]]:
        parts = self.some(self.world.sentences.DICTATION, 6, " ") + self.some(self.world.clinical.SENTENCES, 8, " ")
        self.rng.shuffle(parts)
        return [unpunctuated(lower(part)) for part in parts]

    def ward(self) -> list[list[Segment]]:
        parts = self.some(self.world.sentences.NAME, 3, " ") + self.some(self.world.clinical.SENTENCES, 6, " ")
        parts += self.some(self.world.sentences.DATE, 1, " ") + self.some(self.world.numbers, 2, "\n")
        self.rng.shuffle(parts)
        return [lower(part) for part in parts] if self.rng.random() < 0.2 else parts

    def registration(self) -> list[list[Segment]]:
        parts = self.some(self.world.sentences.FACE_SHEET, 12, "\n") + self.some(self.world.numbers, 10, "\n")
        if self.rng.random() < 0.2:
            parts = [[Segment(segment.text.upper(), segment.label) for segment in part] for part in parts]
        return parts
