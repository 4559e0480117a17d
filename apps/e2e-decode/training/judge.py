"""Judges: readers that learned to tell real stories from those of the model.

Reader n was trained without the fold n of the real stories, so it cannot know those by heart, and learns on them
what the model's stories lack. A judge says at every token how likely the story so far is a real one. The model's
stories are told at temperature 1, where their words are as varied as those of real stories, and after openings of
any length: what gives them away is then what they say. (Cooler ones are known by being plain.)
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import candidates
import data
import material
import teachers
from logs import Log
from model import DEVICE

FIRST = 16  # the opening was given, it says nothing


class Judge(nn.Module):
    def __init__(self, reader):
        super().__init__()
        self.reader = reader
        self.head = nn.Parameter(torch.zeros(reader.c.width + 1, device=DEVICE))

    def forward(self, ids, position, cu):
        h, _, _ = self.reader.hidden(ids, position, cu)
        return h[0].float() @ self.head[:-1] + self.head[-1]


def joined(real, fake):
    """Real and invented stories as one flat text. For each of its tokens: 1 if the story is real, and the place in
    the story from which that counts. Then the label of each story."""
    both = {name: torch.cat([real[name], fake[name]]) for name in real}
    label = torch.cat([torch.ones(len(real["lengths"])), torch.zeros(len(fake["lengths"]))]).to(DEVICE)
    per_token = both["lengths"] + 1
    first = both["openings"].clamp(min=FIRST).repeat_interleave(per_token)
    return (*candidates.packed(both), label.repeat_interleave(per_token), first, label)


def subset(stories, index):
    return {name: value[index] for name, value in stories.items()}


@torch.no_grad()
def verdicts(judges, flat, starts, lengths, size):
    """Mean log-odds of being real over the last quarter of each story, and over the judges."""
    odds = torch.zeros(len(flat), device=DEVICE)
    for index, position, cu, used in candidates.batches(starts, lengths, size):
        for judge in judges:
            odds[index[:used]] += judge(flat[index][None], position, cu)[:used] / len(judges)
    total = torch.cat([odds.new_zeros(1, dtype=torch.double), odds.double().cumsum(0)])
    end = torch.from_numpy(starts + lengths).to(DEVICE)
    first = torch.from_numpy(starts + lengths * 3 // 4).to(DEVICE)
    return ((total[end] - total[first]) / (end - first)).float()


def auc(scores, label):
    """The share of pairs, one real and one invented, in which the real one has the higher score."""
    ranks = scores.argsort().argsort().double() + 1
    ones = label > 0
    n = ones.sum()
    return ((ranks[ones].sum() - n * (n + 1) / 2) / (n * (len(label) - n))).item()


def imitations(args, model_file, real, seed):
    """For every real story, one that begins with a few of its tokens, or with much of it, and is the model's then."""
    generator = torch.Generator(DEVICE).manual_seed(seed)
    few, late, which = torch.rand(3, len(real["lengths"]), generator=generator, device=DEVICE)
    few = candidates.OPENING[0] + (few * (candidates.OPENING[1] - candidates.OPENING[0])).long()
    late = (real["lengths"] * (0.1 + 0.6 * late)).long()
    cut = torch.where(which < 0.5, few, late)
    place = torch.arange(real["tokens"].shape[1], device=DEVICE)
    given = real["tokens"].where(place < cut[:, None], -1)
    return candidates.tell(args, candidates.current(model_file), given, 1, seed, temperature=1.0, min_p=0.0)


def train(args, round_number, model_file, number):
    """Teaches judge `number` on its fold; a tenth of it measures, and the best epoch is kept."""
    seed = args.seed * 1000 + round_number * 100 + number
    torch.manual_seed(seed)
    log, rng = Log(args), np.random.default_rng(seed)
    whole = material.of(args).whole
    real = candidates.matrix([s for i, s in enumerate(whole) if i % args.readers == number])
    real = subset(real, candidates.acceptable(args, real))
    count = len(real["lengths"])
    every = torch.arange(count, device=DEVICE).repeat(args.judge_epochs)
    fake = imitations(args, model_file, subset(real, every), seed)
    check = count // 10
    checked = joined(subset(real, slice(check)), subset(fake, fake["good"] & (fake["groups"] < check)))
    judge = Judge(teachers.load(args, "reader", [number])[0].requires_grad_(True))
    optimizer = torch.optim.AdamW(judge.parameters(), lr=args.judge_lr, weight_decay=0.05, fused=True)
    best, kept = 0.0, None
    for epoch in range(args.judge_epochs):
        judge.train()
        place = fake["groups"] - epoch * count
        invented = subset(fake, fake["good"] & (place >= check) & (place < count))
        flat, starts, lengths, label, first, _ = joined(subset(real, slice(check, None)), invented)
        order = rng.permutation(len(starts))
        for index, position, cu, _ in data.batches(starts[order], lengths[order], args.batch, DEVICE):
            odds = judge(flat[index][None], position, cu)
            loss = F.binary_cross_entropy_with_logits(odds, label[index], reduction="none")
            ((position >= first[index]) * loss).mean().backward()
            nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        judge.eval()
        area = auc(verdicts([judge], *checked[:3], args.batch), checked[5])
        n = len(invented["lengths"])
        who = f"refinement {round_number}, judge {number}, epoch {epoch + 1}"
        log(f"{who}: {area:.3f} of pairs told apart ({n} imitations)")
        if area >= best:
            best, kept = area, {name: w.clone() for name, w in judge.state_dict().items()}
    torch.save(kept, args.out / f"judge-{round_number}-{number}.pt")
    return best


def load(args, round_number):
    judges = []
    for number in range(args.readers):
        judge = Judge(teachers.load(args, "reader", [number])[0])
        judge.load_state_dict(torch.load(args.out / f"judge-{round_number}-{number}.pt", map_location=DEVICE))
        judges.append(judge.eval().requires_grad_(False))
    return judges
