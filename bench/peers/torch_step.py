"""A training step of GPT-2 in PyTorch: forward, loss, backward, clip, AdamW. Peer of `phf bench step`.

    python3 bench/peers/torch_step.py [quickstart tiny small 124M]        PHF_THREADS=n sets the threads

Prints milliseconds per step (median) and tokens per second. The model is the plain one of the GPT-2 paper, with fused attention
where this PyTorch has it.
"""
import math, os, statistics, sys, time
import torch
from torch import nn
from torch.nn import functional as F

MODELS = {  # layers, heads, channels, vocabulary, batch, time
    "quickstart": (2, 4, 128, 1024, 16, 128),
    "tiny": (4, 4, 128, 2048, 16, 128),
    "small": (6, 8, 256, 8192, 8, 256),
    "124M": (12, 12, 768, 50257, 4, 256),
}


class Block(nn.Module):
    def __init__(self, heads, channels, time_steps):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv, self.projection = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.up, self.down = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.register_buffer("mask", torch.full((time_steps, time_steps), float("-inf")).triu(1))

    def attend(self, x):
        b, t, c = x.shape
        q, k, v = (part.view(b, t, self.heads, c // self.heads).transpose(1, 2) for part in self.qkv(x).split(c, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            y = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]) + self.mask, dim=-1) @ v
        return self.projection(y.transpose(1, 2).reshape(b, t, c))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, layers, heads, channels, vocabulary, time_steps):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, channels), nn.Embedding(time_steps, channels)
        self.blocks = nn.Sequential(*(Block(heads, channels, time_steps) for _ in range(layers)))
        self.norm = nn.LayerNorm(channels)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        return self.norm(self.blocks(x)) @ self.tokens.weight.T


def main():
    torch.set_num_threads(int(os.environ.get("PHF_THREADS", os.cpu_count())))
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    for name in sys.argv[1:] or MODELS:
        layers, heads, channels, vocabulary, batch, time_steps = MODELS[name]
        torch.manual_seed(1)
        model = Model(layers, heads, channels, vocabulary, time_steps)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1)
        ids = torch.randint(vocabulary, (batch, time_steps + 1))
        times = []
        for _ in range(4 if name == "124M" else 10):
            start = time.perf_counter()
            optimizer.zero_grad()
            logits = model(ids[:, :-1])
            F.cross_entropy(logits.reshape(-1, vocabulary), ids[:, 1:].reshape(-1)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times[1:])
        print(f"{name:<12}{seconds * 1e3:9.1f} ms/step{batch * time_steps / seconds:10.0f} tokens/s", flush=True)


main()
