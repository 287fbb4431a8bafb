"""Steps of training in PyTorch, as a process that a driver asks for them:  python train_step.py DATA THREADS

The net, its first weights, the batches and the optimiser are those of models/examples/train_step.rs, and so are the lines
that it reads and writes.  PyTorch is used as it is fastest on the CPU without a compiler: its fused attention, its fused
AdamW, no copies of weights.
"""
import json
import sys
import time

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

WIDTH, HEADS, LAYERS = 192, 4, 4


class Block(torch.nn.Module):
    def __init__(self, weights, prefix):
        super().__init__()
        for name in ("query", "key", "value", "output", "up", "down"):
            inputs, outputs = weights[f"{prefix}.{name}.weight"].shape
            layer = torch.nn.Linear(inputs, outputs)
            layer.weight.data = weights[f"{prefix}.{name}.weight"].t().contiguous()
            layer.bias.data = weights[f"{prefix}.{name}.bias"]
            setattr(self, name, layer)
        self.attention_norm = norm(weights, f"{prefix}.attention_norm")
        self.dense_norm = norm(weights, f"{prefix}.dense_norm")

    def forward(self, x):
        n = self.attention_norm(x)
        q, k, v = (layer(n).view(*n.shape[:2], HEADS, -1).transpose(1, 2) for layer in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + self.output(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.dense_norm(x))))


class Net(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.token = torch.nn.Parameter(weights["token"])
        self.position = torch.nn.Parameter(weights["position"])
        self.blocks = torch.nn.ModuleList(Block(weights, f"blocks.{layer}") for layer in range(LAYERS))
        self.norm = norm(weights, "norm")
        self.head = torch.nn.Linear(WIDTH, weights["head.bias"].shape[0])
        self.head.weight.data = weights["head.weight"].t().contiguous()
        self.head.bias.data = weights["head.bias"]

    def forward(self, ids):
        x = F.embedding(ids, self.token) + self.position[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def norm(weights, name):
    layer = torch.nn.LayerNorm(WIDTH, eps=1e-5)
    layer.weight.data, layer.bias.data = weights[f"{name}.gamma"], weights[f"{name}.beta"]
    return layer


def main():
    torch.set_num_threads(int(sys.argv[2]))
    data = load_file(sys.argv[1])
    net = Net(data)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-4, weight_decay=0.01, fused=True)
    taken = 0
    for line in sys.stdin:
        walls, losses = [], []
        for _ in range(int(line)):
            start = time.perf_counter()
            ids, labels = data["ids"][taken % 8], data["labels"][taken % 8]
            loss = F.cross_entropy(net(ids).flatten(0, 1), labels.flatten())
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            walls.append((time.perf_counter() - start) * 1e3)
            taken += 1
        print(json.dumps({"wall_ms": walls, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
