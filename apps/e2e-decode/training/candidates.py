"""Many stories for each opening, by the model that is to be refined, as it will be sampled when it is used.

A set of stories is a dict of tensors: `tokens` [n, length] (zeros after the end), `lengths` [n], `openings` [n] (how
many of the tokens were given), `groups` [n] (stories of one group have the same opening), `ended` [n] (it ended by
itself) and `good` [n] (it may be learned from: see `acceptable`).
"""

import random
import re
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

import data
import distil
import export
import material
from logs import Log
from model import DEVICE, Config

LENGTH = 240  # most tokens of a story, so that it ends within the 250 that a reader is shown
SHORTEST = 90
RUN = 7  # tokens that may not occur twice in a row
OPENING = (3, 18)  # fewest and most tokens that are given to begin with
LATE = 0.5  # most of a story that is given to go on with


def current(file):
    """The model of a float16 state, fixed."""
    return export.from_state(torch.load(file, map_location=DEVICE), Config(), DEVICE).requires_grad_(False)


@lru_cache
def marks(tokenizer_file):
    """For every token: whether it stops a sentence, only closes a quotation, or begins with a space; and how many
    quotation marks it has."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_file)
    texts = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())]
    patterns = (r"[.!?][\"”']*$", r"^[\"”']+$", r"^\s")
    found = [torch.tensor([bool(re.search(p, t)) for t in texts], device=DEVICE) for p in patterns]
    return *found, torch.tensor([t.count('"') for t in texts], device=DEVICE)


def marks_of(args):
    return marks(str(args.out / "tokenizer.json"))


def sentence_ends(args, stories):
    """Where in stories [n, length] a sentence ends."""
    stop, close, space, _ = (mark[stories["tokens"]] for mark in marks_of(args))
    place = torch.arange(stop.shape[1], device=stop.device)
    last = stories["lengths"][:, None] - 1
    stopped = stop | close & F.pad(stop, (1, 0))[:, :-1]
    return stopped & (F.pad(space, (0, 1))[:, 1:] | (place == last)) & (place <= last)


def runs_of(tokens, lengths, run):
    """A number for every run of tokens in stories [n, length], equal for equal runs, and which lie within a story."""
    factors = torch.randint(2**62, (run,), generator=torch.Generator().manual_seed(1)).to(tokens.device) | 1
    windows = tokens.shape[1] - run + 1
    hashed = sum(tokens[:, i : i + windows].long() * factors[i] for i in range(run))
    return hashed, torch.arange(windows, device=tokens.device) + run <= lengths[:, None]


def repeated(tokens, lengths, run=RUN):
    """How many runs of tokens occur again in their story, for stories [n, length]."""
    hashed, inside = runs_of(tokens, lengths, run)
    place = torch.arange(hashed.shape[1], device=tokens.device)
    hashed = torch.where(inside, hashed, -1 - place).sort(1).values
    return (hashed[:, 1:] == hashed[:, :-1]).sum(1)


def common(tokens, lengths, run=6):
    """How worn a story is: the mean logarithm of how often its runs of tokens occur in all of the stories."""
    hashed, inside = runs_of(tokens, lengths, run)
    _, which, counts = hashed.where(inside, 0).unique(return_inverse=True, return_counts=True)
    return (counts[which].float().log() * inside).sum(1) / inside.sum(1).clamp(min=1)


def acceptable(args, stories):
    """Which stories end by themselves, with a sentence, have a fit length, paired quotation marks, and no loop."""
    tokens, lengths = stories["tokens"], stories["lengths"]
    ends = sentence_ends(args, stories).gather(1, (lengths - 1).clamp(min=0)[:, None])[:, 0]
    paired = marks_of(args)[-1][tokens].sum(1) % 2 == 0
    fit = (lengths >= SHORTEST) & (lengths < LENGTH)
    return stories["ended"] & fit & ends & paired & (repeated(tokens, lengths) == 0)


def matrix(stories, device=DEVICE):
    """Token lists as a set of stories (longer ones are cut off)."""
    lengths = torch.tensor([min(len(s), LENGTH) for s in stories])
    tokens = torch.zeros(len(stories), LENGTH, dtype=torch.long)
    for row, story in zip(tokens, stories):
        row[: min(len(story), LENGTH)] = torch.tensor(story[:LENGTH])
    none = torch.zeros(len(stories), dtype=torch.long)
    whole = torch.tensor([len(s) <= LENGTH for s in stories])
    groups = torch.arange(len(stories))
    stories = {"tokens": tokens, "lengths": lengths, "openings": none, "groups": groups, "ended": whole}
    return {name: value.to(device) for name, value in stories.items()}


def openings(args, model, count, seed, late=0.0):
    """[count, most] first tokens, then -1: half of them of real stories, half of the model's own at temperature 1. A
    share `late` is longer instead: beginnings of real stories, and what fits of the readings."""
    draw, text = random.Random(seed), material.of(args)
    few = int(count * (1 - late))
    own, lengths, _ = distil.write(model, few // 2, OPENING[1] + 1, seed)
    begun = [s[:n] for s, n in zip(own.tolist(), lengths.tolist())]
    begun += [draw.choice(text.whole) for _ in range(few - few // 2)]
    rows = [s[: min(draw.randint(*OPENING), max(1, len(s) - 1))] for s in begun]
    prefixes = text.readings.prefixes()
    for n in range(count - few):
        story = draw.choice(text.whole if n % 2 else prefixes)
        longest = int(LATE * len(story)) if n % 2 else len(story)
        rows.append(story[: min(longest, LENGTH - SHORTEST // 2)])
    out = torch.full((count, max(map(len, rows))), -1, dtype=torch.long)
    for row, story in zip(out, rows):
        row[: max(1, len(story))] = torch.tensor(story or [EMPTY])
    return out[torch.tensor(draw.sample(range(count), count))].to(DEVICE)


EMPTY = 1  # a story without a token would be an opening without one


def tell(args, model, given, copies, seed, temperature, min_p):
    """`copies` stories for each of the given openings."""
    forced = given.repeat_interleave(copies, 0)
    tokens, lengths, ended = distil.write(model, len(forced), LENGTH, seed, forced, temperature, min_p)
    groups = torch.arange(len(given), device=DEVICE).repeat_interleave(copies)
    openings = (forced >= 0).sum(1)
    stories = {"tokens": tokens, "lengths": lengths, "openings": openings, "groups": groups, "ended": ended}
    return {**stories, "good": acceptable(args, stories)}


def write(args, round_number, model_file, shard):
    """Writes this shard's candidates to a file."""
    log, model = Log(args), current(model_file)
    count = args.groups // args.shards
    each = max(1, args.write_batch // args.copies)
    parts = []
    for first in range(0, count, each):
        seed = args.seed * 10**7 + round_number * 10**6 + shard * 10**4 + first // each
        given = openings(args, model, min(each, count - first), seed, args.late)
        stories = tell(args, model, given, args.copies, seed, args.temperature, args.min_p)
        stories["groups"] += shard * count + first
        parts.append({name: value.to(torch.int32) for name, value in stories.items()})
    joined = {name: torch.cat([part[name] for part in parts]).cpu() for name in parts[0]}
    torch.save(joined, args.out / f"candidates-{round_number}-{shard}.pt")
    told, ended, good = len(joined["good"]), joined["ended"].float().mean(), joined["good"].float().mean()
    log(f"refinement {round_number}, shard {shard}: {told} stories told, {ended:.3f} ended, {good:.3f} acceptable")


def load(args, round_number, shard, device=DEVICE):
    stories = torch.load(args.out / f"candidates-{round_number}-{shard}.pt", map_location=device)
    return {name: value.bool() if name in ("ended", "good") else value.long() for name, value in stories.items()}


def packed(stories):
    """(flat, starts, lengths) of a set of stories, each with its `<|endoftext|>` before it."""
    tokens, lengths = stories["tokens"], stories["lengths"] + 1
    rows = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], 1)
    flat = rows[torch.arange(rows.shape[1], device=rows.device) < lengths[:, None]]
    starts = lengths.cumsum(0) - lengths
    return torch.cat([flat, flat.new_zeros(1)]), starts.cpu().numpy(), lengths.cpu().numpy()


def batches(starts, lengths, size):
    return data.batches(np.asarray(starts), np.asarray(lengths), size, DEVICE, keep_rest=True)
