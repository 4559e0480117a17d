"""Perplexity, and sampling of stories."""

import math

import torch
import torch.nn.functional as F

EOT_ID = 0


@torch.no_grad()
def nll(models, documents, dtype=torch.float32, tokens_per_batch=16384):
    """Mean negative log-likelihood a token, every document alone: `<|endoftext|>` is its first context
    token and its last target. Several models are averaged as probabilities."""
    device = models[0].norm.device
    rows = sorted(([EOT_ID, *d, EOT_ID] for d in documents), key=len)
    total, count, i = 0.0, 0, 0
    while i < len(rows):
        n = 1
        while i + n < len(rows) and (n + 1) * len(rows[i + n]) <= tokens_per_batch:
            n += 1
        part, i = rows[i : i + n], i + n
        width = len(part[-1])
        ids = torch.tensor([r + [EOT_ID] * (width - len(r)) for r in part], device=device)
        real = torch.arange(width - 1, device=device) < torch.tensor([[len(r) - 1] for r in part], device=device)
        p = 0.0
        for model in models:
            target = F.log_softmax(model.logits(ids[:, :-1], dtype), -1).gather(-1, ids[:, 1:, None])[..., 0]
            p = p + target.double().exp() / len(models)
        total -= p.log()[real].sum().item()
        count += int(real.sum())
    return total / count, count


def perplexity(models, documents, dtype=torch.float32):
    return math.exp(nll(models, documents, dtype)[0])


@torch.no_grad()
def sample(model, prompt, length, temperature, top_p, seed):
    """Continues one prompt (token ids, the first one `<|endoftext|>`) to `length` tokens or the story's end."""
    device = model.norm.device
    generator = torch.Generator(device).manual_seed(seed)
    cache = model.new_cache(1, length + 1, torch.float32)
    ids = list(prompt)
    logits = model.logits(torch.tensor([ids], device=device), torch.float32, cache)[0, -1]
    while True:
        p, order = (logits / temperature).softmax(-1).sort(descending=True)
        p = p * (p.cumsum(0) - p < top_p)  # the smallest set that reaches top_p
        token = int(order[torch.multinomial(p, 1, generator=generator)])
        if token == EOT_ID:
            return ids, True
        ids.append(token)
        if len(ids) > length:
            return ids, False
        logits = model.logits(torch.tensor([[token]], device=device), torch.float32, cache, len(ids) - 1)[0, -1]


def repeated_words(text, n=8):
    """The first n-gram of words that occurs twice, or None."""
    words, seen = text.split(), set()
    for i in range(len(words) - n + 1):
        gram = " ".join(words[i : i + n])
        if gram in seen:
            return gram
        seen.add(gram)
    return None
