"""From the start of a process to its first answer:  python cold.py DATA RUST_PEER LIBRARY MOTET [TURNS]

MOTET: the program `motet`.  The others as in compare.py.  The processes take turns; a turn before them brings all files
into memory.  Time until the first line is printed, which each prints after its first answer, and until the process has
ended; peak resident memory from `getrusage` of the process.  That counts what this program had before the other one
began, so this one imports little.
"""
import os
import statistics
import subprocess
import sys
import time

from engines import load_average

HERE = os.path.dirname(os.path.abspath(__file__))


def turn(command):
    """Seconds to the first line, seconds to the end, and MiB at the peak."""
    start = time.perf_counter()
    # Those that wait for requests find the end of their input and stop.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    line = process.stdout.readline()
    answered = time.perf_counter() - start
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert line and process.returncode == 0, (command, process.returncode)
    return answered, ended, usage.ru_maxrss / 1024


def main():
    data, peer, library, motet = sys.argv[1:5]
    turns = int(sys.argv[5]) if len(sys.argv) > 5 else 7
    os.environ["INTRA"] = "1"
    pipeline = os.path.join(HERE, "..", "pipelines", "trio")
    baseline = os.path.join(os.environ["TRIO"], "baseline_ort.py")
    commands = {
        "`motet run pipelines/trio --models DIR`": [motet, "run", pipeline, "--models", data],
        "ONNX Runtime, `baseline_ort.py DIR cold`": [sys.executable, baseline, data, "cold"],
        "ONNX Runtime, `peers.py ort DIR`": [sys.executable, os.path.join(HERE, "peers.py"), "ort", data],
        "ONNX Runtime, called from Rust": [peer, "ort", data, "1", library],
    }
    seen = {name: [] for name in commands}
    for number in range(turns + 1):
        for name, command in commands.items():
            measured = turn(command)
            if number > 0:
                seen[name].append(measured)
    print("\n### Cold start of `trio`\n")
    print("| process | first answer s | least | most | end s | peak MiB | first answer, ratio |")
    print("|---|---|---|---|---|---|---|")
    base = statistics.median(answered for answered, _, _ in seen["ONNX Runtime, `baseline_ort.py DIR cold`"])
    for name, values in seen.items():
        answers = [answered for answered, _, _ in values]
        answered, ended, peak = (statistics.median(column) for column in zip(*values))
        print(f"| {name} | {answered:.3f} | {min(answers):.3f} | {max(answers):.3f} | {ended:.3f} | {peak:.1f} "
              f"| {answered / base:.2f} |")
    print(f"\n{load_average()}, turns {turns}")


if __name__ == "__main__":
    main()
