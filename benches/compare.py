"""Engines side by side on the workload `trio`:  python compare.py DATA RUST_PEER LIBRARY [ROUNDS]

DATA: the folder with weights, *.onnx and ref_io.safetensors.  RUST_PEER: the program of this folder.  LIBRARY: the
libonnxruntime of the wheel.  Each engine is a process of its own; they take turns, a few requests at a time, so a busy
minute of the machine falls on all of them.  Prints medians over the rounds and ratios to ONNX Runtime called from Rust.
"""
import os
import statistics
import sys

from engines import Engine, load_average, p05, take_turns

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTS = {"trio": 12, "notes": 12, "kws": 200, "anom": 40}


def table(title, engines, reference):
    print(f"\n### {title}\n")
    print("| engine | part | wall p05 us | wall median us | CPU us | CPU, ratio | wall median, ratio |")
    print("|---|---|---|---|---|---|---|")
    for engine in engines:
        for part in COUNTS:
            wall, cpu = engine.wall(part), engine.cpu(part)
            print(f"| {engine.name} | {part} | {engine.wall_p05(part):.0f} | {wall:.0f} | {cpu:.0f} "
                  f"| {cpu / reference.cpu(part):.2f} | {wall / reference.wall(part):.2f} |")


def outside(engine):
    """Where the time of a request goes outside of its nets.

    By the trace of each response.  A node's turn begins where the one before it in its step ends, so that the lease of
    its buffers and the search for NaN in its outputs count as its own.
    """
    print(f"\n### One request of `trio` outside of `mfcc`, `kws`, `notes` and `anom`, {engine.name}, one thread\n")
    print(f"| of {len(engine.accounts)} requests | p05 us | median us |")
    print("|---|---|---|")
    rows = {
        "scheduler + copies + join": [account["outside"] for account in engine.accounts],
        "of it: until the first node begins (inputs looked at and copied)": [a["before"] for a in engine.accounts],
        "of it: the node that joins the answers": [account["join"] for account in engine.accounts],
    }
    for name, values in rows.items():
        print(f"| {name} | {p05(values):.1f} | {statistics.median(values):.1f} |")


def main():
    data, peer, library = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 15
    peers = [sys.executable, os.path.join(HERE, "peers.py")]
    for workers in ("1", "2"):
        os.environ["INTRA"] = workers
        engines = [
            Engine("Motet f32", [peer, "motet", data, workers, "f32"]),
            Engine("Motet bf16", [peer, "motet", data, workers, "bf16"]),
            Engine("Motet int8", [peer, "motet", data, workers, "int8"]),
            Engine("ONNX Runtime f32 (Rust)", [peer, "ort", data, workers, library]),
            Engine("ONNX Runtime f32 (Python)", peers + ["ort", data, workers]),
            Engine("OpenVINO f32", peers + ["openvino-f32", data, workers]),
            Engine("OpenVINO bf16", peers + ["openvino-bf16", data, workers]),
        ]
        take_turns(engines, COUNTS, rounds)
        reference = next(engine for engine in engines if engine.name == "ONNX Runtime f32 (Rust)")
        table(f"{workers} worker(s)", engines, reference)
        print("\npeak resident memory, MiB: " + ", ".join(f"{engine.name} {engine.peak:.0f}" for engine in engines))
        if workers == "1":
            outside(engines[0])
        for engine in engines:
            engine.end()
    print(f"\n{load_average()}, rounds {rounds}")


if __name__ == "__main__":
    main()
