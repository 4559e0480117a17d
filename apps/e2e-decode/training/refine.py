"""One step of refinement: the model learns the stories that were chosen from its own, together with the real ones."""

import numpy as np
import torch

import candidates
import data
import export
import judge
import material
import quantize
import selection
import teachers
from evaluate import nll
from logs import Log
from model import DEVICE, Config
from optimizer import Optimizer, schedule
from preferences import Preferences
from teachers import next_token_loss

CHECKED = 1024  # stories told by each variant, to choose among them


def chosen_stories(args, last_round, keep):
    """The best `keep` of each group, of all rounds so far."""
    parts = []
    for number in range(last_round + 1):
        for shard in range(args.shards):
            part = torch.load(args.out / f"kept-{number}-{shard}.pt", map_location=DEVICE)
            best = part["rank"] < keep
            parts.append({name: part[name][best].long() for name in ("tokens", "lengths")})
    width = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return candidates.packed(width)


def train(args, round_number, model_file, variant):
    """Trains one variant of this round (see train.py); returns its score."""
    name, keep, rate, weight = variant
    log, text, rng = Log(args), material.of(args), np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    flat, starts, lengths = chosen_stories(args, round_number, keep)
    real_flat, real_starts, real_lengths = data.flatten(text.stories)
    real_starts, real_lengths = data.spans(real_starts, real_lengths)
    invented = len(flat) - 1
    flat = torch.cat([flat[:-1], torch.from_numpy(real_flat).to(DEVICE), flat.new_zeros(1)])
    starts, lengths = np.concatenate([starts, real_starts + invented]), np.concatenate([lengths, real_lengths])
    log(f"refinement {round_number} {name}: {invented} tokens of chosen stories, {len(real_flat)} of real ones")

    packed = quantize.quantize_state(torch.load(model_file, map_location=DEVICE), lambda w: quantize.fp4(w, args.group))
    model = export.from_state(packed, Config(), DEVICE)
    pairs = Preferences(args, round_number, model.eval(), rng) if weight > 0 else None
    model.train().requires_grad_(True)
    optimizer = Optimizer(model, weight_decay=args.student_decay)
    stream = data.endless(starts, lengths, args.batch, DEVICE, rng)
    through, steps, total, won = quantize.StraightThrough(args.group), args.refine_steps, 0.0, 0.0
    for step in range(steps):
        model.quantize_with(through if step % 2 == 0 else None)  # one model in both, float and FP4
        if pairs and step % 4 > 1:
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
        if (step + 1) % 300 == 0 or step + 1 == steps:
            model.eval()
            values = []
            for quantizer in (None, through):
                model.quantize_with(quantizer)
                values.append(nll([model], text.validation, torch.bfloat16)[0])
            model.train()
            n = (step % 300 + 1) / (2 if pairs else 1)
            log(
                f"refinement {round_number} {name} step {step + 1}: training loss {float(total) / n:.4f}, pairs right "
                f"{float(won) / n:.3f}, validation {values[0]:.4f} float, {values[1]:.4f} fp4"
            )
            total = won = 0.0
    model.quantize_with(None)
    file = args.out / f"refined-{round_number}-{name}.pt"
    torch.save(export.to_state(model), file)
    return evaluate(args, round_number, file, name)


def evaluate(args, round_number, file, name):
    """Stories for the same openings by every variant: how they score, and how many are not acceptable."""
    log, model = Log(args), candidates.current(args, file)
    base = candidates.current(args, args.out / "student.pt")
    given = candidates.openings(args, base, CHECKED, args.seed + 99)
    stories, good = candidates.tell(args, model, given, 1, args.seed + 99, args.final_temperature)
    looping = (candidates.repeated(stories["tokens"], stories["lengths"], 9) > 0).float().mean().item()
    scale = torch.load(args.out / "kept-0-0.pt", map_location=DEVICE)["scale"]
    stories = judge.subset(stories, good)
    readers = teachers.load(args, "reader", range(args.readers))
    scores = selection.features(args, stories, readers, judge.load(args, round_number))
    values = selection.overall(scores, scale)
    mean = (values.sum().item() - 3 * (len(good) - len(values))) / len(good)
    text = ", ".join(f"{key} {value.mean():.3f}" for key, value in scores.items())
    log(
        f"refinement {round_number} {name}: of {len(good)} stories {100 * good.float().mean():.1f} % acceptable, "
        f"{100 * looping:.1f} % with nine tokens twice; {text}; score {mean:.3f}"
    )
    return mean
