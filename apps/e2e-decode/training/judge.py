"""Judges of sense: readers that learned from readings which sentences do not fit.

A judge says at the end of every sentence how likely this one is the first that does not fit. Each leaves out its fold
of the readings, which measures it; the readings that are held out from everything measure all judges together.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import candidates
import material
import teachers
from logs import Log
from model import DEVICE
from readings import BLOCK

ROWS = 64  # stories in a step


class Judge(nn.Module):
    def __init__(self, reader):
        super().__init__()
        self.reader = reader
        self.head = nn.Parameter(torch.zeros(reader.c.width + 1, device=DEVICE))

    def forward(self, ids, position, cu=None):
        """Log-odds that the sentence that ends at a place does not fit, for ids [b, t]."""
        h, _, _ = self.reader.hidden(ids, position, cu)
        return h.float() @ self.head[:-1] + self.head[-1]

    def rows(self, tokens):
        """The same for stories [b, length]."""
        ids = F.pad(tokens, (1, 0))
        return self(ids, torch.arange(ids.shape[1], device=DEVICE))[:, 1:]


def labels(args, read, rows):
    """The told stories `rows` as a set, and for every token: 0 if a sentence ends there that fits, 1 if it is the first
    that does not, -1 otherwise (also after that one, where nobody judged)."""
    stories = candidates.matrix([read.told[i] for i in rows])
    ends = candidates.sentence_ends(args, stories)
    first = torch.tensor([read.first[i] for i in rows], device=DEVICE)[:, None]
    place = torch.arange(ends.shape[1], device=DEVICE)
    beyond = ends & (place >= first) & (first >= 0)
    misfit = beyond & (beyond.cumsum(1) == 1)
    return stories, torch.where(misfit, 1, torch.where(ends & ~beyond, 0, -1))


def subset(stories, index):
    return {name: value[index] for name, value in stories.items()}


@torch.no_grad()
def odds(args, judges, stories):
    """The judges' mean log-odds at every token [n, length]; what is not the end of a sentence says nothing."""
    flat, starts, lengths = candidates.packed(stories)
    total = torch.zeros(len(flat), device=DEVICE)
    for index, position, cu, used in candidates.batches(starts, lengths, args.batch):
        for judge in judges:
            total[index[:used]] += judge(flat[index][None], position, cu)[0, :used] / len(judges)
    place = torch.arange(stories["tokens"].shape[1], device=DEVICE)
    inside = place < stories["lengths"][:, None]
    return total[(torch.from_numpy(starts).to(DEVICE)[:, None] + 1 + place).where(inside, 0)]


def verdicts(args, judges, stories):
    """The logarithm of how likely a story fits, sentence by sentence after its opening."""
    place = torch.arange(stories["tokens"].shape[1], device=DEVICE)
    own = candidates.sentence_ends(args, stories) & (place >= stories["openings"][:, None])
    return (F.logsigmoid(-odds(args, judges, stories)) * own).sum(1)


def auc(scores, label):
    """The share of pairs, one with label 1 and one without, in which the former has the higher score."""
    ranks = scores.argsort().argsort().double() + 1
    ones = label > 0
    n = ones.sum()
    return ((ranks[ones].sum() - n * (n + 1) / 2) / (n * (len(label) - n))).item()


def measure(values, label, ends):
    """Of pairs of a misfit and a fitting sentence, and of a whole story and another, the share told apart; and how
    often the most suspicious sentence of a story, of all that it has, is the misfit."""
    judged, flawed = label >= 0, (label == 1).any(1)
    sentences = auc(values[judged], label[judged])
    stories = auc((F.logsigmoid(-values) * ends).sum(1), (~flawed).long())
    found = values.where(ends, -1e9).argmax(1) == (label == 1).int().argmax(1)
    return sentences, stories, found[flawed].float().mean().item()


def train(args, number):
    """Teaches judge `number`; the best epoch on its fold is kept."""
    saved = args.out / f"judge-{number}.pt"
    if saved.exists():
        return
    seed = args.seed * 1000 + number
    torch.manual_seed(seed)
    log, rng, read = Log(args), np.random.default_rng(seed), material.of(args).readings
    rows = read.rows()
    stories, label = labels(args, read, rows)
    mine = torch.tensor([i // BLOCK % args.readers == number for i in rows], device=DEVICE)
    learned, checked = (~mine).nonzero()[:, 0], subset({**stories, "label": label}, mine)
    judge = Judge(teachers.load(args, "reader", [number])[0].requires_grad_(True))
    judge.head.data[-1] = -2.0  # most sentences fit
    optimizer = torch.optim.AdamW(judge.parameters(), lr=args.judge_lr, weight_decay=0.1, fused=DEVICE == "cuda")
    steps, step = args.judge_epochs * (len(learned) // ROWS), 0
    best, kept = (0.0,), None
    for epoch in range(args.judge_epochs):
        judge.train()
        order = learned[torch.from_numpy(rng.permutation(len(learned))).to(DEVICE)]
        for part in order[: len(order) // ROWS * ROWS].split(ROWS):
            for group in optimizer.param_groups:
                group["lr"] = args.judge_lr * min((step + 1) / 20, 1 - step / steps)
            step += 1
            values, judged = judge.rows(stories["tokens"][part]), label[part] >= 0
            F.binary_cross_entropy_with_logits(values[judged], label[part][judged].float()).backward()
            nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        judge.eval()
        with torch.no_grad():
            values = torch.cat([judge.rows(t) for t in checked["tokens"].split(ROWS)])
        result = measure(values, checked["label"], candidates.sentence_ends(args, checked))
        log(f"judge {number}, epoch {epoch + 1}: {said(result)} ({len(learned)} readings)")
        if result > best:
            best, kept = result, {name: w.clone() for name, w in judge.state_dict().items()}
    torch.save(kept, saved)


def said(result):
    return "told apart %.3f of sentences, %.3f of stories; misfit found %.3f" % result


def together(args, judges):
    """Measures them on the readings that are held out."""
    read = material.of(args).readings
    stories, label = labels(args, read, read.rows(held_out=True))
    result = measure(odds(args, judges, stories), label, candidates.sentence_ends(args, stories))
    Log(args)(f"all judges, held-out readings: {said(result)}")


def load(args):
    judges = []
    for number in range(args.readers):
        judge = Judge(teachers.load(args, "reader", [number])[0])
        judge.load_state_dict(torch.load(args.out / f"judge-{number}.pt", map_location=DEVICE))
        judges.append(judge.eval().requires_grad_(False))
    return judges
