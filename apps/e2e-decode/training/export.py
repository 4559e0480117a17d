"""The checkpoint as a Hugging Face folder (float16 master weights), read back, and expected outputs."""

import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import data
from evaluate import EOT_ID
from model import Model
from quantize import quantize_state

SHARDS = 4
# Chosen by reading; the card says how.
SAMPLING = {"temperature": 0.5, "top_k": 40, "min_p": 0.05}
BLOCK = {
    "input_norm": "input_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "q_norm": "self_attn.q_norm",
    "k_norm": "self_attn.k_norm",
    "post_norm": "post_attention_layernorm",
    "router": "mlp.gate",
}


def names(c):
    """(name in the checkpoint, name here, expert or None) of every tensor."""
    yield "model.embed_tokens.weight", "embedding", None
    for n in range(c.layers):
        for ours, theirs in BLOCK.items():
            yield f"model.layers.{n}.{theirs}.weight", f"blocks.{n}.{ours}", None
        for e in range(c.experts):
            for ours in ("gate", "up", "down"):
                yield f"model.layers.{n}.mlp.experts.{e}.{ours}_proj.weight", f"blocks.{n}.{ours}", e
    yield "model.norm.weight", "norm", None


def to_state(model):
    own = dict(model.named_parameters())
    return {
        theirs: (own[ours] if e is None else own[ours][e]).detach().half().cpu().contiguous()
        for theirs, ours, e in names(model.c)
    }


@torch.no_grad()
def from_state(state, c, device):
    model = Model(c).to(device).eval()
    own = dict(model.named_parameters())
    for theirs, ours, e in names(c):
        (own[ours] if e is None else own[ours][e]).copy_(state[theirs])
    return model


def read_state(folder):
    index = json.loads((Path(folder) / "model.safetensors.index.json").read_text())
    state = {}
    for shard in sorted(set(index["weight_map"].values())):
        state |= load_file(Path(folder) / shard)
    assert set(state) == set(index["weight_map"])
    return state


def config(c, dtype):
    return {
        "architectures": ["Qwen3MoeForCausalLM"],
        "model_type": "qwen3_moe",
        "vocab_size": c.vocab,
        "hidden_size": c.width,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv_heads,
        "head_dim": c.head_dim,
        "intermediate_size": c.inner * c.experts,
        "moe_intermediate_size": c.inner,
        "num_experts": c.experts,
        "num_experts_per_tok": c.top_k,
        "norm_topk_prob": True,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "router_aux_loss_coef": 0.01,
        "output_router_logits": False,
        "hidden_act": "silu",
        "rms_norm_eps": c.eps,
        "rope_theta": c.theta,
        "rope_scaling": None,
        "max_position_embeddings": data.MAX_DOCUMENT,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "use_sliding_window": False,
        "sliding_window": None,
        "initializer_range": 0.02,
        "tie_word_embeddings": True,
        "use_cache": True,
        "bos_token_id": EOT_ID,
        "eos_token_id": EOT_ID,
        "torch_dtype": dtype,
    }


def write_folder(state, c, tokenizer, folder, shards=SHARDS):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dtype = str(next(iter(state.values())).dtype).removeprefix("torch.")
    total = sum(w.nbytes for w in state.values())
    parts, done = [{} for _ in range(shards)], 0
    for name, w in state.items():
        parts[min(done * shards // total, shards - 1)][name] = w
        done += w.nbytes
    weight_map = {}
    for i, part in enumerate(parts, 1):
        file = f"model-{i:05}-of-{shards:05}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    generation = {"bos_token_id": EOT_ID, "eos_token_id": EOT_ID, "do_sample": True, **SAMPLING}
    tokenizer_config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": data.EOT,
        "eos_token": data.EOT,
        "unk_token": data.EOT,
        "add_bos_token": True,  # as every document in training
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": data.MAX_DOCUMENT,
    }
    for file, content in (
        ("model.safetensors.index.json", index),
        ("config.json", config(c, dtype)),
        ("generation_config.json", generation),
        ("tokenizer_config.json", tokenizer_config),
    ):
        (folder / file).write_text(json.dumps(content, indent=2) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"))


def load_reference(folder):
    """The folder as transformers reads it, in float32 on the CPU, with its plain implementations."""
    from transformers import Qwen3MoeForCausalLM

    options = {"dtype": torch.float32, "attn_implementation": "eager"}
    try:
        return Qwen3MoeForCausalLM.from_pretrained(folder, experts_implementation="eager", **options).eval()
    except (TypeError, ValueError):
        return Qwen3MoeForCausalLM.from_pretrained(folder, **options).eval()


@torch.no_grad()
def greedy(reference, ids, count):
    """`count` greedy tokens, recomputing the whole sequence, and the five largest logits of the first step."""
    out, top = list(ids), None
    margin = float("inf")
    for _ in range(count):
        logits = reference(torch.tensor([out]), use_cache=False).logits[0, -1]
        values, order = logits.topk(5)
        margin = min(margin, float(values[0] - values[1]))
        if top is None:
            top = [{"id": int(i), "logit": float(v)} for i, v in zip(order, values)]
        out.append(int(order[0]))
    return {"greedy": out[len(ids) :], "firstTop5": top, "smallestMargin": margin}


@torch.no_grad()
def compare_and_expect(folder, c, tokenizer, documents, prompts, quantizer):
    """The largest difference of logits between transformers and our model on whole documents, and expected
    outputs by transformers, with float weights and with packed ones."""
    state = read_state(folder)
    reference, ours, worst = load_reference(folder), from_state(state, c, "cpu"), 0.0
    for document in documents:
        ids = torch.tensor([[EOT_ID, *document]])
        worst = max(worst, (reference(ids, use_cache=False).logits - ours.logits(ids)).abs().max().item())
    with tempfile.TemporaryDirectory() as packed:
        write_folder(quantize_state(state, quantizer), c, tokenizer, packed, shards=1)
        reference_packed = load_reference(packed)
    goldens = []
    for prompt in prompts:
        ids = [EOT_ID, *tokenizer.encode(prompt).ids]
        goldens.append(
            {"prompt": prompt, "ids": ids, "float": greedy(reference, ids, 32), "fp4": greedy(reference_packed, ids, 32)}
        )
    return worst, goldens
