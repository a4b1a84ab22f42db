"""What the benchmarks measure: the cost of MD loss, a training step, predictions, the browser's page, a server."""

from pages.blocks import Block, Text, table
from pages.study_rows import CameraPage, LossCosts, PredictionSpeed, RayWorkers, ServingLoad, StepSpeed


def loss_cost_blocks(found: LossCosts) -> list[Block]:
    """One row a number of classes K."""
    text = (
        f"Milliseconds of a whole training step and of the loss alone, by the number of classes K. Batch size "
        f"{found.batch_size}, embeddings of {found.embedding_dim} numbers, P = {found.nearest}."
    )
    rows = (
        {
            "K": row.classes,
            **{f"{name} step, ms": f"{value:.1f}" for name, value in row.milliseconds_a_step.items()},
            "ratio": f"{row.md_over_softmax:.3f}",
            **{f"loss alone: {n}, ms": f"{value:.1f}" for n, value in row.milliseconds_forward_and_gradient.items()},
            **{f"loss alone: {n}, ms": _refused(reason) for n, reason in (row.does_not_run_here or {}).items()},
        }
        for row in found.rows
    )
    return [Text(text), table(rows)]


def step_blocks(found: StepSpeed) -> list[Block]:
    """One row a variant."""
    ratios = " and ".join(f"{value:.2f} times {name}" for name, value in found.ratios.items())
    fastest = (found.fastest or "ours bfloat16").capitalize()
    rows = [{"variant": name, "images/s": f"{value:.0f}"} for name, value in found.images_per_second.items()]
    rows += [
        {"variant": name, "images/s": _refused(reason)} for name, reason in (found.does_not_run_here or {}).items()
    ]
    text = f"Training images per second, in batches of {found.batch_size}."
    if ratios:
        text += f" {fastest} is {ratios}."
    if shares := found.shares_of_limit:
        named = " and ".join(f"{name} reaches {100 * share:.0f} %" for name, share in shares.items())
        text += (
            " The limit is a step that does nothing but its convolutions and matrix products, each timed alone in the "
            f"same precision: {named} of it."
        )
    return [Text(text), table(rows)]


def prediction_blocks(found: PredictionSpeed) -> list[Block]:
    """One row a program, with what was measured of it; what does not run here says why."""
    faces, together = f"faces in {found.batch} pictures", f"{found.batch} at once"
    heads = {
        ("end to end", "1"): "one by one",
        ("end to end", str(found.batch)): together,
        ("classifier", "1"): "classifier, one face",
        ("classifier", str(found.batch)): f"classifier, {together}",
    }
    rows = []
    for name, row in found.measured.items():
        if reason := row.get("does not run here"):
            rows.append({"": name, faces: _refused(reason)})
            continue
        cells = {"": name} | ({faces: row["faces"]} if "faces" in row else {})
        cells |= {head: _times(row[part][batch]) for (part, batch), head in heads.items() if part in row}
        if "video" in row:
            cells["a frame of the video"] = _times(row["video"])
        if "first answer" in row:
            cells["first answer, s"] = f"{row['first answer']:.2f}"
        if "megabytes" in row:
            cells["installation, MB"] = f"{row['megabytes']:.0f}"
        rows.append(cells)
    ratios = ", ".join(f"{name}: {ratio:.1f} ×" for name, ratio in found.ratios.items())
    text = (
        f"From a picture file to expressions ({found.kind}): milliseconds per picture or face (wall-clock time), and "
        "milliseconds of processor time in brackets."
    )
    goals = [
        {"goal": row.goal, "wanted": f"{row.wanted:g}", "found": f"{row.found:.3g}", "met": "yes" if row.met else "no"}
        for row in found.goals or ()
    ]
    return [Text(text), table(rows), Text(f"Ratios: {ratios}."), *([table(goals)] if goals else [])]


def camera_blocks(found: CameraPage) -> list[Block]:
    """One row a view and number of faces."""
    text = (
        f"`fer-md demo` in {found.browser}, with a camera of 640x480 pixels that shows a drawn scene (synthetic). The "
        f"page is ready {found.seconds_to_load:.1f} s after it is opened."
    )
    rows = (
        {"pictures are looked at": row.view, "faces": row.faces, "frames per second": f"{row.frames_a_second:.1f}"}
        for row in found.rates
    )
    return [Text(text), table(rows)]


def load_blocks(found: ServingLoad) -> list[Block]:
    """One row a transport and number of clients."""
    text = (
        "Clients ask `fer-md serve` on the same machine about one face, and again as soon as they have an answer, for "
        f"{found.seconds:g} s. Milliseconds are of one request."
    )
    rows = (
        {
            "transport": "gRPC" if row.transport == "grpc" else "REST",
            "clients": row.clients,
            "answers per second": f"{row.answers_a_second:.0f}",
            "median, ms": f"{row.median_milliseconds:.0f}",
            "99 % within, ms": f"{row.milliseconds_of_99_percent:.0f}",
            "failed": row.failed,
        }
        for row in found.rows
    )
    return [Text(text), table(rows)]


def worker_blocks(found: RayWorkers) -> list[Block]:
    """One row an engine."""
    text = (
        f"`fer-md predict` of {found.pictures:,} pictures: drawn scenes (synthetic) with one to three faces, and "
        "copies of them. The rate is that of all pictures but the first, whose time is the start. Other programs ran "
        f"beside them: the load of the machine in the minute before was {found.load_before:.1f}."
    )
    rows = (
        {
            "engine": row.engine,
            "start, s": f"{row.seconds_to_start:.1f}",
            "whole, s": f"{row.seconds:.1f}",
            "pictures per second": f"{row.pictures_a_second:.0f}",
        }
        for row in found.rates
    )
    return [Text(text), table(rows)]


def _refused(reason):
    return f"does not run here: {reason.replace('|', '/')}"


def _times(cell):
    return f"{cell['milliseconds']:.2f} ({cell['processor_milliseconds']:.2f})"
