"""A small generator of report texts, beside the templates: is it worth its weight?

    cargo build --release --workspace --example report_lines
    python3 decoder.py --lines ../../../target/release/examples/report_lines [--seconds 900] [--reports 1000]

A decoder of about half a million weights learns the texts of the templates without their names and numbers, and then writes
texts of its own: at each step it may only use placeholders and words that the record supports. The reader in Rust says which
texts are sound. Printed are, for the templates and for the net by temperature: unsupported facts, how many reports need the
templates after one and after eight tries, sentence patterns in 100 reports, whether the most important evidence comes first,
reading time, and milliseconds a report on one thread. Needs torch. `--seconds` counts the processor's time.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import time

import torch
from torch import nn

from forms import Sheet, with_forms, without

PAD, BEGIN, END = 0, 1, 2
LENGTH_MAX = 224
# Reports whose writing is timed, one text each.
TIMED = 20
FACT_WORDS = {
    "above", "over", "below", "under", "within", "inside", "rising", "up", "falling", "down", "clear", "times", "flawed",
}  # fmt: skip


class Decoder(nn.Module):
    def __init__(self, tokens, width, layers, heads):
        super().__init__()
        self.heads = heads
        self.tokens = nn.Embedding(tokens, width)
        self.places = nn.Embedding(LENGTH_MAX, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for table in (self.tokens, self.places):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, ids, caches=None):
        begin = caches[0][0].shape[2] if caches and caches[0] else 0
        x = self.tokens(ids) + self.places(torch.arange(begin, begin + ids.shape[1]))
        for index, layer in enumerate(self.layers):
            x, cache = layer(x, caches[index] if caches else None)
            if caches is not None:
                caches[index] = cache
        return self.norm(x) @ self.tokens.weight.T


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, cache):
        batch, length, width = x.shape
        parts = self.qkv(self.first(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        if cache:
            k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.wide(self.second(x)), (k, v)


def lines(binary, count, seed):
    out = subprocess.run([binary, str(count), str(seed)], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def judged(binary, pairs):
    fed = "\n".join(json.dumps({"record": record, "texts": texts}) for record, texts in pairs)
    out = subprocess.run([binary], input=fed, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def quoted_names(data):
    """Names that the templates set in quotes, because they read like something else."""
    names = set()
    for line in data:
        record, text = line["record"], line["texts"][0]
        for order in record["work_orders"]:
            text = text.replace(f"“{order['snippet']}”", "")
        parts = [*record["evidence"], *record["changes"], *record["flags"], record.get("check") or {}, record.get("severity") or {}]
        for name in [record["asset"], *(part.get("sensor") for part in parts)]:
            if name and f"“{name}”" in text:
                names.add(name)
    return names


class Words:
    def __init__(self, pairs):
        known = sorted({token for plan, text in pairs for token in plan + text})
        self.tokens = ["<pad>", "<begin>", "<end>", *known]
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        spoken = {token for _, text in pairs for token in text}
        self.may_come = torch.tensor([index == END or token in spoken for index, token in enumerate(self.tokens)])

    def encode(self, plan, text):
        plan = [self.ids[token] for token in plan if token in self.ids]
        return plan + [BEGIN], [self.ids[token] for token in text if token in self.ids]


def examples(data, quoted):
    pairs = []
    for line in data:
        sheet = Sheet(line["record"], quoted)
        text = without(line["texts"][0], sheet)
        if text:
            pairs.append((sheet.plan, text))
    return pairs


def train(net, words, pairs, seconds):
    coded = [words.encode(plan, text) for plan, text in pairs]
    coded = [(plan, text) for plan, text in coded if len(plan) + len(text) < LENGTH_MAX]
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    begin, step, mean = time.process_time(), 0, None
    order = random.Random(0)
    while (spent := time.process_time() - begin) < seconds:
        batch = sorted(order.sample(coded, 256), key=lambda pair: len(pair[0]) + len(pair[1]))
        at = order.randrange(8) * 32
        batch = batch[at : at + 32]
        length = max(len(plan) + len(text) + 1 for plan, text in batch)
        ids, goals = torch.zeros(32, length, dtype=torch.long), torch.full((32, length), -1)
        for row, (plan, text) in enumerate(batch):
            whole = torch.tensor(plan + text + [END])
            ids[row, : len(whole)] = whole
            goals[row, len(plan) - 1 : len(whole) - 1] = whole[len(plan) :]
        rate = 2e-3 * min(1.0, (step + 1) / 100) * max(0.02, 1 - spent / seconds)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = nn.functional.cross_entropy(net(ids).flatten(0, 1), goals.flatten(), ignore_index=-1)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        step += 1
        if step % 200 == 0:
            print(f"step {step}, {spent:.0f} s, loss {mean:.3f}", flush=True)
    print(f"{step} steps of 32 texts, loss {mean:.3f}")


def allowed(words, sheet):
    """Which tokens a record supports at all."""
    mask = words.may_come.clone()
    for index, token in enumerate(words.tokens):
        if token[0] == "{" and token[1:-1] not in sheet.forms:
            mask[index] = False
        if token in FACT_WORDS and token not in sheet.words:
            mask[index] = False
    return mask


@torch.no_grad()
def write(net, words, sheet, temperature, tries, generator):
    """Several texts of one record, as tokens."""
    plan, _ = words.encode(sheet.plan, [])
    masks = allowed(words, sheet).repeat(tries, 1)
    once = torch.tensor([token[0] == "{" and token[1:-1] in sheet.once for token in words.tokens])
    caches = [None] * len(net.layers)
    logits = net(torch.tensor([plan]).repeat(tries, 1), caches)[:, -1]
    texts, open_rows = [[] for _ in range(tries)], torch.ones(tries, dtype=torch.bool)
    for _ in range(LENGTH_MAX - 1 - len(plan)):
        share = torch.softmax(logits.masked_fill(~masks, float("-inf")) / temperature, 1)
        tokens = torch.multinomial(share, 1, generator=generator)[:, 0]
        open_rows &= tokens != END
        if not open_rows.any():
            break
        for row in open_rows.nonzero()[:, 0].tolist():
            texts[row].append(words.tokens[tokens[row]])
        masks[torch.arange(tries), tokens] &= ~once[tokens]
        logits = net(tokens[:, None], caches)[:, -1]
    return texts


def report(name, found, milliseconds):
    """One row: `found` holds, for each report, the judgements of its tries, of which the first sound one is given out."""
    firsts = [tries[0] for tries in found]
    readable = [it for it in firsts if it["is_readable"]]
    sound = [next((it for it in tries if it["is_sound"]), None) for tries in found]
    given = [it for it in sound if it]
    hundreds = [sound[at : at + 100] for at in range(0, len(sound) - 99, 100)]
    shapes = [len({shape for it in hundred if it for shape in it["shapes"]}) for hundred in hundreds]
    share = lambda part, whole: 100 * part / max(whole, 1)  # noqa: E731
    print(
        f"{name:>14} | {share(len(firsts) - len(readable), len(firsts)):5.1f} | "
        f"{sum(it['unsupported'] for it in readable):5d} | "
        f"{share(sum(1 for it in firsts if not it['is_sound']), len(firsts)):5.1f} | "
        f"{share(sum(1 for it in sound if not it), len(sound)):5.1f} | "
        f"{statistics.mean(shapes) if shapes else 0:6.1f} | "
        f"{share(sum(it['is_ordered'] for it in given), len(given)):5.1f} | "
        f"{statistics.median(it['words'] for it in given) * 60 / 238 if given else 0:5.1f} | {milliseconds:7.2f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", required=True, help="the program report_lines")
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--texts", type=int, default=24_000)
    parser.add_argument("--reports", type=int, default=1_000)
    parser.add_argument("--tries", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(asked.seed)
    # Seeds of records from 1,000,000 on are learnt from; those from 0 on are for the figures.
    data = lines(asked.lines, asked.texts, 1_000_000)
    quoted = quoted_names(data)
    pairs = examples(data, quoted)
    words = Words(pairs)
    net = Decoder(len(words.tokens), 104, 4, 4)
    weights = sum(part.numel() for part in net.parameters())
    print(f"{len(pairs)} of {len(data)} texts, {len(words.tokens)} tokens, {weights} weights")
    train(net, words, pairs, asked.seconds)
    net.eval()
    begin = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    tested = lines(asked.lines, asked.reports, 0)
    # With the making of the records and their printing.
    templates_ms = 1_000 * (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin) / asked.reports
    print("       realiser | unreadable % | unsupported facts | unsound at first % | fallback % | patterns per 100 | "
          "top evidence first % | median reading s | ms a report")
    found = judged(asked.lines, [(line["record"], line["texts"]) for line in tested])
    report("templates", found, templates_ms)
    for temperature in (0.5, 1.0, 1.5):
        generator, chance = torch.Generator().manual_seed(asked.seed), random.Random(asked.seed)
        sheets = [Sheet(line["record"], quoted) for line in tested]
        begin, timed = time.process_time(), sheets[:TIMED]
        for sheet in timed:
            write(net, words, sheet, temperature, 1, generator)
        milliseconds = 1_000 * (time.process_time() - begin) / len(timed)
        pairs = []
        for line, sheet in zip(tested, sheets):
            texts = write(net, words, sheet, temperature, asked.tries, generator)
            pairs.append((line["record"], [with_forms(text or ["."], sheet, chance) for text in texts]))
        report(f"net at {temperature}", judged(asked.lines, pairs), milliseconds)
    for line, (_, texts) in list(zip(tested, pairs))[:5]:
        print("-", line["texts"][0], "\n ~", texts[0])


if __name__ == "__main__":
    main()
