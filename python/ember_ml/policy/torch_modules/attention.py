"""Attention as products and a softmax, which vmap can batch; the equations are torch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Linear = Callable[..., Any]


def scaled_dot_product(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """`torch.nn.functional.scaled_dot_product_attention`, dropout off. Returns (..., queries, values)."""
    if enable_gqa:
        repeat = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(repeat, -3), value.repeat_interleave(repeat, -3)
    return _weights(query, key, attn_mask, is_causal, scale) @ value


def _weights(query: Any, key: Any, mask: Any, causal: bool, scale: float | None = None) -> Any:
    scores = (query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)) @ key.transpose(-2, -1)
    if causal and mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        if mask.dtype == torch.bool:
            scores = torch.where(mask, scores, torch.full((), -math.inf, device=scores.device))
        else:
            scores = scores + mask
    return torch.softmax(scores, -1)


def multi_head(
    linear: Linear,
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Any:
    """`torch.nn.functional.multi_head_attention_forward`, dropout off: (time, batch, features), or without
    the batch.

    Raises:
        TypeError: biases of keys and values, an added zero, or static keys, which few use.
    """
    if (
        bias_k is not None
        or bias_v is not None
        or add_zero_attn
        or static_k is not None
        or static_v is not None
    ):
        raise TypeError("MultiheadAttention with add_bias_kv, add_zero_attn or static keys is not batched")
    single = query.dim() == 2
    if single:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    if use_separate_proj_weight:
        biases = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))
    elif query is key and key is value:
        q, k, v = linear(query, in_proj_weight, in_proj_bias).chunk(3, -1)
    else:  # thirds of the one product, so that its weight stays whole
        thirds = (linear(x, in_proj_weight, in_proj_bias).chunk(3, -1) for x in (query, key, value))
        q, k, v = (parts[index] for index, parts in enumerate(thirds))
    length, batch, width = q.shape
    heads = [x.reshape(x.shape[0], batch, num_heads, -1).permute(1, 2, 0, 3) for x in (q, k, v)]
    mask = _mask(attn_mask, key_padding_mask, batch, num_heads, q)
    causal = is_causal and attn_mask is None
    attention = _weights(heads[0], heads[1], mask, causal)
    mixed = (attention @ heads[2]).permute(2, 0, 1, 3).reshape(length, batch, width)
    output = linear(mixed, out_proj_weight, out_proj_bias)
    shown = attention.mean(1) if average_attn_weights else attention
    if single:
        output, shown = output.squeeze(1), shown.squeeze(0)
    return output, shown if need_weights else None


def _mask(attn_mask: Any, padding: Any, batch: int, heads: int, like: Any) -> Any:
    """One mask that is added to the scores (batch, heads, queries, keys); of booleans True is left out."""
    mask = None
    if attn_mask is not None:
        mask = _added(attn_mask, like)
        if mask.dim() == 3:
            mask = mask.reshape(batch, heads, *mask.shape[-2:])
    if padding is not None:
        more = _added(padding, like)[:, None, None, :]
        mask = more if mask is None else mask + more
    return mask


def _added(mask: Any, like: Any) -> Any:
    if mask.dtype != torch.bool:
        return mask
    zero = torch.zeros((), dtype=like.dtype, device=like.device)
    return torch.where(mask, torch.full_like(zero, -math.inf), zero)
