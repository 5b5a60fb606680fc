"""Makes a Llama 4 that is small enough for a CPU, for tests and for trying things out.

    python bench/make_tiny_llama4.py FOLDER [WORD]

The architecture is the real one (a vision encoder that cuts tiles, a text model with
experts and chunked attention), so vLLM serves it like its large siblings. Its 0.6 million
weights are random: **its answers are noise**. With a JSON schema they are well formed at
best, and say nothing about what the real model would find.

With WORD, capitals of which none comes twice, the weights are made so that each letter
calls up the next: under the schema of maskray's prompts it answers, whatever it is shown,
that WORD is a name. That proves the way from a reply to masked pixels, not detection.
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


def teach(model: Any, words: Any, word: str) -> None:
    """Makes the text model a table of what follows which letter.

    With the layers' outputs at nothing, what is left is the last letter's own vector,
    and the row of the output layer that resembles it most wins. Where the schema allows
    it, a quotation mark begins the word or ``name``, and a bracket closes the list.
    """
    import torch

    follows = dict(zip(word, word[1:] + '"', strict=True))
    follows |= {'"': word[0], "[": "{", "}": "]", "]": "}"}
    text, head = model.language_model.model, model.language_model.lm_head.weight
    with torch.no_grad():
        for name, weights in text.named_parameters():
            if "o_proj" in name or "down_proj" in name:
                weights.zero_()
        vectors = torch.nn.functional.normalize(text.embed_tokens.weight, dim=1)
        text.embed_tokens.weight.copy_(vectors)
        head.mul_(0.01)
        for letter, following in follows.items():
            one, other = words.convert_tokens_to_ids([letter, following])
            head[other] += vectors[one]
        wanted = ['"', "n", "}", TEXT["end"]]
        quote, first, brace, stop = words.convert_tokens_to_ids(wanted)
        head[first] += 0.5 * vectors[quote]
        head[stop] += 0.5 * vectors[brace]


def make(folder: Path, word: str = "") -> None:
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
    if word:
        teach(model, words, word)
    model.to(torch.bfloat16).save_pretrained(folder)
    pictures = Llama4ImageProcessor(size={"height": 336, "width": 336}, max_patches=4)
    Llama4Processor(
        image_processor=pictures, tokenizer=words, patch_size=14, chat_template=TEMPLATE
    ).save_pretrained(folder)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    make(Path(sys.argv[1]), *sys.argv[2:])
