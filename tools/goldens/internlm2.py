"""InternLM2 checkpoints out of Llama models, since transformers has no InternLM2 of its own: queries,
keys and values fused by key/value head, and the names and the config.json that it is published with.
"""

import json
import os

import torch
from safetensors.torch import load_file, save_file


def fused_names(state, config):
    """The tensors of a Llama model as an InternLM2 checkpoint has them."""
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    dim = config.hidden_size // heads
    out = {}
    plain = {"model.embed_tokens.weight": "model.tok_embeddings.weight",
             "model.norm.weight": "model.norm.weight", "lm_head.weight": "output.weight"}
    for ours, theirs in plain.items():
        out[theirs] = state[ours]
    parts = {"self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1",
             "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2",
             "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm"}
    for layer in range(config.num_hidden_layers):
        at = f"model.layers.{layer}."
        for ours, theirs in parts.items():
            for suffix in (".weight", ".bias"):
                if at + ours + suffix in state:
                    out[at + theirs + suffix] = state[at + ours + suffix]
        for suffix in (".weight", ".bias"):
            if at + "self_attn.q_proj" + suffix not in state:
                continue
            q, k, v = (state[at + f"self_attn.{x}_proj" + suffix] for x in "qkv")
            rest = q.shape[1:]
            q = q.reshape(groups, heads // groups, dim, *rest)
            k, v = (x.reshape(groups, 1, dim, *rest) for x in (k, v))
            out[at + "attention.wqkv" + suffix] = torch.cat([q, k, v], 1).reshape(-1, *rest)
    return {name: tensor.contiguous() for name, tensor in out.items()}


def fuse(directory, model):
    config = model.config
    path = os.path.join(directory, "model.safetensors")
    save_file(fused_names(load_file(path), config), path, metadata={"format": "pt"})
    rope = config.rope_parameters
    written = {
        "architectures": ["InternLM2ForCausalLM"], "model_type": "internlm2",
        "bias": config.attention_bias, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
        "hidden_size": config.hidden_size, "intermediate_size": config.intermediate_size,
        "max_position_embeddings": config.max_position_embeddings,
        "num_attention_heads": config.num_attention_heads,
        "num_hidden_layers": config.num_hidden_layers,
        "num_key_value_heads": config.num_key_value_heads, "rms_norm_eps": config.rms_norm_eps,
        "rope_scaling": {"type": "dynamic", "factor": rope["factor"]},
        "rope_theta": rope["rope_theta"], "tie_word_embeddings": False, "torch_dtype": "float32",
        "vocab_size": config.vocab_size}
    with open(os.path.join(directory, "config.json"), "w", encoding="utf-8") as file:
        json.dump(written, file, indent=2)
        file.write("\n")
