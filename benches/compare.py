"""Engines side by side on the workload `trio`:  python compare.py DATA RUST_PEER LIBRARY [ROUNDS]

DATA: the folder with weights, *.onnx and ref_io.safetensors.  RUST_PEER: the program of this folder.  LIBRARY: the
libonnxruntime of the wheel.  Each engine is a process of its own; they take turns, a few requests at a time, so a busy
minute of the machine falls on all of them.  Prints medians over the rounds and ratios to ONNX Runtime called from Rust.
"""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTS = {"trio": 12, "notes": 12, "kws": 200, "anom": 40}


class Engine:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
        self.ready = json.loads(self.process.stdout.readline())
        self.walls = {part: [] for part in COUNTS}
        self.cpus = {part: [] for part in COUNTS}
        self.peak = 0.0

    def round(self, part):
        print(f"run {part} {COUNTS[part]}", file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        self.walls[part].extend(answer["wall_us"])
        self.cpus[part].append(answer["cpu_us"])
        self.peak = max(self.peak, answer["peak_mib"])

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def table(title, engines, reference):
    print(f"\n### {title}\n")
    print("| engine | part | wall p05 us | wall median us | CPU us | CPU, ratio | wall median, ratio |")
    print("|---|---|---|---|---|---|---|")
    for engine in engines:
        for part in COUNTS:
            walls = sorted(engine.walls[part])
            wall, cpu = statistics.median(walls), statistics.median(engine.cpus[part])
            base_wall = statistics.median(reference.walls[part])
            base_cpu = statistics.median(reference.cpus[part])
            print(f"| {engine.name} | {part} | {walls[len(walls) // 20]:.0f} | {wall:.0f} | {cpu:.0f} "
                  f"| {cpu / base_cpu:.2f} | {wall / base_wall:.2f} |")


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
        for number in range(rounds + 1):
            for part in COUNTS:
                for engine in engines:
                    engine.round(part)
            if number == 0:
                # The first round warms up.
                for engine in engines:
                    engine.walls = {part: [] for part in COUNTS}
                    engine.cpus = {part: [] for part in COUNTS}
        reference = next(engine for engine in engines if engine.name == "ONNX Runtime f32 (Rust)")
        table(f"{workers} worker(s)", engines, reference)
        print("\npeak resident memory, MiB: " + ", ".join(f"{engine.name} {engine.peak:.0f}" for engine in engines))
        for engine in engines:
            engine.end()
    print(f"\nload average {' '.join(f'{load:.2f}' for load in os.getloadavg())}, rounds {rounds}")


if __name__ == "__main__":
    main()
