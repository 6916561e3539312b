"""A model between two others: WiSE-FT (arXiv 2109.01903), which 2504.10478 uses against the collapse of pass@k."""


def interpolate(earlier: str, parent: str, alpha: float, output: str) -> None:
    """Saves a checkpoint of the weights (1 - alpha) earlier + alpha parent, in float32, and the parent's tokenizer.

    earlier, parent, output: checkpoint folders. Raises ValueError if the two differ in the names or shapes of weights.
    """
    import torch
    import transformers

    from reversal.checkpoints import without_decoding

    before, model = (
        without_decoding(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32))
        for folder in (earlier, parent)
    )
    shapes = [{name: tuple(weight.shape) for name, weight in of.named_parameters()} for of in (before, model)]
    if shapes[0] != shapes[1]:
        names = sorted(dict(shapes[0].items() ^ shapes[1].items()))
        raise ValueError(
            f"{earlier} and {parent} have different weights, {names[0]} for one: nothing lies between them"
        )
    old = dict(before.named_parameters())  # a weight that two layers share once, where a state_dict has it twice
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_((1 - alpha) * old[name] + alpha * weight)
    model.save_pretrained(output)
    transformers.AutoTokenizer.from_pretrained(parent).save_pretrained(output)
