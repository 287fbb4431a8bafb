"""What company does to `trio`:  python neighbours.py DATA RUST_PEER [ROUNDS]

In turns: one process alone, two at once, and one beside four busy loops.  Prints CPU time per request and requests a
second, medians over the rounds.  `benches/run` has made DATA and RUST_PEER.
"""
import json
import statistics
import subprocess
import sys

from engines import load_average

COUNT = 60


def peers(peer, data, count):
    command = [peer, "motet", data, "1", "f32"]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for process in started:
        process.stdout.readline()
    return started


def ask(processes):
    """CPU microseconds per request of each, and requests a second of all."""
    for process in processes:
        print(f"run trio {COUNT}", file=process.stdin, flush=True)
    answers = [json.loads(process.stdout.readline()) for process in processes]
    rate = sum(COUNT / (sum(answer["wall_us"]) / 1e6) for answer in answers)
    return statistics.mean(answer["cpu_us"] for answer in answers), rate


def main():
    data, peer = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    both = peers(peer, data, 2)
    ask(both)
    seen = {"alone": [], "two at once": [], "beside four busy loops": []}
    for _ in range(rounds):
        seen["alone"].append(ask(both[:1]))
        seen["two at once"].append(ask(both))
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
        seen["beside four busy loops"].append(ask(both[:1]))
        for process in busy:
            process.kill()
            process.wait()
    print("\n### `trio` in company, Motet f32\n")
    print("| one worker | CPU us | CPU, ratio | requests/s | requests/s, ratio |")
    print("|---|---|---|---|---|")
    base = [statistics.median(values) for values in zip(*seen["alone"])]
    for name, values in seen.items():
        cpu, rate = (statistics.median(column) for column in zip(*values))
        print(f"| {name} | {cpu:.0f} | {cpu / base[0]:.2f} | {rate:.1f} | {rate / base[1]:.2f} |")
    print(f"\n{load_average()}, rounds {rounds}")
    for process in both:
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
