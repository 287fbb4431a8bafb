"""The people of a note: a patient, relatives, clinicians. Each is always written as the same person."""

import random
from dataclasses import dataclass
from types import ModuleType

from note import Segment

ROLES = ["pt", "dr", "dr2", "nurse", "rel", "other"]


@dataclass(frozen=True)
class Person:
    given: str
    middle: str
    surname: str
    is_female: bool


class Cast:
    def __init__(self, rng: random.Random, names: ModuleType) -> None:
        self.people = {role: person(rng, names) for role in ROLES}
        if rng.random() < 0.6:
            patient, relative = self.people["pt"], self.people["rel"]
            self.people["rel"] = Person(relative.given, relative.middle, patient.surname, relative.is_female)

    def slot(self, role: str, form: str) -> list[Segment]:
        someone = self.people[role]
        if form == "title":
            return [Segment("Ms." if someone.is_female else "Mr.")]
        if form == "plain_title":
            return [Segment("Mrs" if someone.is_female else "Mr")]
        words = {
            "he": ("he", "she"),
            "his": ("his", "her"),
            "him": ("him", "her"),
            "son": ("son", "daughter"),
            "husband": ("husband", "wife"),
            "man": ("man", "woman"),
            "male": ("male", "female"),
            "sir": ("sir", "ma'am"),
            "brother": ("brother", "sister"),
            "capital_he": ("He", "She"),
            "gentleman": ("gentleman", "lady"),
            "father": ("father", "mother"),
            "grandson": ("grandson", "granddaughter"),
        }
        if form in words:
            return [Segment(words[form][someone.is_female])]
        return [Segment(written(someone, form), "Name")]


def written(someone: Person, form: str) -> str:
    given, middle, surname = someone.given, someone.middle, someone.surname
    forms = {
        "full": f"{given} {surname}",
        "first": given,
        "last": surname,
        "middle": f"{given} {middle}. {surname}",
        "middle_name": f"{given} {middle} {surname}",
        "last_first": f"{surname}, {given}",
        "last_first_middle": f"{surname}, {given} {middle}.",
        "caps": f"{given} {surname}".upper(),
        "caps_last": surname.upper(),
        "caps_last_first": f"{surname}, {given}".upper(),
        "initial": f"{given[0]}. {surname}",
        "initials": f"{given[0]}.{surname_initial(surname)}.",
        "initials_middle": f"{given[0]}{middle[0]}{surname_initial(surname)}",
        "surname_initial": f"{given} {surname_initial(surname)}.",
        "double_initial": f"{given[0]}.{middle[0]}. {surname}",
        "spelled": "-".join(surname.upper().replace("'", "").replace(" ", "").replace("-", "")),
    }
    return forms[form]


def surname_initial(surname: str) -> str:
    return next(sign for sign in surname if sign.isupper())


def person(rng: random.Random, names: ModuleType) -> Person:
    is_female = rng.random() < 0.5
    given = rng.choice(names.FEMALE if is_female else names.MALE)
    return Person(given, rng.choice("ABCDEFGHJKLMNPRSTVW"), rng.choice(names.SURNAMES), is_female)
