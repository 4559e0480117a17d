"""Scores of stories, and the best ones of each group.

  judge   log-odds, by the judges, that the story is a real one (judge.py)
  tie     how much the first half says about the second: log p(second | first) - log p(second alone), a token
  likely  mean log-probability of a token after the opening, by the readers
  lowest  the same of the twelve least likely tokens: slips
"""

import torch

import candidates
import judge
import material
import teachers
from logs import Log
from model import DEVICE, linear

WEIGHTS = {"judge": 1.0, "tie": 0.7, "likely": 0.3, "lowest": 0.5}
LOWEST = 12
PAIRS = 2  # of a group: its best and its worst stories


@torch.compile(dynamic=False)
def log_probability(h, table, target):
    logits = linear(h, table).float()
    return logits.gather(-1, target[:, None])[:, 0] - logits.logsumexp(-1)


@torch.no_grad()
def reading(readers, flat, starts, lengths, size):
    """For every place of `flat`, the readers' mean log-probability of what comes next."""
    out = torch.zeros(len(flat), device=DEVICE)
    for index, position, cu, used in candidates.batches(starts, lengths, size):
        for reader in readers:
            h, table, _ = reader.hidden(flat[index][None], position, cu)
            out[index[:used]] += log_probability(h[0], table, flat[index + 1])[:used] / len(readers)
    return out


def halves(args, stories):
    """Where the second half begins: after the end of a sentence, as near to the middle as there is one."""
    tokens, lengths = stories["tokens"], stories["lengths"]
    ends, _ = candidates.marks_of(args)
    place = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
    far = (place - lengths[:, None] / 2).abs()
    return torch.where(ends[tokens] & (place < lengths[:, None]), far, 1e9).argmin(1) + 1


def means(values, first, last):
    total = torch.cat([values.new_zeros(1, dtype=torch.double), values.double().cumsum(0)])
    return ((total[last] - total[first]) / (last - first)).float()


def features(args, stories, readers, judges):
    """The four scores of every story, [n] each."""
    flat, starts, lengths = candidates.packed(stories)
    scores = {"judge": judge.verdicts(judges, flat, starts, lengths, args.batch)}
    logp = reading(readers, flat, starts, lengths, args.batch)
    first, last = (torch.from_numpy(a).to(DEVICE) for a in (starts, starts + lengths))
    middle = halves(args, stories)
    width = stories["tokens"].shape[1]
    place = torch.arange(width, device=DEVICE)
    rest = (stories["tokens"].gather(1, (place + middle[:, None]).clamp(max=width - 1))).where(
        place < (stories["lengths"] - middle)[:, None], 0
    )
    second = {"tokens": rest, "lengths": stories["lengths"] - middle}
    alone_flat, alone_starts, alone_lengths = candidates.packed(second)
    alone = reading(readers, alone_flat, alone_starts, alone_lengths, args.batch)
    alone_first = torch.from_numpy(alone_starts).to(DEVICE)
    alone_last = torch.from_numpy(alone_starts + alone_lengths).to(DEVICE)
    scores["tie"] = means(logp, first + middle, last) - means(alone, alone_first, alone_last)
    scores["likely"] = means(logp, first + stories["openings"], last)
    inside = (place[None] >= stories["openings"][:, None]) & (place < stories["lengths"][:, None])
    rows = torch.zeros(len(first), width, device=DEVICE)
    rows[place < stories["lengths"][:, None]] = logp[:-1][
        torch.ones_like(logp[:-1], dtype=torch.bool).index_fill(0, last - 1, False)
    ]
    scores["lowest"] = rows.where(inside, 0).topk(LOWEST, 1, largest=False).values.mean(1)
    return scores


def overall(scores, scale):
    """Weighted sum of the scores, each in its standard deviations over the candidates of a round."""
    return sum(weight * (scores[name] - scale[name][0]) / scale[name][1] for name, weight in WEIGHTS.items())


def choose(args, round_number, shard):
    """Scores a shard of candidates and saves the best of each group, best first, but of no poor group."""
    log = Log(args)
    stories = candidates.load(args, round_number, shard)
    scores = features(args, stories, teachers.load(args, "reader", range(args.readers)), judge.load(args, round_number))
    scale = {name: (value.mean().item(), value.std().item()) for name, value in scores.items()}
    score = overall(scores, scale)
    order = score.argsort(descending=True)
    order = order[stories["groups"][order].argsort(stable=True)]
    groups = stories["groups"][order]
    fresh = torch.cat([groups.new_ones(1, dtype=torch.bool), groups[1:] != groups[:-1]])
    place = torch.arange(len(order), device=DEVICE)
    rank = place - torch.where(fresh, place, 0).cummax(0).values
    best = score[order][fresh]
    floor = best.quantile(args.poor)
    kept = (rank < args.keep) & (score[order] > floor)
    chosen = judge.subset(stories, order[kept])
    chosen = {name: value.to(torch.int32).cpu() for name, value in chosen.items()}
    pairs = contrasts(stories, order, place[fresh], score[order][fresh] > floor)
    kept_file = {**chosen, "rank": rank[kept].cpu(), "scale": scale, "pairs": pairs}
    torch.save(kept_file, args.out / f"kept-{round_number}-{shard}.pt")
    if shard == 0:
        show(args, round_number, stories, scores, score, order)
    for what, index in (("all", slice(None)), ("first", order[kept & (rank == 0)]), ("kept", order[kept])):
        text = ", ".join(f"{name} {value[index].mean():.3f}" for name, value in scores.items())
        log(f"refinement {round_number}, shard {shard}: {what} {len(score[index])}: {text}")
    return scale


def contrasts(stories, order, begin, fine):
    """The best story of each group beside its worst, the second beside the last but one, [pairs, 2, ...] each."""
    sizes = torch.diff(begin, append=begin.new_tensor([len(order)]))
    begin, sizes = begin[fine & (sizes >= 6)], sizes[fine & (sizes >= 6)]
    both = torch.cat([torch.stack([begin + i, begin + sizes - 1 - i], 1) for i in range(PAIRS)])
    return {name: stories[name][order[both]].to(torch.int32).cpu() for name in ("tokens", "lengths")}


def show(args, round_number, stories, scores, score, order, count=500):
    """The first groups as text, for people who want to see what the scores prefer."""
    tokenizer = material.of(args).tokenizer
    lines = []
    for i in order[:count].tolist():
        story = stories["tokens"][i, : stories["lengths"][i]].tolist()
        values = " ".join(f"{name} {scores[name][i]:.3f}" for name in scores)
        head = f"#{stories['groups'][i]} opening {stories['openings'][i]} score {score[i]:.3f} {values}"
        lines.append(f"{head}\n{tokenizer.decode(story)}\n")
    (args.out / f"groups-{round_number}.txt").write_text("\n".join(lines))
