"""The last stage: FP4 weights that say what the float ones said, and float weights that lie near them.

The refined model is the teacher of a copy of itself, whose forward pass takes rounded weights (straight-through) and
unrounded ones in turn. In the second half of the steps every weight is also drawn a little toward the value that it
will be rounded to. The copy, unrounded, is the checkpoint: packing it changes little, because both were trained.
"""

import numpy as np
import torch

import candidates
import data
import export
import material
import quantize
import refine
from evaluate import nll
from logs import Log
from model import DEVICE, linear
from optimizer import Optimizer, schedule


@torch.compile(dynamic=False)
def divergence(h, table, teacher_h, teacher_table):
    """Mean Kullback-Leibler divergence of the copy's next-token distribution from the teacher's."""
    log_p = linear(teacher_h, teacher_table).float().log_softmax(-1)
    log_q = linear(h, table).float().log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


@torch.no_grad()
def draw(model, quantizer, share):
    """Moves every packed weight by a share of the way to its rounded value."""
    for block in model.blocks:
        for w in (block.q, block.k, block.v, block.o, block.gate, block.up, block.down):
            w.lerp_(quantizer(w), share)
    model.embedding.lerp_(quantizer(model.embedding), share)


def train(args, model_file, number, saved):
    """Trains the copy and saves its float16 state. Texts: those of the last round that went on."""
    log, text, rng = Log(args), material.of(args), np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    flat, starts, lengths = refine.texts(args, number)
    teacher = candidates.current(model_file)
    model = candidates.current(model_file).train().requires_grad_(True)
    through, steps, total = quantize.StraightThrough(args.group), args.finish_steps, 0.0
    optimizer = Optimizer(model, weight_decay=0.0)
    stream = data.endless(starts, lengths, args.batch, DEVICE, rng)
    report(log, model, through, text, 0)
    for step in range(steps):
        index, position, cu = next(stream)
        with torch.no_grad():
            teacher_h, teacher_table, _ = teacher.hidden(flat[index][None], position, cu)
        model.quantize_with(through if step % 2 == 0 else None)
        h, table, _ = model.hidden(flat[index][None], position, cu)
        loss = divergence(h[0], table, teacher_h[0], teacher_table)
        loss.backward()
        total += loss.detach()
        optimizer.step(args.finish_rate * schedule(step, steps, 50, 0.9))
        if step >= steps // 2:
            draw(model, through, args.draw)
        if (step + 1) % 200 == 0 or step + 1 == steps:
            report(log, model, through, text, step + 1, float(total) / (step % 200 + 1))
            total = 0.0
    torch.save(export.to_state(model), saved)


def report(log, model, through, text, step, loss=float("nan")):
    values = []
    model.eval()
    for quantizer in (None, through):
        model.quantize_with(quantizer)
        values.append(nll([model], text.validation, torch.bfloat16)[0])
    model.quantize_with(None)
    model.train()
    log(f"finish step {step}: divergence {loss:.4f}, validation {values[0]:.4f} float, {values[1]:.4f} fp4")
