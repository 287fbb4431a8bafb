"""A value through 1, 4 and 16 nodes that pass it on:  python chain.py DATA RUST_PEER LIBRARY [ROUNDS]

On Motet the nodes are of kinds of this folder's program, on ONNX Runtime sessions of DATA's `ident.onnx`, called from
Rust.  A hop is the difference between 16 nodes and 1, divided by 15.  Arguments and turns as in compare.py.

Every engine copies or reads the caller's value once before the first node, and that is in each request but in no hop:
Motet copies it into its arena (floats are searched for NaN first), ONNX Runtime reads it in place.  Per node:
- handed over: a buffer of the value's size is leased, its first element written, and given on. Nothing is copied.
- looked at: the same with floats, in which Motet searches every node's output for NaN.
- copied: all of the value is copied into that buffer, as `Identity` of ONNX Runtime does; Motet searches for NaN, too.
"""
import sys

from engines import Engine, load_average, take_turns

SIZES = {"1 KiB": (1 << 10, 400), "1 MiB": (1 << 20, 40), "4 MiB": (4 << 20, 20)}
LENGTHS = (1, 4, 16)
REFERENCE = "ONNX Runtime (Rust), one thread"


def part(size, length):
    return f"{SIZES[size][0]}x{length}"


def hop(of_part, size):
    """Nanoseconds from microseconds of requests."""
    return (of_part(part(size, 16)) - of_part(part(size, 1))) / 15 * 1e3


def table(engines):
    by_name = {engine.name: engine for engine, _ in engines}
    print("\n### Chain of pass-through nodes\n")
    print("| engine | per node | value | 1 node: wall, CPU us | 4 nodes | 16 nodes | 16 nodes: wall, CPU, ratio "
          "| hop: wall ns (p05) | hop: CPU ns | hop: wall, CPU, ratio |")
    print("|---" * 10 + "|")
    base = by_name[REFERENCE]
    for size in SIZES:
        longest = part(size, max(LENGTHS))
        for engine, work in engines:
            requests = " | ".join(f"{engine.wall(part(size, n)):.1f}, {engine.cpu(part(size, n)):.1f}" for n in LENGTHS)
            wall, cpu = hop(engine.wall, size), hop(engine.cpu, size)
            print(f"| {engine.name} | {work} | {size} | {requests} "
                  f"| {engine.wall(longest) / base.wall(longest):.3f}, {engine.cpu(longest) / base.cpu(longest):.3f} "
                  f"| {wall:.0f} ({hop(engine.wall_p05, size):.0f}) | {cpu:.0f} "
                  f"| {wall / hop(base.wall, size):.3f}, {cpu / hop(base.cpu, size):.3f} |")


def main():
    data, peer, library = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 15
    fused, one_lane, lanes = "Motet, fused, one thread", "Motet, parallel, one step", "Motet, parallel, across threads"
    engines = [
        (Engine(fused, [peer, "motet-chain", "sequential", "hand-over-u8"]), "handed over"),
        (Engine(fused, [peer, "motet-chain", "sequential", "hand-over-f32"]), "looked at"),
        (Engine(fused, [peer, "motet-chain", "sequential", "copy-f32"]), "copied"),
        (Engine(one_lane, [peer, "motet-chain", "parallel", "hand-over-u8"]), "handed over"),
        (Engine(one_lane, [peer, "motet-chain", "parallel", "copy-f32"]), "copied"),
        (Engine(lanes, [peer, "motet-chain", "lanes", "hand-over-u8"]), "handed over"),
        (Engine(lanes, [peer, "motet-chain", "lanes", "copy-f32"]), "copied"),
        (Engine(REFERENCE, [peer, "ort-chain", data, library]), "copied"),
    ]
    counts = {part(size, length): SIZES[size][1] for size in SIZES for length in LENGTHS}
    take_turns([engine for engine, _ in engines], counts, rounds)
    table(engines)
    print(f"\n{load_average()}, rounds {rounds}")
    for engine, _ in engines:
        engine.end()


if __name__ == "__main__":
    main()
