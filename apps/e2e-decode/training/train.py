"""Trains the default model: teachers, a student distilled from them, and its refinement by its own best stories.

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
import judge
import quantize
import refine
import report
import selection
import student
import teachers
from logs import Log
from workers import Workers

# Ways to refine that are compared in each round: name, stories kept of a group, learning rate against a fresh
# student's, weight of the preferences between good and poor stories. The first goes on and is shipped: of the two with
# the best scores, its stories made more sense when read, and fewer of them loop.
VARIANTS = (
    ("both-gentle", 3, 0.05, 0.1),
    ("preferences", 3, 0.07, 0.4),
    ("both", 3, 0.1, 0.1),
    ("stories", 3, 0.15, 0.0),
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
    s.add_argument("--rounds", type=int, default=2, help="times that the teachers write new stories")
    s.add_argument("--stories", type=int, default=7168, help="new stories by each teacher in a round")
    s.add_argument("--story-tokens", type=int, default=768)
    s.add_argument("--student-steps", type=int, default=12000)
    s.add_argument("--student-decay", type=float, default=0.02, help="weight decay")
    s.add_argument("--hard", type=float, default=0.1, help="weight of the true next token on real stories")
    s.add_argument("--fp4-from", type=float, default=0.7, help="part of the student's steps with float weights")
    r = p.add_argument_group("refinement")
    r.add_argument("--refinements", type=int, default=1)
    r.add_argument("--groups", type=int, default=20480, help="openings")
    r.add_argument("--copies", type=int, default=24, help="stories told for each opening")
    r.add_argument("--write-batch", type=int, default=24576, help="stories told at once")
    r.add_argument("--temperature", type=float, default=0.9)
    r.add_argument("--min-p", type=float, default=0.02)
    r.add_argument("--final-temperature", type=float, default=0.9, help="of the stories by which variants compete")
    r.add_argument("--keep", type=int, default=3, help="most stories kept of a group")
    r.add_argument("--poor", type=float, default=0.2, help="share of groups whose best story is not kept either")
    r.add_argument("--judge-epochs", type=int, default=5)
    r.add_argument("--judge-lr", type=float, default=1e-4)
    r.add_argument("--refine-steps", type=int, default=1200)
    r.add_argument("--beta", type=float, default=0.1, help="how firmly preferences hold to the model before")
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
        workers.run(student.train, [model], args)
    workers.run(train_reader, range(args.readers), args)
    for number in range(args.refinements):
        workers.run(candidates.write, range(args.shards), args, number, model)
        workers.run(judge.train, range(args.readers), args, number)
        workers.run(selection.choose, range(args.shards), args, number)
        scores = workers.run(refine.train, VARIANTS, args, number, model)
        text = ", ".join(f"{name} {score:.3f}" for (name, *_), score in zip(VARIANTS, scores))
        log(f"refinement {number}, scores: {text}")
        model = args.out / f"refined-{number}-{VARIANTS[0][0]}.pt"
    workers.run(report.write, [model], args)
    workers.close()
    log("done")


def train_reader(args, number):
    teachers.train(args, "reader", number, without=number)


if __name__ == "__main__":
    main()
