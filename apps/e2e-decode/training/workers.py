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

    def start(self, function, items, *args, first=0):
        """Starts function(*args, item) for every item, in turn on the processes from number `first` on."""
        pools = self.pools[first:] or self.pools
        return [pools[i % len(pools)].submit(function, *args, item) for i, item in enumerate(items)]

    def run(self, function, items, *args):
        """The results of function(*args, item) for every item, in order; each process takes its share."""
        return results(self.start(function, items, *args))

    def close(self):
        for pool in self.pools:
            pool.shutdown()


def results(futures):
    return [future.result() for future in futures]
