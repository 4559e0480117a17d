"""One step of refinement: the model learns the stories that were chosen from its own, together with the real ones."""

import numpy as np
import torch

import candidates
import data
import export
import judge
import material
import selection
import teachers
from evaluate import nll
from logs import Log
from model import DEVICE
from optimizer import Optimizer, schedule
from preferences import Preferences
from teachers import next_token_loss

CHECKED = 2048  # stories told by each variant, to choose among them
SHOWN = 60  # of them, written to a file for people


def chosen_stories(args, round_number):
    """The best stories of each group of this round, and all real ones: (flat, starts, lengths)."""
    parts = []
    for shard in range(args.shards):
        part = torch.load(args.out / f"kept-{round_number}-{shard}.pt", map_location=DEVICE)
        parts.append({name: part[name].long() for name in ("tokens", "lengths")})
    flat, starts, lengths = candidates.packed({name: torch.cat([part[name] for part in parts]) for name in parts[0]})
    invented = len(flat) - 1
    real_flat, *documents = data.flatten(material.of(args).stories)
    real_starts, real_lengths = data.spans(*documents)
    flat = torch.cat([flat[:-1], torch.from_numpy(real_flat).to(DEVICE), flat.new_zeros(1)])
    return flat, np.concatenate([starts, real_starts + invented]), np.concatenate([lengths, real_lengths])


def train(args, round_number, model_file, variant):
    """Trains one variant of this round (see train.py); returns its score, or none if its perplexity is too high."""
    name, rate, weight = variant
    log, text, rng = Log(args), material.of(args), np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    flat, starts, lengths = chosen_stories(args, round_number)
    model = candidates.current(model_file)
    pairs = Preferences(args, round_number, model, rng)
    model.train().requires_grad_(True)
    optimizer = Optimizer(model, weight_decay=args.student_decay)
    stream = data.endless(starts, lengths, args.batch, DEVICE, rng)
    steps, total, won = args.refine_steps, 0.0, 0.0
    for step in range(steps):
        if step % 2 == 0:
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
        if (step + 1) % 200 == 0 or step + 1 == steps:
            model.eval()
            v = nll([model], text.validation, torch.bfloat16)[0]
            model.train()
            n = (step % 200 + 1) / 2
            log(
                f"refinement {round_number} {name} step {step + 1}: training loss {float(total) / n:.4f}, "
                f"pairs right {float(won) / n:.3f}, validation {v:.4f}"
            )
            total = won = 0.0
    file = args.out / f"refined-{round_number}-{name}.pt"
    torch.save(export.to_state(model), file)
    score = evaluate(args, round_number, file, name)
    return score if v <= args.bound else None


def evaluate(args, round_number, file, name):
    """Stories for the same openings by every variant: how they score, and how many are not acceptable."""
    log, model = Log(args), candidates.current(file)
    base = candidates.current(args.out / "student.pt")
    given = candidates.openings(args, base, CHECKED, args.seed + 99)
    stories = candidates.tell(args, model, given, 1, args.seed + 99, args.temperature, args.min_p)
    looping = (candidates.repeated(stories["tokens"], stories["lengths"], 9) > 0).float().mean().item()
    scale = torch.load(args.out / f"kept-{round_number}-0.pt", map_location=DEVICE)["scale"]
    readers = teachers.load(args, "reader", range(args.readers))
    scores = selection.features(args, stories, readers, judge.load(args, round_number))
    mean = selection.overall(stories, scores, scale).mean().item()
    text = ", ".join(f"{key} {value.mean():.3f}" for key, value in scores.items())
    log(
        f"refinement {round_number} {name}: of {len(given)} stories {100 * stories['good'].float().mean():.1f} % "
        f"acceptable, {100 * looping:.1f} % with nine tokens twice, {stories['lengths'].float().mean():.0f} tokens; "
        f"{text}; score {mean:.3f}"
    )
    rows = zip(stories["tokens"][:SHOWN].tolist(), stories["lengths"].tolist())
    told = [material.of(args).tokenizer.decode(row[:n]) for row, n in rows]
    (args.out / f"told-{round_number}-{name}.txt").write_text("\n\n----\n\n".join(told))
    return mean
