"""How long a note of 800 words takes to its document, and the memory of the process: the figures of docs/ward-notes.md.

The note is made of the samples of the pipeline, one after the other. One process answers it again and again on one core, with
its audit log on the disk; times are those of whoever asks.

    cargo build --release
    python benches/notes.py [--words 800] [--requests 100] [--core 1]
"""

import argparse
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOTET = ROOT / "target/release/motet"
PIPELINE = ROOT / "pipelines/ward-notes"
WARM_UP = 20


def note(words):
    """So many words of the samples, with everything between them."""
    text = "".join((PIPELINE / "inputs" / name).read_text(encoding="utf-8") for name in ("dictation.txt", "talk.txt"))
    text *= 1 + words // len(text.split())
    ends = [found.end() for found in re.finditer(r"\S+", text)]
    return text[: ends[words - 1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=800)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--core", default="1")
    arguments = parser.parse_args()
    inputs = dict(note=note(arguments.words), patient="Patient/1", recorded="2026-03-12T09:30:00Z")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "audit.jsonl")
        subprocess.run([MOTET, "audit", "create", log], check=True, stdout=subprocess.DEVNULL)
        command = ["taskset", "-c", arguments.core, MOTET, "run", PIPELINE, "--stdin", "--workers", "1", "--audit", log]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            times = []
            for number in range(WARM_UP + arguments.requests):
                start = time.perf_counter()
                running.stdin.write(json.dumps(dict(id=number, inputs=inputs)) + "\n")
                running.stdin.flush()
                answer = json.loads(running.stdout.readline())
                times.append(1e3 * (time.perf_counter() - start))
                if "outputs" not in answer:
                    raise SystemExit(answer)
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{running.pid}/status").read_text())
            running.stdin.close()
    times = sorted(times[WARM_UP:])
    at = lambda percent: times[min(len(times) - 1, len(times) * percent // 100)]
    print(f"{arguments.words} words, {len(times)} requests on core {arguments.core}: median {at(50):.1f} ms, 95 % {at(95):.1f} ms")
    print(f"peak of the process {int(peak[1]) / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
