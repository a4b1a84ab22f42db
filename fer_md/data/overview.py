"""A prepared data set as text for the console: its counts by split and class, and what its audit found."""

from typing import Any


def overview(info: dict[str, Any]) -> str:
    """Describes a data set.

    Args:
        info: the content of its ``dataset.json``, see `fer_md.data.records.read_info`.

    Returns:
        several lines: a table of the counts, then the findings.
    """
    return "\n".join([*_counts(info), "", *_findings(info["audit"])])


def _counts(info):
    widths = [max(len(expression), 6) + 2 for expression in info["expressions"]]
    cells = zip(info["expressions"], widths, strict=True)
    yield f"{info['name']:<14}{'all':>8}" + "".join(f"{expression:>{width}}" for expression, width in cells)
    for split, content in info["splits"].items():
        cells = zip(content["classes"].values(), widths, strict=True)
        yield f"{split:<14}{content['examples']:>8}" + "".join(f"{count:>{width}}" for count, width in cells)


def _findings(audit):
    near = audit["near_duplicates"]
    yield f"constant images: {audit['constant']['count']}"
    yield f"groups of pixel-identical images: {audit['duplicates']['groups']}"
    yield f"  with conflicting labels: {audit['conflicts']['groups']}"
    yield from _by_split(audit["duplicates"], "copies", "also in")
    yield f"pairs of near-duplicates (hash within {near['max_distance']} of 64 bits, not identical): {near['pairs']}"
    yield from _by_split(near, "images", "close to one in")
    leaked = audit["leaked"]
    fate = "left out" if leaked["dropped"] else "kept; drop_leaked leaves them out"
    yield (
        f"leaked, that is outside {' and '.join(leaked['held_out'])} but pixel-identical to an image in there:"
        f" {leaked['count']} ({fate})"
    )


def _by_split(counts, what, where):
    for split, count in counts["within"].items():
        if count:
            yield f"  within {split}: {count} {what}"
    for (image_split, other_split), count in ((name.split(" in "), count) for name, count in counts["across"].items()):
        if count:
            yield f"  of {image_split} {where} {other_split}: {count}"
