"""Splits that a data set comes with: their names, and what completes them where there are two."""

import re
from collections.abc import Sequence

from fer_md.data.subject_split import SHARES, split_by_subject
from fer_md.errors import FerMdError

_VALIDATION = {"Training": 6 / 7, "PublicTest": 1 / 7}

_SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "Training"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development", "publictest"), "PublicTest"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation", "holdout", "privatetest"), "PrivateTest"),
}


def split_of_name(name: str) -> str | None:
    """The split that a folder or a cell of a table names, such as ``"Training"`` for ``train_set``; None for none.

    Case, digits and punctuation do not count, nor does a word such as ``set`` or ``images`` at the end.
    """
    letters = re.sub("[^a-z]", "", name.lower())
    return _SPLITS.get(letters) or _SPLITS.get(re.sub("(set|split|data|images|imgs|faces|samples)$", "", letters))


def complete_split(examples: Sequence[tuple[str, str, int | str]], seed: int = 0) -> list[str]:
    """All three splits as given; of two, the second is PrivateTest, and a seventh of Training becomes PublicTest.

    Args:
        examples: (given split, person, label) of each image. The given splits are those of
            `fer_md.data.subject_split.SHARES`. What has to stay together counts as one person.
        seed: of the seventh, which is chosen by person, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        the split of each image.

    Raises:
        FerMdError: fewer than two splits are given, or no Training; or Training has fewer than two people to divide.
    """
    given = {split for split, _, _ in examples}
    if given == set(SHARES):
        return [split for split, _, _ in examples]
    if "Training" not in given or len(given) < 2:
        raise FerMdError(
            f"the splits must be Training with PublicTest or PrivateTest; found {', '.join(sorted(given)) or 'none'}"
        )
    training = [(person, label) for split, person, label in examples if split == "Training"]
    splits = split_by_subject(training, seed, _VALIDATION)
    return [splits[person] if split == "Training" else "PrivateTest" for split, person, _ in examples]
