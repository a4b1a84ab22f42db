"""Prepares a data set that is recognised by its layout, or says which one a folder contains.

docs/DATA.md lists the data sets. FER2013, CK+, SFEW, MMI and facial_expressions have scripts of their own with more
flags.

Examples:
  python data_prep/recognised.py --source=RAF-DB/basic
  python data_prep/recognised.py --source=RAF-DB/basic --output=runs/data/rafdb
  python data_prep/recognised.py --source=AffectNet --leave_out=contempt --output=runs/data/affectnet7
"""

import dataclasses

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.faces.choice import DETECTORS, READY
from fer_md.readers.file_tree import FileTree
from fer_md.readers.recognise import LAYOUTS, recognise


@dataclasses.dataclass(frozen=True)
class Settings(PhotographSettings):
    source: str = console.flag("The data set: an unpacked folder, a zip file, or FER2013's own file.")
    output: str | None = console.flag("Folder to write; without it, the script says what the source contains.", None)
    detector: str | None = console.flag(
        "none: cut out the center of each photograph. yunet, unless the pictures are faces of 48x48 already.",
        None,
        choices=DETECTORS,
    )
    leave_out: tuple[str, ...] = console.flag("Labels to leave out, such as contempt.", ())


def main(settings: Settings) -> None:
    with FileTree(settings.source) as tree:
        layout = recognise(tree)
    if layout is None:
        names = ", ".join(layout.name for layout in LAYOUTS)
        raise FerMdError(
            f"{settings.source}: none of the layouts known ({names}); docs/DATA.md shows them, and prepare collected"
            " takes folders of photographs of your own"
        )
    print(layout.describe(), flush=True)
    if settings.output is None:
        print(f"to prepare it: fer-md prepare {settings.source} --output=FOLDER")
        return
    detector = settings.detector or ("none" if layout.cropped else READY[0])
    prepare_photographs(
        dataclasses.replace(settings, detector=detector),
        lambda tree: layout.list(tree, settings.seed).without(settings.leave_out),
    )


if __name__ == "__main__":
    console.run(main, Settings)
