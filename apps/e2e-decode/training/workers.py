"""One process for each GPU, kept for the whole run (what it compiled stays compiled)."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch

VISIBLE = "CUDA_VISIBLE_DEVICES"


def begin(threads):
    torch.set_num_threads(threads)  # more than there are cores would wait for each other
    torch._dynamo.config.recompile_limit = 64
    torch.backends.cuda.enable_cudnn_sdp(False)  # it plans anew for every length, which decoding cannot afford
    assert torch.cuda.device_count() <= 1, "a worker sees more than its own GPU"


class Workers:
    def __init__(self, count):
        before = os.environ.get(VISIBLE)
        gpus = before.split(",") if before else [str(i) for i in range(count)]
        self.pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(count)]
        started = []
        for pool, gpu in zip(self.pools, gpus):
            os.environ[VISIBLE] = gpu  # inherited by the process that the first submission starts
            started.append(pool.submit(begin, max(1, len(os.sched_getaffinity(0)) // (2 * count))))
        os.environ.pop(VISIBLE)
        if before is not None:
            os.environ[VISIBLE] = before
        for future in started:
            future.result()

    def run(self, function, items, *args):
        """function(*args, item) for every item; the i-th on process i modulo their number. Results in order."""
        futures = [self.pools[i % len(self.pools)].submit(function, *args, item) for i, item in enumerate(items)]
        return [future.result() for future in futures]

    def close(self):
        for pool in self.pools:
            pool.shutdown()
