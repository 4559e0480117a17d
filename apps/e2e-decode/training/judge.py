"""Judges: readers that learned to tell real stories from those of the model.

Reader n was trained without the fold n of the real stories, so it cannot know those by heart, and learns on them
what the model's stories lack. A judge says at every token how likely the story so far is a real one.
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
    """Real and invented stories as one flat text, and the label of each of its tokens."""
    both = {name: torch.cat([real[name], fake[name]]) for name in real}
    label = torch.cat([torch.ones(len(real["lengths"])), torch.zeros(len(fake["lengths"]))]).to(DEVICE)
    return (*candidates.packed(both), label.repeat_interleave(both["lengths"] + 1), label)


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


def train(args, round_number, number):
    """Teaches judge `number` on its fold; a tenth of it measures, and the best epoch is kept."""
    torch.manual_seed(args.seed * 1000 + round_number * 100 + number)
    log, rng = Log(args), np.random.default_rng(number)
    whole = material.of(args).whole
    real = candidates.matrix([s for i, s in enumerate(whole) if i % args.readers == number])
    real = subset(real, candidates.acceptable(args, real, torch.ones_like(real["lengths"], dtype=torch.bool)))
    fake = candidates.load(args, round_number, number % args.shards)
    fake = subset(fake, torch.from_numpy(rng.permutation(len(fake["lengths"]))).to(DEVICE))
    check = min(len(real["lengths"]), len(fake["lengths"])) // 10
    n = min(len(real["lengths"]), (len(fake["lengths"]) - check) // args.judge_epochs)
    checked = joined(subset(real, slice(check)), subset(fake, slice(check)))
    judge = Judge(teachers.load(args, "reader", [number])[0].requires_grad_(True))
    optimizer = torch.optim.AdamW(judge.parameters(), lr=args.judge_lr, weight_decay=0.05, fused=True)
    best, kept = 0.0, None
    for epoch in range(args.judge_epochs):
        judge.train()
        begin = check + epoch * n
        invented = subset(fake, slice(begin, begin + n))
        flat, starts, lengths, label, _ = joined(subset(real, slice(check, None)), invented)
        order = rng.permutation(len(starts))
        for index, position, cu, _ in data.batches(starts[order], lengths[order], args.batch, DEVICE):
            odds = judge(flat[index][None], position, cu)
            loss = F.binary_cross_entropy_with_logits(odds, label[index], reduction="none")
            ((position >= FIRST) * loss).mean().backward()
            nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        judge.eval()
        area = auc(verdicts([judge], *checked[:3], args.batch), checked[4])
        log(f"refinement {round_number}, judge {number}, epoch {epoch + 1}: {area:.3f} of pairs told apart ({n} real)")
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
