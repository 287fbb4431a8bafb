"""Validates a folder of FHIR documents with the R4B models of PyPI `fhir.resources`.

Prints one line a document: validator, name, `accepted` or `refused`, and the first complaint.
R4B and R4 agree in the resources used here. The models refuse unknown fields but know no value sets.
"""

import sys
from pathlib import Path

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError


def complaint(path: Path) -> str | None:
    try:
        Bundle.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except Exception as error:  # The models raise errors of many kinds.
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        found = complaint(path)
        verdict = "accepted" if found is None else "refused"
        print("fhir.resources", path.stem, verdict, " ".join((found or "").split()), sep="\t")


if __name__ == "__main__":
    main()
