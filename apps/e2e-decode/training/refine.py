"""The model learns what was chosen of its own stories."""

from typing import NamedTuple

import numpy as np
import torch

import candidates
import data
import export
import judge
import material
import selection
import teachers
import variety
from evaluate import nll
from logs import Log
from model import DEVICE
from optimizer import Optimizer, schedule
from preferences import Preferences
from teachers import next_token_loss

CHECKED = 2048  # stories told by each variant, to choose among them
SHOWN = 60  # of them, written to a file for people


class Variant(NamedTuple):
    name: str
    steps: int
    rate: float  # learning rate against a fresh student's
    weight: float  # of the preferences


def kept(args, number, name):
    """What was chosen of a round's candidates, of all shards."""
    files = [args.out / f"kept-{number}-{shard}.pt" for shard in range(args.shards)]
    parts = [torch.load(file, map_location=DEVICE)[name] for file in files]
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def texts(args, number):
    """All real stories, those of the readings, and a round's best (of no round if `number` is None): (flat, starts,
    lengths)."""
    real, (starts, lengths) = material.of(args).real(args.times)
    flat = torch.from_numpy(np.append(real, 0)).to(DEVICE)
    if number is None:
        return flat, starts, lengths
    best = {name: value.long() for name, value in kept(args, number, "best").items()}
    more, more_starts, more_lengths = candidates.packed(best)
    starts = np.concatenate([starts, more_starts + len(real)])
    return torch.cat([flat[:-1], more]), starts, np.concatenate([lengths, more_lengths])


def train(args, number, model_file, variant):
    """Trains one variant of a round, and evaluates it."""
    name, steps, rate, weight = variant
    log, text, rng = Log(args), material.of(args), np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    flat, starts, lengths = texts(args, number)
    model = candidates.current(model_file)
    pairs = Preferences(args, kept(args, number, "pairs"), model, rng)
    model.train().requires_grad_(True)
    optimizer = Optimizer(model, weight_decay=args.student_decay)
    stream = data.endless(starts, lengths, args.batch, DEVICE, rng)
    total, won, counts = 0.0, 0.0, [0, 0]
    for step in range(steps):
        preferring = step % 2 == 0
        counts[preferring] += 1
        if preferring:
            loss, share = pairs.loss(model, args.beta)
            loss, won = weight * loss, won + share
        else:
            index, position, cu = next(stream)
            h, table, balance = model.hidden(flat[index][None], position, cu)
            loss = next_token_loss(h[0], table, flat[index + 1])
            total += loss.detach()
            loss = loss + 0.01 * balance
        loss.backward()
        optimizer.step(rate * schedule(step, steps, 50, 0.9))
        if (step + 1) % 100 == 0 or step + 1 == steps:
            model.eval()
            v = nll([model], text.validation, torch.bfloat16)[0]
            model.train()
            log(
                f"refinement {number} {name} step {step + 1}: training loss {float(total) / max(1, counts[0]):.4f}, "
                f"pairs right {float(won) / max(1, counts[1]):.3f}, validation {v:.4f}"
            )
            total, won, counts = 0.0, 0.0, [0, 0]
    file = args.out / f"refined-{number}-{name}.pt"
    torch.save(export.to_state(model), file)
    return {**evaluate(args, file), "validation": v}


def evaluate(args, file):
    """Stories for the same openings by every model: how they score, and how many are not acceptable."""
    log, model = Log(args), candidates.current(file)
    base = candidates.current(args.out / "student.pt")
    given = candidates.openings(args, base, CHECKED, args.seed + 99)
    stories = candidates.tell(args, model, given, 1, args.seed + 99, args.temperature, args.min_p)
    looping = (candidates.repeated(stories["tokens"], stories["lengths"], 9) > 0).float().mean().item()
    readers = teachers.load(args, "reader", range(args.readers))
    scores = selection.features(args, stories, readers, judge.load(args))
    scale = torch.load(args.out / "scale.pt")
    mean = selection.overall(stories, scores, scale).mean().item()
    text = ", ".join(f"{key} {value.mean():.3f}" for key, value in scores.items())
    log(
        f"{file.stem}: of {len(given)} stories {100 * stories['good'].float().mean():.1f} % "
        f"acceptable, {100 * looping:.1f} % with nine tokens twice, {stories['lengths'].float().mean():.0f} tokens; "
        f"{text}; score {mean:.3f}"
    )
    said, shared = variety.report(args, model)
    log(f"{file.stem}: {said}")
    rows = zip(stories["tokens"][:SHOWN].tolist(), stories["lengths"].tolist())
    told = [material.of(args).tokenizer.decode(row[:n]) for row, n in rows]
    (args.out / f"told-{file.stem}.txt").write_text("\n\n----\n\n".join(told))
    return {"score": mean, "shared": shared}
