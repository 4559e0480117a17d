"""Perplexity."""

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
