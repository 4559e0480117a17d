"""Many stories for each opening, by the model that is to be refined; only those that end and do not loop.

A set of stories is a dict of tensors: `tokens` [n, length] (zeros after the end), `lengths` [n], `openings` [n] (how
many of the tokens were given) and `groups` [n] (stories of one group have the same opening).
"""

import random
import re
from functools import lru_cache, partial

import numpy as np
import torch

import data
import distil
import export
import material
import quantize
from logs import Log
from model import DEVICE, Config

LENGTH = 240  # most tokens of a story, so that it ends within the 250 that a reader is shown
SHORTEST = 90
RUN = 7  # tokens that may not occur twice in a row
OPENING = (3, 18)  # fewest and most tokens that are given


def current(args, file):
    """The model of a float16 state, with the weights that FP4 makes of it."""
    packed = quantize.quantize_state(torch.load(file, map_location=DEVICE), partial(quantize.fp4, group=args.group))
    return export.from_state(packed, Config(), DEVICE).requires_grad_(False)


@lru_cache
def marks(tokenizer_file):
    """For every token: whether a sentence ends with it, and how many quotation marks it has."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_file)
    texts = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())]
    ends = torch.tensor([bool(re.search(r'[.!?]["”]?\s*$|\n$', t)) for t in texts], device=DEVICE)
    quotes = torch.tensor([t.count('"') for t in texts], device=DEVICE)
    return ends, quotes


def marks_of(args):
    return marks(str(args.out / "tokenizer.json"))


def repeated(tokens, lengths, run=RUN):
    """How many runs of tokens occur again in their story, for stories [n, length]."""
    factors = torch.randint(2**62, (run,), generator=torch.Generator().manual_seed(1)).to(tokens.device) | 1
    windows = tokens.shape[1] - run + 1
    hashed = sum(tokens[:, i : i + windows].long() * factors[i] for i in range(run))
    place = torch.arange(windows, device=tokens.device)
    hashed = torch.where(place + run <= lengths[:, None], hashed, -1 - place)
    hashed = hashed.sort(1).values
    return (hashed[:, 1:] == hashed[:, :-1]).sum(1)


def acceptable(args, stories, ended):
    """Which stories end by themselves, with a sentence, have a fit length, paired quotation marks, and no loop."""
    tokens, lengths = stories["tokens"], stories["lengths"]
    ends, quotes = marks_of(args)
    last = tokens.gather(1, (lengths - 1).clamp(min=0)[:, None])[:, 0]
    paired = quotes[tokens].sum(1) % 2 == 0
    fit = (lengths >= SHORTEST) & (lengths < LENGTH)
    return ended & fit & ends[last] & paired & (repeated(tokens, lengths) == 0)


def matrix(stories, device=DEVICE):
    """Token lists as a set of stories (longer ones are cut off, and therefore not acceptable)."""
    lengths = torch.tensor([min(len(s), LENGTH) for s in stories])
    tokens = torch.zeros(len(stories), LENGTH, dtype=torch.long)
    for row, story in zip(tokens, stories):
        row[: min(len(story), LENGTH)] = torch.tensor(story[:LENGTH])
    none = torch.zeros(len(stories), dtype=torch.long)
    groups = torch.arange(len(stories))
    stories = {"tokens": tokens, "lengths": lengths, "openings": none, "groups": groups}
    return {name: value.to(device) for name, value in stories.items()}


def openings(args, model, count, seed):
    """[count, most] first tokens, then -1: half of them of real stories, half of the model's own at temperature 1."""
    draw, most = random.Random(seed), OPENING[1]
    real = [draw.choice(material.of(args).whole) for _ in range(count - count // 2)]
    own, lengths, _ = distil.write(model, count // 2, most + 1, seed)
    rows = [s[:n] for s, n in zip(own.tolist(), lengths.tolist())] + real
    out = torch.full((count, most), -1, dtype=torch.long)
    for row, story in zip(out, rows):
        n = min(draw.randint(*OPENING), max(1, len(story) - 1))
        row[:n] = torch.tensor(story[:n] or [EMPTY])
    return out[torch.tensor(draw.sample(range(count), count))].to(DEVICE)


EMPTY = 1  # a story without a token would be an opening without one


def tell(args, model, given, copies, seed, temperature):
    """`copies` stories for each of the given openings, and which of them are acceptable."""
    forced = given.repeat_interleave(copies, 0)
    tokens, lengths, ended = distil.write(model, len(forced), LENGTH, seed, forced, temperature, args.min_p)
    groups = torch.arange(len(given), device=DEVICE).repeat_interleave(copies)
    stories = {"tokens": tokens, "lengths": lengths, "openings": (forced >= 0).sum(1), "groups": groups}
    return stories, acceptable(args, stories, ended)


def write(args, round_number, model_file, shard):
    """Writes this shard's candidates, keeps the acceptable ones in a file."""
    log, model = Log(args), current(args, model_file)
    count = args.groups // args.shards
    each = max(1, args.write_batch // args.copies)
    parts, told = [], 0
    for first in range(0, count, each):
        seed = args.seed * 10**7 + round_number * 10**6 + shard * 10**4 + first // each
        given = openings(args, model, min(each, count - first), seed)
        stories, good = tell(args, model, given, args.copies, seed, args.temperature)
        stories["groups"] += shard * count + first
        parts.append({name: value[good].to(torch.int32) for name, value in stories.items()})
        told += len(good)
    joined = {name: torch.cat([part[name] for part in parts]).cpu() for name in parts[0]}
    torch.save(joined, args.out / f"candidates-{round_number}-{shard}.pt")
    log(f"refinement {round_number}, shard {shard}: {told} stories told, {len(joined['lengths'])} acceptable")


def load(args, round_number, shard, device=DEVICE):
    stories = torch.load(args.out / f"candidates-{round_number}-{shard}.pt", map_location=device)
    return {name: value.long() for name, value in stories.items()}


def packed(stories):
    """(flat, starts, lengths) of a set of stories, each with its `<|endoftext|>` before it."""
    tokens, lengths = stories["tokens"], stories["lengths"] + 1
    rows = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], 1)
    flat = rows[torch.arange(rows.shape[1], device=rows.device) < lengths[:, None]]
    starts = lengths.cumsum(0) - lengths
    return torch.cat([flat, flat.new_zeros(1)]), starts.cpu().numpy(), lengths.cpu().numpy()


def batches(starts, lengths, size):
    return data.batches(np.asarray(starts), np.asarray(lengths), size, DEVICE, keep_rest=True)
