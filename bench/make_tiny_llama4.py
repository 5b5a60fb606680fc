"""Makes a Llama 4 that is small enough for a CPU, for tests and for trying things out.

    python bench/make_tiny_llama4.py FOLDER

The architecture is the real one (a vision encoder that cuts tiles, a text model with
experts and chunked attention), so vLLM serves it like its large siblings. Its 0.6 million
weights are random: **its answers are noise**. With a JSON schema they are well formed at
best, and say nothing about what the real model would find.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))
from maskray.torch_cpu import prepare_torchvision

TEXT = {"begin": "<|begin_of_text|>", "end": "<|eot|>", "pad": "<|finetune_right_pad|>"}
PICTURE = {
    "start": "<|image_start|>",
    "end": "<|image_end|>",
    "image": "<|image|>",
    "patch": "<|patch|>",
    "right": "<|tile_x_separator|>",
    "down": "<|tile_y_separator|>",
}
OTHERS = ("<|end_of_text|>", "<|header_start|>", "<|header_end|>")
TEMPLATE = """\
{{- bos_token -}}
{%- for message in messages -%}
{{ '<|header_start|>' + message.role + '<|header_end|>\\n\\n' }}
{%- if message.content is string -%}{{ message.content }}{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}{{ '<|image|>' }}{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}{%- endif -%}{{ '<|eot|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|header_start|>assistant<|header_end|>\\n\\n' }}
{%- endif -%}
"""
SIDE = 64
"""Width of both models."""


def tokenizer() -> Any:
    """One token for each byte, and Llama 4's special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({each: i for i, each in enumerate(letters)}, []))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    special = [*TEXT.values(), *PICTURE.values(), *OTHERS]
    plain.add_special_tokens(special)
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        bos_token=TEXT["begin"],
        eos_token=TEXT["end"],
        pad_token=TEXT["pad"],
        additional_special_tokens=special,
        chat_template=TEMPLATE,
    )


def config(words: Any) -> Any:
    """The real architecture with every size turned down."""
    from transformers import Llama4Config

    def number(token: str) -> int:
        return int(words.convert_tokens_to_ids(token))

    return Llama4Config(
        vision_config={
            "hidden_size": SIDE,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 4 * SIDE,
            "vision_output_dim": SIDE,
            "projector_input_dim": SIDE,
            "projector_output_dim": SIDE,
            "image_size": 336,
            "patch_size": 14,
            "pixel_shuffle_ratio": 0.5,
        },
        text_config={
            "vocab_size": len(words),
            "hidden_size": SIDE,
            "intermediate_size": 2 * SIDE,
            "intermediate_size_mlp": 2 * SIDE,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "max_position_embeddings": 8192,
            "attention_chunk_size": 4096,
            "bos_token_id": number(TEXT["begin"]),
            "eos_token_id": number(TEXT["end"]),
            "pad_token_id": number(TEXT["pad"]),
        },
        boi_token_index=number(PICTURE["start"]),
        eoi_token_index=number(PICTURE["end"]),
        image_token_index=number(PICTURE["patch"]),
    )


def make(folder: Path) -> None:
    """Writes weights, tokenizer and processor; the same ones each time."""
    prepare_torchvision()
    import torch
    from transformers import (
        Llama4ForConditionalGeneration,
        Llama4ImageProcessor,
        Llama4Processor,
    )

    words = tokenizer()
    torch.manual_seed(0)
    model = Llama4ForConditionalGeneration(config(words))
    model.to(torch.bfloat16).save_pretrained(folder)
    pictures = Llama4ImageProcessor(size={"height": 336, "width": 336}, max_patches=4)
    Llama4Processor(
        image_processor=pictures, tokenizer=words, patch_size=14, chat_template=TEMPLATE
    ).save_pretrained(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
