"""Qwen3-MoE, with the parameter names grouped for training (the checkpoint's names are in export.py).

The experts are computed as one wide SwiGLU layer whose hidden units are multiplied with the routing
weight of their expert (zero for those not chosen). That is the same function as routing tokens to
experts; at this size one large matrix product is faster than many small ones. With `experts=1` it is
a dense Qwen3, which is what the teachers are.
"""

import inspect
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention.varlen import varlen_attn

from data import MAX_DOCUMENT

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CAUSAL = {"is_causal": True} if "is_causal" in inspect.signature(varlen_attn).parameters else {"window_size": (-1, 0)}


@dataclass(frozen=True)
class Config:
    vocab: int = 4096
    width: int = 384
    layers: int = 8
    heads: int = 8
    kv_heads: int = 4
    head_dim: int = 32
    inner: int = 256  # hidden units of one expert
    experts: int = 8
    top_k: int = 2
    dropout: float = 0.0
    theta: float = 10000.0
    eps: float = 1e-6


def matrix(*shape):
    return nn.Parameter(torch.randn(*shape) * 0.5 * shape[-1] ** -0.5)


def linear(x, w):
    return F.linear(x, w.to(x.dtype))


def rms_norm(x, w, eps):
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * w


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.quantizer = None
        self.input_norm = nn.Parameter(torch.ones(c.width))
        self.q = matrix(c.heads * c.head_dim, c.width)
        self.k = matrix(c.kv_heads * c.head_dim, c.width)
        self.v = matrix(c.kv_heads * c.head_dim, c.width)
        self.o = matrix(c.width, c.heads * c.head_dim)
        self.q_norm = nn.Parameter(torch.ones(c.head_dim))
        self.k_norm = nn.Parameter(torch.ones(c.head_dim))
        self.post_norm = nn.Parameter(torch.ones(c.width))
        self.gate = matrix(c.experts, c.inner, c.width)
        self.up = matrix(c.experts, c.inner, c.width)
        self.down = matrix(c.experts, c.width, c.inner)
        if c.experts > 1:
            self.router = nn.Parameter(torch.randn(c.experts, c.width) * 0.02)
        for w in (self.o, self.down):  # branches start small
            w.data *= (2 * c.layers) ** -0.5

    def quantized(self, w):
        return self.quantizer(w) if self.quantizer is not None else w

    def drop(self, x):
        return F.dropout(x, self.c.dropout) if self.training and self.c.dropout > 0 else x

    def attention(self, x, cos, sin, cu, cache):
        c = self.c
        b, t, _ = x.shape
        q = linear(x, self.quantized(self.q)).view(b, t, c.heads, c.head_dim)
        k = linear(x, self.quantized(self.k)).view(b, t, c.kv_heads, c.head_dim)
        v = linear(x, self.quantized(self.v)).view(b, t, c.kv_heads, c.head_dim)
        q = rotate(rms_norm(q, self.q_norm, c.eps), cos, sin).to(x.dtype)
        k = rotate(rms_norm(k, self.k_norm, c.eps), cos, sin).to(x.dtype)
        repeat = c.heads // c.kv_heads
        if cu is not None:  # packed documents, b = 1
            if repeat > 1:
                k, v = k.repeat_interleave(repeat, 2), v.repeat_interleave(repeat, 2)
            y = varlen_attn(q[0], k[0], v[0], cu, cu, MAX_DOCUMENT, MAX_DOCUMENT, **CAUSAL)
        elif cache is not None and t == 1:  # one new token, the heads of a group as queries
            keys, values, at = cache
            keys[:, at], values[:, at] = k[:, 0], v[:, 0]
            y = F.scaled_dot_product_attention(
                q.view(b, c.kv_heads, repeat, c.head_dim),
                keys[:, : at + 1].transpose(1, 2),
                values[:, : at + 1].transpose(1, 2),
            )
        else:  # whole sequences, padded on the right where they are padded
            if cache is not None:
                cache[0][:, :t], cache[1][:, :t] = k, v
            k, v = k.repeat_interleave(repeat, 2), v.repeat_interleave(repeat, 2)
            y = F.scaled_dot_product_attention(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True
            ).transpose(1, 2)
        return linear(y.reshape(b, t, c.heads * c.head_dim), self.quantized(self.o))

    def route(self, x):
        """Routing weights [..., experts], zero where not chosen, and the load-balancing loss (1 = even)."""
        p = F.linear(x.float(), self.router).softmax(-1)
        top, chosen = p.topk(self.c.top_k, -1)
        top = top / top.sum(-1, keepdim=True)
        weights = torch.zeros_like(p).scatter(-1, chosen, top)
        load = (weights > 0).float().flatten(0, -2).mean(0) / self.c.top_k
        return weights, self.c.experts * (load * p.flatten(0, -2).mean(0)).sum()

    def mlp(self, x):
        c = self.c
        gate = linear(x, self.quantized(self.gate).flatten(0, 1))
        up = linear(x, self.quantized(self.up).flatten(0, 1))
        hidden = F.silu(gate) * up
        balance = None
        if c.experts > 1:
            weights, balance = self.route(x)
            hidden = hidden.unflatten(-1, (c.experts, c.inner)) * weights[..., None].to(x.dtype)
            hidden = hidden.flatten(-2)
        down = self.quantized(self.down).transpose(0, 1).reshape(c.width, c.experts * c.inner)
        return linear(hidden, down), balance

    def forward(self, x, cos, sin, dtype, cu=None, cache=None):
        """x is the float32 residual stream; matrix products run in `dtype`."""
        c = self.c
        y = self.attention(rms_norm(x, self.input_norm, c.eps).to(dtype), cos, sin, cu, cache)
        x = x + self.drop(y).float()
        y, balance = self.mlp(rms_norm(x, self.post_norm, c.eps).to(dtype))
        return x + self.drop(y).float(), balance


def run_block(block, *args):
    return block(*args)


fast_block = torch.compile(run_block, dynamic=False)


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embedding = nn.Parameter(torch.randn(c.vocab, c.width) * 0.02)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = nn.Parameter(torch.ones(c.width))
        frequencies = c.theta ** (-torch.arange(0, c.head_dim, 2).double() / c.head_dim)
        angles = torch.outer(torch.arange(MAX_DOCUMENT).double(), frequencies)
        self.register_buffer("cos", angles.cos().float()[:, None], persistent=False)  # [position, 1, head_dim / 2]
        self.register_buffer("sin", angles.sin().float()[:, None], persistent=False)
        self.quantizer = None

    def quantize_with(self, quantizer):
        self.quantizer = quantizer
        for block in self.blocks:
            block.quantizer = quantizer

    def table(self):
        return self.quantizer(self.embedding) if self.quantizer is not None else self.embedding

    def hidden(self, ids, position, cu=None, dtype=torch.bfloat16, cache=None):
        """Last hidden state of ids [b, t] and the mean load-balancing loss. Packed batches run compiled."""
        table = self.table()
        x = F.embedding(ids, table)
        if self.training and self.c.dropout > 0:
            x = F.dropout(x, self.c.dropout)
        cos, sin = self.cos[position], self.sin[position]
        call = fast_block if cu is not None else run_block
        balance = 0.0
        for i, block in enumerate(self.blocks):
            x, extra = call(block, x, cos, sin, dtype, cu, cache[i] if cache is not None else None)
            if extra is not None:
                balance = balance + extra / self.c.layers
        return rms_norm(x, self.norm, self.c.eps).to(dtype), table, balance

    def logits(self, ids, dtype=torch.float32, cache=None, at=0):
        """Logits [b, t, vocab] of sequences that start at position `at` (0 unless a cache is used)."""
        position = torch.arange(at, at + ids.shape[1], device=ids.device)
        caches = None if cache is None else [(k, v, at) for k, v in cache]
        h, table, _ = self.hidden(ids, position, None, dtype, caches)
        return linear(h, table).float()

    def new_cache(self, b, length, dtype):
        shape = (b, length, self.c.kv_heads, self.c.head_dim)
        return [(self.norm.new_zeros(shape, dtype=dtype), self.norm.new_zeros(shape, dtype=dtype)) for _ in self.blocks]

    def counts(self):
        """(all parameters, those that one token uses)"""
        total = sum(p.numel() for p in self.parameters())
        experts = sum(w.numel() for b in self.blocks for w in (b.gate, b.up, b.down))
        return total, total - experts + experts * min(self.c.top_k, self.c.experts) // self.c.experts
