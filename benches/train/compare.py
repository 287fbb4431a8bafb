"""Training on Motet and in PyTorch, step by step in turns:  python compare.py DATA RUST_PEER [ROUNDS]

Each engine with each number of threads is a process of its own; they take turns, a few steps at a time, so a busy minute
of the machine falls on all of them.  Threads of PyTorch that wait do not spin (OMP_WAIT_POLICY=passive, KMP_BLOCKTIME=0):
on a machine with other work, spinning costs it more than it saves.  Prints medians over all steps but those of the first
turn, CPU time per step, ratios to PyTorch, and both loss curves.
"""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 5
TICKS = os.sysconf("SC_CLK_TCK")


class Peer:
    def __init__(self, name, threads, command):
        self.name, self.threads = name, threads
        environment = os.environ | {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0", "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.walls, self.cpus, self.losses = [], [], []

    def cpu_ms(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1e3 / TICKS

    def turn(self, is_first):
        before = self.cpu_ms() if not is_first else 0.0
        self.process.stdin.write(f"{STEPS}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.losses += answer["losses"]
        if not is_first:
            self.walls += answer["wall_ms"]
            self.cpus.append((self.cpu_ms() - before) / STEPS)

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) / 1024

    def wall(self):
        return statistics.median(self.walls)

    def cpu(self):
        return statistics.mean(self.cpus)


def p05(values):
    return sorted(values)[len(values) // 20]


def main():
    data, rust = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    peers = []
    for threads in (1, 2):
        peers.append(Peer("Motet", threads, [rust, "run", data, str(threads)]))
        peers.append(Peer("PyTorch", threads, [sys.executable, os.path.join(HERE, "train_step.py"), data, str(threads)]))
    for index in range(rounds + 1):
        for peer in peers:
            peer.turn(index == 0)
    print("| engine | threads | step, wall p05 ms | median ms | CPU ms | wall, ratio | CPU, ratio | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for peer in peers:
        base = next(other for other in peers if other.name == "PyTorch" and other.threads == peer.threads)
        print(f"| {peer.name} | {peer.threads} | {p05(peer.walls):.1f} | {peer.wall():.1f} | {peer.cpu():.1f} "
              f"| {peer.wall() / base.wall():.2f} | {peer.cpu() / base.cpu():.2f} | {peer.peak_mib():.0f} |")
    print("\nloss before step 1, 2, 3, 5, 10 and the last:\n")
    for peer in peers:
        at = [0, 1, 2, 4, 9, len(peer.losses) - 1]
        print(f"{peer.name}, {peer.threads} thread(s): " + ", ".join(f"{peer.losses[i]:.4f}" for i in at))
    print(f"\nload average {' '.join(f'{x:.1f}' for x in os.getloadavg())}, rounds {rounds} of {STEPS} steps")
    for peer in peers:
        peer.process.stdin.close()
        peer.process.wait()


if __name__ == "__main__":
    main()
