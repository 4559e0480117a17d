"""Trains the default model: teachers, a student distilled from them, its refinement by its own stories, and FP4.

    python train.py --corpus DIR --out DIR
"""

import argparse
import shutil
import time
from pathlib import Path

import torch

import candidates
import data
import export
import finish
import judge
import quantize
import refine
import report
import selection
import student
import teachers
from logs import Log
from workers import Workers, results

# Ways to refine that compete in each round, one on each GPU: name, learning rate against a fresh student's, weight of
# the preferences. The one whose stories have the best score goes on to the next round.
VARIANTS = (
    ("gentle", 0.035, 0.5),
    ("firm", 0.07, 0.5),
)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=32768, help="tokens a step")
    p.add_argument("--group", type=int, default=32, help="weights with one scale")
    t = p.add_argument_group("teachers and readers")
    t.add_argument("--teachers", type=int, default=6)
    t.add_argument("--teacher-steps", type=int, default=2200)
    t.add_argument("--teacher-width", type=int, default=512)
    t.add_argument("--teacher-layers", type=int, default=8)
    t.add_argument("--dropout", type=float, default=0.2)
    t.add_argument("--teacher-decay", type=float, default=0.4, help="weight decay")
    t.add_argument("--gutenberg", type=float, default=0.5, help="share of books in the text")
    t.add_argument("--readers", type=int, default=4, help="models that judge; each leaves out its part of the stories")
    t.add_argument("--reader-steps", type=int, default=1600)
    s = p.add_argument_group("student")
    s.add_argument("--student", type=Path, help="a finished student's checkpoint, instead of training one")
    s.add_argument("--rounds", type=int, default=1, help="times that the teachers write new stories")
    s.add_argument("--stories", type=int, default=7168, help="new stories by each teacher in a round")
    s.add_argument("--story-tokens", type=int, default=768)
    s.add_argument("--student-steps", type=int, default=8000)
    s.add_argument("--student-decay", type=float, default=0.02, help="weight decay")
    s.add_argument("--hard", type=float, default=0.1, help="weight of the true next token on real stories")
    r = p.add_argument_group("refinement")
    r.add_argument("--refinements", type=int, default=5)
    r.add_argument("--groups", type=int, default=8192, help="openings of a round")
    r.add_argument("--copies", type=int, default=16, help="stories told for each opening")
    r.add_argument("--write-batch", type=int, default=24576, help="stories told at once")
    r.add_argument("--temperature", type=float, default=0.75)
    r.add_argument("--min-p", type=float, default=0.05)
    r.add_argument("--keep", type=int, default=3, help="most stories kept of a group")
    r.add_argument("--poor", type=float, default=0.2, help="share of groups whose best story is not kept either")
    r.add_argument("--judge-epochs", type=int, default=5)
    r.add_argument("--judge-lr", type=float, default=1e-4)
    r.add_argument("--refine-steps", type=int, default=500)
    r.add_argument("--beta", type=float, default=0.1, help="how firmly preferences hold to the model before")
    r.add_argument("--bound", type=float, default=2.1, help="highest validation loss that a variant may have")
    f = p.add_argument_group("finish")
    f.add_argument("--finish-steps", type=int, default=800)
    f.add_argument("--finish-rate", type=float, default=0.04, help="learning rate against a fresh student's")
    f.add_argument("--draw", type=float, default=0.01, help="part of the way to the rounded value, each step")
    return p.parse_args()


def prepare(args, log):
    """The tokenizer, trained on the stories or taken from a finished student."""
    saved = args.out / "tokenizer.json"
    if args.student:
        shutil.copyfile(args.student / "tokenizer.json", saved)
        torch.save(export.read_state(args.student), args.out / "student.pt")
        log(f"student from {args.student.name}")
    elif not saved.exists():
        data.train_tokenizer(data.Corpus(args.corpus).stories).save(str(saved))


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    args.started = time.time()
    args.shards = max(1, torch.cuda.device_count())
    log = Log(args)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    log(f"{args.shards} x {name}, torch {torch.__version__}")
    log(" ".join(f"{k}={v}" for k, v in vars(args).items() if k not in ("corpus", "out", "student", "started")))
    quantize.check()
    prepare(args, log)
    workers = Workers(args.shards)

    model = args.out / "student.pt"
    if not model.exists():
        workers.run(teachers.train, range(args.teachers), args, "teacher")
    others = workers.start(train_reader, range(args.readers), args, first=0 if model.exists() else 1)
    results(workers.start(student.train, [model], args) + others)
    for number in range(args.refinements):
        model = refinement(args, workers, log, number, model)
    finished = args.out / "finished.pt"
    if not finished.exists():
        workers.run(finish.train, [finished], args, model, args.refinements - 1)
    workers.run(report.write, [finished], args)
    workers.close()
    log("done")


def refinement(args, workers, log, number, model):
    """One round of candidates, judges, choice and training; the file of the model that comes out of it."""
    refined = args.out / f"refined-{number}.pt"
    if refined.exists():
        return refined
    workers.run(candidates.write, range(args.shards), args, number, model)
    workers.run(judge.train, range(args.readers), args, number, model)
    workers.run(selection.choose, range(args.shards), args, number)
    scores = dict(zip(VARIANTS, workers.run(refine.train, VARIANTS, args, number, model)))
    fit = {variant: score for variant, score in scores.items() if score is not None}
    if not fit:
        log(f"refinement {number}: no variant keeps the perplexity, the model stays as it was")
        shutil.copyfile(model, refined)
    else:
        name = max(fit, key=fit.get)[0]
        log(f"refinement {number}: {name} goes on")
        shutil.copyfile(args.out / f"refined-{number}-{name}.pt", refined)
    return refined


def train_reader(args, number):
    teachers.train(args, "reader", number, without=number)


if __name__ == "__main__":
    main()
