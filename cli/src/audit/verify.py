"""Verifies the parts of an audit log by its written format alone: verify.py [--key FILE] [--anchor SEQ:HASH] PART..."""

import argparse
import hashlib
import hmac
import json
import re

LINE = re.compile(rb'(\{"sequence":(?:0|[1-9][0-9]*),"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z",'
                  rb'"previous":"[0-9a-f]{64}","event":"[a-z]+"[ -~]*),"hash":"([0-9a-f]{64})"\}\n')


def verify(paths, key, anchor):
    """Returns the last sequence number and hash, or raises ValueError."""
    chain = key and hmac.digest(key, b"motet audit 1 chain", "sha256")
    sequence, previous, part, log, asked, closed = 0, "0" * 64, 0, None, {}, True
    met = anchor is None
    for path in paths:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                where = f"{path} line {number}"
                match = LINE.fullmatch(line)
                if not match:
                    raise ValueError(f"{where}: not the form of an entry")
                body = match[1] + b"}"
                entry = json.loads(body)
                if json.dumps(entry, separators=(",", ":")).encode() != body:
                    raise ValueError(f"{where}: not the one form of an entry")
                digest = hmac.digest(chain, body, "sha256") if chain else hashlib.sha256(body).digest()
                event = entry["event"]
                if (number == 1) != (event == "created") or (number == 1) != closed:
                    raise ValueError(f"{where}: `created` and `closed` are the first and last of a part")
                if event == "created":
                    part += 1
                    log = log or entry["log"]
                    key_id = key and hmac.digest(key, b"motet audit 1 key id", "sha256")[:8].hex()
                    found = (entry["version"], entry["log"], entry["part"], entry.get("key"))
                    if found != (1, log, part, key_id):
                        raise ValueError(f"{where}: another version, log, part or key")
                if digest.hex().encode() != match[2]:
                    raise ValueError(f"{where}: the line was changed")
                if (entry["sequence"], entry["previous"]) != (sequence, previous):
                    raise ValueError(f"{where}: the line does not follow the one before it")
                if event == "asked":
                    asked[sequence] = entry["request"]
                if event == "ended" and asked.pop(entry["asked"], None) != entry["request"]:
                    raise ValueError(f"{where}: ends what did not begin")
                if event == "opened":
                    asked.clear()
                previous = match[2].decode()
                if anchor and anchor.split(":")[0] == str(sequence):
                    if anchor != f"{sequence}:{previous}":
                        raise ValueError(f"{where}: the log was written anew")
                    met = True
                sequence, closed = sequence + 1, event == "closed"
    if not met or part == 0:
        raise ValueError("the log was cut")
    return sequence - 1, previous


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--key")
    arguments.add_argument("--anchor")
    arguments.add_argument("parts", nargs="+")
    given = arguments.parse_args()
    secret = open(given.key, "rb").read() if given.key else None
    try:
        print("%d:%s" % verify(given.parts, secret, given.anchor))
    except ValueError as fault:
        raise SystemExit(str(fault))
