"""Relations between what work orders name: rows for the task `linear`, and F1 of what is found.

    python models/reference/maintenance/relations.py rows --data ../shared/data/maintie --out relations
    motet train relations --data relations --out relations/model
    cargo build --release --workspace --examples
    target/release/examples/margins relations/model relations/valid.jsonl > relations/valid.margins.jsonl
    python models/reference/maintenance/relations.py score --data ../shared/data/maintie --margins relations/valid.margins.jsonl

Every ordered pair of entities of an order is a row, whose label is the relation from the first to the second, or `none`. With
`--found FILE`, JSON Lines of `{id, entities: [[start, end, class], ..]}` in places of tokens, the pairs are those of entities
that a model found; `score` then takes the same file, and a relation counts as found where both spans, both classes and its
type are right. `score` prints micro F1 beside that of the most frequent relation of two classes in this order at this
distance. With `--folds N` `rows` writes N files to learn from and to judge by instead, of neighbouring orders. Needs nothing
but Python.

A row has these words, and no others; whoever asks the model must write the same:

    PAIR     ORDER_HEAD_TAIL_PLACE: `ht` or `th` for which comes first, both classes, `in`, `next` or `apart`
    PAIR_D_B       with how many words are between them, 5 at most, and how many entities, 3 at most
    PAIR_bB  HEAD_TAIL  ORDER_PLACE_D
    PAIR_g_W       for each of the first five words between them
    hw_HEAD_TAIL_ORDER_W  tw_HEAD_TAIL_ORDER_W   for each word of the one and of the other
    hl_PAIR_W  tl_PAIR_W  ll_ORDER_W_V           for their last words
    PAIR_before_W  PAIR_after_W                  for the words around both
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from pathlib import Path


def read(path):
    with Path(path).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def plain(word):
    return re.sub(r"[^a-z0-9]", "", word.lower()) or "x"


def orders(path, found=None):
    """(id, words, entities, relations): entities as (start, end, class), relations as pairs of them with their type."""
    told = {row["id"]: [tuple(entity) for entity in row["entities"]] for row in read(found)} if found else None
    for row in read(path):
        gold = [(it["start"], it["end"], it["type"].split("/")[0]) for it in row["entities"]]
        relations = {(gold[it["head"]], gold[it["tail"]]): it["type"].split("/")[-1] for it in row["relations"]}
        entities = gold if told is None else told.get(row["id"], [])
        yield row["id"], [plain(word) for word in row["tokens"]], entities, relations


def row_text(words, entities, head, tail):
    is_first = (head[0], -head[1]) < (tail[0], -tail[1])
    first, second = (head, tail) if is_first else (tail, head)
    order = "ht" if is_first else "th"
    place = "in" if second[0] < first[1] else "next" if second[0] == first[1] else "apart"
    gap = words[first[1] : second[0]]
    distance = min(len(gap), 5)
    between = min(sum(first[1] <= it[0] and it[1] <= second[0] for it in entities), 3)
    classes = f"{head[2]}_{tail[2]}"
    pair = f"{order}_{classes}_{place}"
    marks = [pair, f"{pair}_{distance}_{between}", f"{pair}_b{between}", classes, f"{order}_{place}_{distance}"]
    marks += [f"{pair}_g_{word}" for word in gap[:5]]
    marks += [f"hw_{classes}_{order}_{word}" for word in words[head[0] : head[1]]]
    marks += [f"tw_{classes}_{order}_{word}" for word in words[tail[0] : tail[1]]]
    last = [words[it[1] - 1] for it in (head, tail)]
    marks += [f"hl_{pair}_{last[0]}", f"tl_{pair}_{last[1]}", f"ll_{order}_{last[0]}_{last[1]}"]
    marks += [f"{pair}_before_{words[first[0] - 1]}"] if first[0] > 0 else []
    marks += [f"{pair}_after_{words[second[1]]}"] if second[1] < len(words) else []
    return " ".join(marks)


def pairs(all_orders):
    """(id of the row, order, head, tail, text, relation)."""
    for name, words, entities, relations in all_orders:
        for i, head in enumerate(entities):
            for j, tail in enumerate(entities):
                if i != j:
                    text = row_text(words, entities, head, tail)
                    yield f"{name}-{i}-{j}", name, head, tail, text, relations.get((head, tail), "none")


def write(path, all_orders):
    with path.open("w", encoding="utf-8") as out:
        for row, name, _, _, text, label in pairs(all_orders):
            out.write(json.dumps({"id": row, "order": name, "text": text, "label": label}) + "\n")


def rows(arguments):
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    train = list(orders(arguments.data / "train.jsonl"))
    if arguments.folds:
        size = -(-len(train) // arguments.folds)
        for fold in range(arguments.folds):
            first, last = fold * size, (fold + 1) * size
            write(out / f"train.{fold}.jsonl", train[:first] + train[last:])
            write(out / f"valid.{fold}.jsonl", train[first:last])
        return
    write(out / "train.jsonl", train)
    write(out / "valid.jsonl", orders(arguments.data / "valid.jsonl", arguments.found))


def f1(found, gold):
    right = len(found & gold)
    precision, recall = right / max(len(found), 1), right / max(len(gold), 1)
    return 2 * right / max(len(found) + len(gold), 1), precision, recall


def score(arguments):
    judged = list(orders(arguments.data / "valid.jsonl", arguments.found))
    gold = {(name, pair, label) for name, _, _, relations in judged for pair, label in relations.items()}
    told = {row["id"]: row["label"] for row in read(arguments.margins)}
    counts = defaultdict(Counter)
    for _, _, _, _, text, label in pairs(orders(arguments.data / "train.jsonl")):
        counts[text.split()[1]][label] += 1
    by_model, by_place = set(), set()
    for row, name, head, tail, text, _ in pairs(judged):
        by_model.add((name, (head, tail), told[row]))
        common = counts[text.split()[1]].most_common(1)
        by_place.add((name, (head, tail), common[0][0] if common else "none"))
    for title, found in (("model", by_model), ("most frequent relation at the place", by_place)):
        found = {it for it in found if it[2] != "none"}
        print("%s: F1 %.3f, precision %.3f, recall %.3f" % (title, *f1(found, gold)))
    for label in sorted({it[2] for it in gold}):
        of = [{it for it in side if it[2] == label} for side in (by_model, gold)]
        print(f"  {label}: F1 {f1(*of)[0]:.3f} of {len(of[1])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rows", "score"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--found", type=Path)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--out")
    parser.add_argument("--margins", type=Path)
    arguments = parser.parse_args()
    rows(arguments) if arguments.what == "rows" else score(arguments)


if __name__ == "__main__":
    main()
