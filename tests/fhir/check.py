"""Runs all validators over good and over broken documents, and prints who refused what.

usage: check.py GOOD BROKEN NODE, where NODE is the folder with `node_modules`; run it with the Python that has
`fhir.resources`. Fails unless every good document is accepted by all validators, and every broken one is refused
by at least one.
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
VALIDATORS = ["fhir.resources", "npm fhir", "JSON Schema", "FHIRPath"]


def verdicts(folder: Path, node: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """By document and validator: the verdict and the first complaint."""
    commands = [
        ([sys.executable, HERE / "validate.py", folder.resolve()], None),
        (["node", HERE / "validate.mjs", folder.resolve()], node),
        (["node", HERE / "invariants.mjs", folder.resolve()], node),
    ]
    found = defaultdict(dict)
    for command, where in commands:
        lines = subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            validator, name, verdict, complaint = line.split("\t")
            found[name][validator] = (verdict, complaint)
    return found


def main() -> None:
    good, broken, node = map(Path, sys.argv[1:4])
    faults = []
    width = max(len(path.stem) for folder in (good, broken) for path in folder.glob("*.json"))
    for folder, is_good in ((good, True), (broken, False)):
        print(f"\n{folder.name:{width}}  " + "  ".join(f"{name:14}" for name in VALIDATORS))
        results = verdicts(folder, node)
        for name in sorted(results):
            row = [results[name][validator][0] for validator in VALIDATORS]
            print(f"{name:{width}}  " + "  ".join(f"{verdict:14}" for verdict in row))
            if is_good and set(row) != {"accepted"}:
                faults.append(f"{name}: {results[name]}")
            if not is_good and "refused" not in row:
                faults.append(f"{name} is broken, and nobody refused it")
        refused = [sum(results[name][validator][0] == "refused" for name in results) for validator in VALIDATORS]
        counts = [f"{count} of {len(results)}" for count in refused]
        print(f"{'refused':{width}}  " + "  ".join(f"{count:14}" for count in counts))
        if not is_good and 0 in refused:
            faults.append("a validator refused nothing")
    print("\n".join(["", *faults]) if faults else "\nas expected")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
