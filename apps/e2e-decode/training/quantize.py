"""FP4 formats, as functions from float weights to the values that the packed weights decode to.

Groups lie along the last dimension, the input dimension K of a linear [out, in]. All three formats
share the element type E2M1 and differ in the scale of a group.
"""

import torch

E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


def round_e2m1(x):
    """Nearest E2M1 value, ties to the even code, saturating at 6."""
    a = x.abs()
    halves = (a > 0.25).float() + (a >= 0.75).float() + (a > 1.25).float() + (a >= 1.75).float()
    ones = (a > 2.5).float() + (a >= 3.5).float()
    return torch.copysign(0.5 * halves + ones + 2.0 * (a > 5.0).float(), x)


def _scaled(groups, scale):
    safe = torch.where(scale > 0, scale, torch.ones_like(scale))
    return torch.where(scale > 0, round_e2m1(groups / safe) * scale, torch.zeros_like(groups))


def fp4(w, group=32):
    """The shipped format: one half-precision scale a group, half(absmax / 6)."""
    g = w.unflatten(-1, (-1, group))
    scale = (g.abs().amax(-1, keepdim=True) / 6).half().float()
    return _scaled(g, scale).flatten(-2)


def mxfp4(w):
    """OCP MX: groups of 32, power-of-two scale with exponent floor(log2(absmax)) - 2."""
    g = w.unflatten(-1, (-1, 32))
    _, exponent = torch.frexp(g.abs().amax(-1, keepdim=True))  # absmax = m * 2^exponent, 0.5 <= m < 1
    scale = torch.ldexp(torch.ones_like(g[..., :1]), (exponent - 3).clamp(-127, 127))
    return _scaled(g, scale).flatten(-2)


def nvfp4(w):
    """Groups of 16 with an E4M3 scale, and one float32 scale for the tensor."""
    g = w.unflatten(-1, (-1, 16))
    tensor_scale = w.abs().amax() / (6 * 448)
    scale = (g.abs().amax(-1, keepdim=True) / 6 / tensor_scale).clamp(max=448)
    return _scaled(g, scale.to(torch.float8_e4m3fn).float() * tensor_scale).flatten(-2)


class StraightThrough:
    """Quantizes in the forward pass, passes the gradient unchanged: fp4-aware training."""

    def __init__(self, group):
        self.group = group

    def __call__(self, w):
        # through half precision first, because the checkpoint holds half-precision weights
        return w + (fp4(w.half().float(), self.group) - w).detach()


def is_quantized(name):
    """Whether a tensor of the checkpoint is packed: linear layers of attention and experts, embedding."""
    return name.endswith("_proj.weight") or name.endswith("embed_tokens.weight")


def quantize_state(state, quantizer):
    """A checkpoint's tensors in float32, the packed ones replaced by the values they decode to."""
    return {n: quantizer(w.float()) if is_quantized(n) else w.float() for n, w in state.items()}


def check():
    """Compares the rounding with a search in float64, and the formats with hand-made cases."""
    table = torch.tensor(E2M1, dtype=torch.float64)
    x = torch.cat([torch.linspace(-8, 8, 4097), torch.randn(4096)]).double()
    distance = (x.abs()[:, None] - table).abs()
    tied = distance == distance.amin(1, keepdim=True)
    code = torch.arange(8)
    even_first = torch.where(tied, code + 8 * (code % 2), 99).amin(1) % 8
    assert torch.equal(round_e2m1(x.float()).double(), torch.copysign(table[even_first], x))
    ramp = torch.tensor(E2M1 * 8) * torch.cat([torch.ones(32), 0.25 * torch.ones(32)])
    for quantizer in (fp4, mxfp4, nvfp4):  # values on the grid survive, zeros stay zeros
        assert torch.allclose(quantizer(ramp[None]), ramp[None], rtol=1e-3), quantizer
        assert not quantizer(torch.zeros(2, 64)).isnan().any() and quantizer(torch.zeros(2, 64)).abs().max() == 0
    ones = torch.cat([torch.full((1, 31), 1.0), torch.full((1, 1), 7.0)], 1)  # shared exponent 0: 7 saturates at 6
    assert mxfp4(ones)[0, 31] == 6.0 and mxfp4(ones)[0, 0] == 1.0
