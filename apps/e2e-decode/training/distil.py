"""What the teachers give the student: new stories, and a distribution for every token."""

import numpy as np
import torch

import data
from evaluate import EOT_ID


@torch.no_grad()
def write(model, count, length, seed, openings=None, temperature=1.0, min_p=0.0, dtype=torch.bfloat16):
    """Samples `count` documents of at most `length` tokens, by default at temperature 1 without truncation, so
    that they follow the model's own distribution. Row i begins with `openings[i]` (-1: from here on its own).
    Returns tokens [count, length] without `<|endoftext|>`, how many they are, and which documents ended."""
    device = model.norm.device
    generator = torch.Generator(device).manual_seed(seed)
    written = torch.zeros(count, length, dtype=torch.long, device=device)
    rows = torch.arange(count, device=device)  # documents still being written, by row of `written`
    alive = torch.ones(count, dtype=torch.bool, device=device)
    ended = torch.zeros(count, dtype=torch.bool, device=device)
    token = torch.full((count, 1), EOT_ID, device=device)
    cache = model.new_cache(count, length, dtype)
    for at in range(length):
        p = (model.logits(token, dtype, cache, at)[:, -1] / temperature).softmax(-1)
        if min_p > 0:
            p = torch.where(p < min_p * p.amax(-1, keepdim=True), 0.0, p)
        noise = torch.empty_like(p).exponential_(generator=generator)
        token = (p / noise).argmax(-1, keepdim=True)  # an exact draw from p
        if openings is not None and at < openings.shape[1]:
            forced = openings[rows, at, None]
            token = torch.where(forced >= 0, forced, token)
        alive &= token[:, 0] != EOT_ID
        written[rows, at] = torch.where(alive, token[:, 0], EOT_ID)
        ended[rows] = ~alive
        if at % 32 == 31:
            left = int(alive.sum())
            if left == 0:
                break
            if left < 0.75 * len(rows):  # drop the finished ones from the batch
                keep = alive.nonzero()[:, 0]
                rows, token, alive = rows[keep], token[keep], alive[keep]
                cache = [(k[keep], v[keep]) for k, v in cache]
    return written, (written != EOT_ID).sum(1), ended


@torch.no_grad()
def label(teachers, flat, starts, lengths, size, out):
    """Fills `out` [positions, vocab] (half precision) with the teachers' mean probabilities."""
    device = out.device
    flat = torch.from_numpy(flat).to(device)
    for index, position, cu, used in data.batches(starts, lengths, size, device, keep_rest=True):
        mean = torch.zeros(size, out.shape[1], device=device)
        for teacher in teachers:
            h, table, _ = teacher.hidden(flat[index][None], position, cu)
            mean += (h[0] @ table.to(h.dtype).T).float().softmax(-1)
        out[index[:used]] = (mean[:used] / len(teachers)).half()


def pool(real, stories):
    """Joins the real documents (flat, starts, lengths) with new ones."""
    flat, starts, lengths = data.flatten(stories)
    return (
        np.concatenate([real[0], flat]),
        np.concatenate([real[1], starts + len(real[0])]),
        np.concatenate([real[2], lengths]),
    )
