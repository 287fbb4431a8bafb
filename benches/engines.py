"""Engines that answer the same requests by turns, each a process of its own."""
import json
import os
import statistics
import subprocess


class Engine:
    """A process that says one line when it is ready and answers each line `run PART N` with one line."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
        self.ready = json.loads(self.process.stdout.readline())
        self.forget()
        self.peak = 0.0

    def forget(self):
        self.walls, self.cpus, self.accounts = {}, {}, []

    def round(self, part, count):
        print(f"run {part} {count}", file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        self.walls.setdefault(part, []).extend(answer["wall_us"])
        self.cpus.setdefault(part, []).append(answer["cpu_us"])
        self.accounts.extend(answer.get("accounts_us", []))
        self.peak = max(self.peak, answer["peak_mib"])

    def wall(self, part):
        return statistics.median(self.walls[part])

    def wall_p05(self, part):
        return p05(self.walls[part])

    def cpu(self, part):
        return statistics.median(self.cpus[part])

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def take_turns(engines, counts, rounds):
    """Lets every engine run so many requests of each part in every round; a round before them warms up."""
    for number in range(rounds + 1):
        for part, count in counts.items():
            for engine in engines:
                engine.round(part, count)
        if number == 0:
            for engine in engines:
                engine.forget()


def p05(values):
    return sorted(values)[len(values) // 20]


def load_average():
    return "load average " + " ".join(f"{load:.2f}" for load in os.getloadavg())
