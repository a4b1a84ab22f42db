"""What the benchmarks measure: the cost of MD loss, a training step, and a prediction."""

from pages.blocks import Block, Text, table
from pages.study_rows import FirstAnswer, LossCosts, PredictionSpeed, StepSpeed


def loss_cost_blocks(found: LossCosts) -> list[Block]:
    """One row a number of classes K."""
    text = (
        f"Milliseconds of a whole training step and of the loss alone, by the number of classes K. Batch "
        f"{found.batch_size}, embeddings of {found.embedding_dim} numbers, P = {found.nearest}."
    )
    rows = (
        {
            "K": row.classes,
            **{f"{name} step, ms": f"{value:.1f}" for name, value in row.milliseconds_a_step.items()},
            "ratio": f"{row.md_over_softmax:.3f}",
            **{f"loss alone: {n}, ms": f"{value:.1f}" for n, value in row.milliseconds_forward_and_gradient.items()},
        }
        for row in found.rows
    )
    return [Text(text), table(rows)]


def step_blocks(found: StepSpeed) -> list[Block]:
    """One row a variant."""
    ratios = " and ".join(f"{value:.2f} times {name}" for name, value in found.ratios.items())
    fastest = (found.fastest or "ours bfloat16").capitalize()
    rows = ({"variant": name, "images/s": f"{value:.0f}"} for name, value in found.images_per_second.items())
    return [Text(f"Images learned a second, in batches of {found.batch_size}. {fastest} is {ratios}."), table(rows)]


def prediction_blocks(found: PredictionSpeed) -> list[Block]:
    """One row a program; what does not run here says why."""
    rows = []
    for name, row in found.measured.items():
        if reason := row.get("does not run here"):
            remark = f"does not run here: {reason.replace('|', '/')}"
            rows.append({"": name, f"faces in {found.batch} pictures": remark})
            continue
        cells = [row[part][batch] for part in ("end to end", "classifier") for batch in row[part]]
        head = ["one by one", f"{found.batch} at once", "classifier, one face", f"classifier, {found.batch} at once"]
        times = [f"{cell['milliseconds']:.2f} ({cell['processor_milliseconds']:.2f})" for cell in cells]
        own = {"": name, f"faces in {found.batch} pictures": row["faces"]}
        rows.append(own | dict(zip(head, times, strict=True)))
    ratios = ", ".join(f"{name}: {ratio:.1f} ×" for name, ratio in found.ratios.items())
    text = (
        f"From a picture file to expressions ({found.kind}): milliseconds a picture or face by the clock, and of "
        "processor time in brackets."
    )
    return [Text(text), table(rows), Text(f"Ratios: {ratios}.")]


def first_answer_blocks(found: FirstAnswer) -> list[Block]:
    """One row a runtime."""
    rows = []
    for name, seconds in found.seconds.items():
        row = {"": name, **{f"{part}, s": f"{value:.2f}" for part, value in seconds.items()}}
        for batch, times in found.classifier[name].items():
            cell = f"{times['milliseconds']:.2f} ({times['processor_milliseconds']:.2f})"
            row[f"classifier, {batch} at once, ms a face"] = cell
        size = found.megabytes.get(name)
        rows.append(row | {"installation, MB": "" if size is None else f"{size:.0f}"})
    ratios = ", ".join(f"{name.replace('_', ' ')}: {ratio:.1f} ×" for name, ratio in found.ratios.items())
    text = (
        f"The network for photographs from a cold start, in a process of its own ({found.kind}); in brackets "
        "milliseconds of processor time, which waiting for other programs does not lengthen. MTCNN runs in LiteRT in "
        "every row."
    )
    return [Text(text), table(rows), Text(f"Keras over LiteRT: {ratios}.")]
