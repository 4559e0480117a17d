"""Scores of stories, and the best ones of each group.

  sense   the logarithm of how likely every sentence fits, by the judges (judge.py)
  tie     how much the first half says about the second: log p(second | first) - log p(second alone), a token
  lowest  mean log-probability, by the readers, of the twelve least likely tokens after the opening: slips
  again   the share of four-token runs that the story already had, which speaks against it
  worn    how common its runs of six tokens are among all of the stories, which does too: without it, all of them
          become the same story
  length  how many tokens it has: every sentence more is one more that may not fit, and the shortest story not the best
"""

import torch

import candidates
import judge
import material
import teachers
from logs import Log
from model import DEVICE, linear

WEIGHTS = {"sense": 1.2, "tie": 0.4, "lowest": 0.3, "again": -0.4, "worn": -0.8, "length": 0.4}
UNACCEPTABLE = 3.0  # standard deviations that a story loses by looping, or by not ending (candidates.acceptable)
LOWEST = 12
PAIRS = 2  # of a group: its best stories beside its worst acceptable ones, and as many beside unacceptable ones


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
    ends = candidates.sentence_ends(args, stories)
    place = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
    far = (place - lengths[:, None] / 2).abs()
    return torch.where(ends & (place < lengths[:, None]), far, 1e9).argmin(1) + 1


def means(values, first, last):
    total = torch.cat([values.new_zeros(1, dtype=torch.double), values.double().cumsum(0)])
    return ((total[last] - total[first]) / (last - first)).float()


def features(args, stories, readers, judges):
    """The scores of every story, [n] each."""
    flat, starts, lengths = candidates.packed(stories)
    scores = {"sense": judge.verdicts(args, judges, stories)}
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
    inside = (place[None] >= stories["openings"][:, None]) & (place < stories["lengths"][:, None])
    rows = torch.zeros(len(first), width, device=DEVICE)
    rows[place < stories["lengths"][:, None]] = logp[:-1][
        torch.ones_like(logp[:-1], dtype=torch.bool).index_fill(0, last - 1, False)
    ]
    scores["lowest"] = rows.where(inside, 0).topk(LOWEST, 1, largest=False).values.mean(1)
    runs = candidates.repeated(stories["tokens"], stories["lengths"], 4)
    scores["again"] = runs / stories["lengths"].clamp(min=1)
    scores["worn"] = candidates.common(stories["tokens"], stories["lengths"])
    scores["length"] = stories["lengths"].float()
    return scores


def overall(stories, scores, scale, weights=WEIGHTS):
    """Weighted sum of the scores, each in its standard deviations over the acceptable candidates of a round."""
    total = sum(weight * (scores[name] - scale[name][0]) / scale[name][1] for name, weight in weights.items())
    return total - UNACCEPTABLE * (~stories["good"]).float()


def calibrate(args, saved):
    """Means and deviations of the scores of the stories that were read, by which models are compared."""
    if saved.exists():
        return
    judges, told = judge.load(args), material.of(args).readings.told
    judge.together(args, judges)
    scores = features(args, candidates.matrix(told), teachers.load(args, "reader", range(args.readers)), judges)
    torch.save({name: (value.mean().item(), value.std().item()) for name, value in scores.items()}, saved)


def choose(args, round_number, stricter, shard):
    """Scores a shard of candidates. Saves the best of each group, best first, but of no poor group, and pairs. What is
    worn counts twice as much for every round whose stories became too much alike."""
    log, weights = Log(args), {**WEIGHTS, "worn": WEIGHTS["worn"] * 2**stricter}
    stories = candidates.load(args, round_number, shard)
    scores = features(args, stories, teachers.load(args, "reader", range(args.readers)), judge.load(args))
    good = stories["good"]
    scale = {name: (value[good].mean().item(), value[good].std().item()) for name, value in scores.items()}
    score = overall(stories, scores, scale, weights)
    order = (score - 1000.0 * (~good).float()).argsort(descending=True)  # unacceptable stories last
    order = order[stories["groups"][order].argsort(stable=True)]
    groups = stories["groups"][order]
    fresh = torch.cat([groups.new_ones(1, dtype=torch.bool), groups[1:] != groups[:-1]])
    place = torch.arange(len(order), device=DEVICE)
    rank = place - torch.where(fresh, place, 0).cummax(0).values
    best = score[order][fresh]
    floor = best.quantile(args.poor)
    kept = (rank < args.keep) & (score[order] > floor) & good[order]
    chosen = judge.subset(stories, order[kept])
    chosen = {name: value.to(torch.int32).cpu() for name, value in chosen.items() if name in ("tokens", "lengths")}
    pairs = contrasts(stories, order, fresh, score[order][fresh] > floor)
    log(f"refinement {round_number}, shard {shard}: {len(pairs['lengths'])} pairs")
    torch.save({"best": chosen, "pairs": pairs}, args.out / f"kept-{round_number}-{shard}.pt")
    if shard == 0:
        show(args, round_number, stories, scores, score, order)
    for what, index in (("all", slice(None)), ("first", order[kept & (rank == 0)]), ("kept", order[kept])):
        text = ", ".join(f"{name} {value[index].mean():.3f}" for name, value in scores.items())
        log(f"refinement {round_number}, shard {shard}: {what} {len(score[index])}: {text}")


def contrasts(stories, order, fresh, fine):
    """Pairs of a better and a worse story of one group, [pairs, 2, ...]: the best beside the worst acceptable one, the
    second beside the last but one, and both again beside stories that loop or do not end, where there are such."""
    begin = fresh.nonzero()[:, 0]
    sizes = torch.diff(begin, append=begin.new_tensor([len(order)]))
    good = torch.zeros_like(begin).index_add(0, fresh.cumsum(0) - 1, stories["good"][order].long())
    both = []
    for i in range(PAIRS):
        enough, worse = fine & (good >= 6), fine & (good > i) & (sizes - good > i)
        both.append(torch.stack([begin + i, begin + good - 1 - i], 1)[enough])
        both.append(torch.stack([begin + i, begin + sizes - 1 - i], 1)[worse])
    both = order[torch.cat(both)]
    return {name: stories[name][both].to(torch.int32).cpu() for name in ("tokens", "lengths", "ended")}


def show(args, round_number, stories, scores, score, order, count=500):
    """The first groups as text, for people who want to see what the scores prefer."""
    tokenizer = material.of(args).tokenizer
    lines = []
    for i in order[:count].tolist():
        story = stories["tokens"][i, : stories["lengths"][i]].tolist()
        values = " ".join(f"{name} {scores[name][i]:.3f}" for name in scores)
        place = f"#{stories['groups'][i]} opening {stories['openings'][i]} good {stories['good'][i]}"
        head = f"{place} score {score[i]:.3f} {values}"
        lines.append(f"{head}\n{tokenizer.decode(story)}\n")
    (args.out / f"groups-{round_number}.txt").write_text("\n".join(lines))
