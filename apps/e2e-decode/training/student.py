"""The student: distilled from the teachers' distributions."""

import math

import numpy as np
import torch

import data
import distil
import export
import material
import teachers as teaching
from evaluate import nll
from logs import Log
from model import DEVICE, Config, Model, linear
from optimizer import Optimizer, schedule


@torch.compile(dynamic=False)
def distillation_loss(h, table, probabilities, target, hard):
    """Cross-entropy with the teachers' distribution; `hard` is the weight of the true token at each place."""
    logits = linear(h, table).float()
    norm = logits.logsumexp(-1)
    soft = norm - (probabilities.float() * logits).sum(-1)
    true = norm - logits.gather(-1, target[:, None])[:, 0]
    return (soft + hard * (true - soft)).mean()


def new_pool(args, round_number, teachers, real, real_flat, log):
    """Real stories and the teachers' new ones, with the teachers' mean distribution at every place."""
    stories = []
    for k, teacher in enumerate(teachers):
        seed = args.seed * 10**6 + round_number * 1000 + k
        written, lengths, _ = distil.write(teacher, args.stories, args.story_tokens, seed)
        stories += [row[:n].tolist() for row, n in zip(written.cpu().numpy(), lengths.tolist()) if n > 0]
        torch.cuda.empty_cache()
    flat, starts, lengths = distil.pool((real_flat, *real), stories)
    log(f"round {round_number}: {len(stories)} new stories, {len(flat) - len(real_flat)} tokens")
    probabilities = torch.empty(len(flat), teachers[0].c.vocab, dtype=torch.half, device=DEVICE)
    distil.label(teachers, flat, starts, lengths, args.batch, probabilities)
    log(f"round {round_number}: labelled {len(flat)} tokens")
    return torch.from_numpy(np.append(flat, 0)).to(DEVICE), starts, lengths, probabilities


def train(args, saved):
    """Trains the student and saves its float16 state."""
    if saved.exists():
        return
    log, text = Log(args), material.of(args)
    teachers = teaching.load(args, "teacher", range(args.teachers))
    v = nll(teachers, text.validation, torch.bfloat16)[0]
    log(f"{len(teachers)} teachers together: validation {v:.4f}")
    real_flat, real = text.real(args.times)
    torch.manual_seed(args.seed)
    model, steps = Model(Config()).to(DEVICE), args.student_steps
    log(f"student: {model.counts()[0]} parameters, {model.counts()[1]} active a token")
    optimizer = Optimizer(model, weight_decay=args.student_decay)
    rng, total, balance_total = np.random.default_rng(args.seed), 0.0, 0.0
    flat = probabilities = stream = None
    for step in range(steps):
        if step % math.ceil(steps / args.rounds) == 0:
            del flat, probabilities, stream
            torch.cuda.empty_cache()
            number = step // math.ceil(steps / args.rounds)
            flat, starts, lengths, probabilities = new_pool(args, number, teachers, real, real_flat, log)
            stream = data.endless(starts, lengths, args.batch, DEVICE, rng)
        index, position, cu = next(stream)
        h, table, balance = model.hidden(flat[index][None], position, cu)
        hard = torch.where(index < len(real_flat), args.hard, 0.0)
        loss = distillation_loss(h[0], table, probabilities[index], flat[index + 1], hard)
        (loss + 0.01 * balance).backward()
        optimizer.step(schedule(step, steps, 200, 0.5))
        total, balance_total = total + loss.detach(), balance_total + balance.detach()
        if (step + 1) % 500 == 0 or step + 1 == steps:
            model.eval()
            v = nll([model], text.validation, torch.bfloat16)[0]
            model.train()
            n = (step % 500) + 1
            log(
                f"student step {step + 1}: training loss {total.item() / n:.4f}, balance "
                f"{balance_total.item() / n:.3f}, validation {v:.4f}"
            )
            total, balance_total = 0.0, 0.0
    torch.save(export.to_state(model), saved)
    del flat, probabilities, stream
    torch.cuda.empty_cache()
