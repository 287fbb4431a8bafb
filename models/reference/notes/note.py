"""A note as segments: text that is an identifier of some class, and text that is none.

A template is a sentence with slots, as in "seen by Dr. {dr.last} on {date}". A slot is filled with segments, so
that the byte span of each identifier is known and never searched for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

CLASSES = [
    "Name",
    "Geography",
    "Date",
    "Phone",
    "Fax",
    "Email",
    "SocialSecurity",
    "MedicalRecord",
    "HealthPlan",
    "Account",
    "Certificate",
    "Vehicle",
    "Device",
    "Url",
    "IpAddress",
    "Biometric",
    "Photo",
    "Other",
]
SLOT = re.compile(r"\{([a-z0-9_.]+)\}")
TOKEN = re.compile(r"\w+|[^\w\s]")
TITLES = {"dr", "mr", "mrs", "ms", "prof", "st", "no"}
TOKEN_OR_END = re.compile(r"\w+|[^\w\s]|\n+")


@dataclass(frozen=True)
class Segment:
    text: str
    label: str | None = None


Fill = Callable[[str], list[Segment]]


def fill(template: str, slot: Fill) -> list[Segment]:
    """The segments of a template; the case of a sentence's first letter is left as it is."""
    segments, end = [], 0
    for match in SLOT.finditer(template):
        segments.append(Segment(template[end : match.start()]))
        segments.extend(slot(match.group(1)))
        end = match.end()
    segments.append(Segment(template[end:]))
    return [segment for segment in segments if segment.text]


def lower(segments: list[Segment]) -> list[Segment]:
    return [Segment(segment.text.lower(), segment.label) for segment in segments]


def unpunctuated(segments: list[Segment]) -> list[Segment]:
    """As a recogniser of speech writes: no commas or full stops outside identifiers."""
    strip = re.compile(r"[,;:!?]|\.(?=\s|$)")
    return [segment if segment.label else Segment(strip.sub("", segment.text)) for segment in segments]


def record(segments: list[Segment]) -> dict:
    """`{"text", "spans"}` with offsets in bytes of UTF-8."""
    spans, at = [], 0
    for segment in segments:
        size = len(segment.text.encode())
        if segment.label:
            spans.append({"class": segment.label, "start": at, "end": at + size})
        at += size
    return {"text": "".join(segment.text for segment in segments), "spans": spans}


def tagged(segments: list[Segment], labels: set[str]) -> list[list[tuple[str, str]]]:
    """Sentences of `(token, tag)` with B-, I- and O tags for the labels asked for."""
    sentences: list[list[tuple[str, str]]] = [[]]
    for segment in segments:
        if segment.label in labels:
            tokens = TOKEN.findall(segment.text)
            name = segment.label.upper()
            sentences[-1] += [(token, ("I-" if index else "B-") + name) for index, token in enumerate(tokens)]
            continue
        for token in TOKEN_OR_END.findall(segment.text):
            if token.isspace():
                sentences.append([])
            else:
                sentences[-1].append((token, "O"))
                if token in ".!?" and not is_title(sentences[-1]):
                    sentences.append([])
    return [sentence for sentence in sentences if sentence]


def is_title(sentence: list[tuple[str, str]]) -> bool:
    """Whether the full stop at the end is that of "Dr." and the like."""
    return len(sentence) > 1 and sentence[-2][0].lower() in TITLES
