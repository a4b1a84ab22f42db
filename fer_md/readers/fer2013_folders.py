"""FER2013 as the folders of images that go round on Kaggle: ``train|test/<class>/Training_<id>.jpg`` or ``im<n>.png``.

The first form, kaggle.com/datasets/msambare/fer2013, keeps the challenge's split in the names of files:
``PublicTest_<id>.jpg`` and ``PrivateTest_<id>.jpg`` lie together in ``test``. The second,
kaggle.com/datasets/ananthu017/emotion-detection-fer, has lost it. Both were not checked on the data.
"""

from collections.abc import Iterator

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, lister, matching

_STEM = r"(?:(?P<usage>Training|PublicTest|PrivateTest)_(?P<id>\d+)|im\d+)"
_FOLDERS = {"train": "Training", "test": "PrivateTest"}
_USAGES = {usage.lower(): usage for usage in ("Training", "PublicTest", "PrivateTest")}


def _find(tree: FileTree) -> Iterator[Picture]:
    for name, match in matching(tree, rf"(?P<part>train|test)/(?P<folder>[^/]+)/(?P<stem>{_STEM})\.(?:jpe?g|png)"):
        folder, part, usage = match["folder"], match["part"].lower(), match["usage"]
        if folder.lower() not in LABEL_OF_NAME:
            raise FerMdError(
                f"{tree.where(name)}: unknown class {folder!r}; the names known are {', '.join(LABEL_OF_NAME)}"
            )
        split = _USAGES[usage.lower()] if usage else _FOLDERS[part]
        key = f"{split}/{match['id']}" if usage else f"{part}/{folder.lower()}/{match['stem']}"
        yield Picture(name, key, EXPRESSIONS[LABEL_OF_NAME[folder.lower()]], split)


FER2013_FOLDERS = Layout(
    name="fer2013_folders",
    title="FER2013 as folders of images (Goodfellow et al., 2013)",
    files="train|test/<class>/Training_<id>.jpg, PublicTest_<id>.jpg, PrivateTest_<id>.jpg; or im<n>.png",
    expressions=EXPRESSIONS,
    splits="by the names of files; where these do not tell, train and test, and a seventh of train becomes PublicTest",
    people="unknown",
    faces="cut out, 48x48",
    request="kaggle.com/datasets/msambare/fer2013; research only, whatever the copy says",
    marks=(rf"/train/({'|'.join(LABEL_OF_NAME)})/(Training_|im)\d+\.(jpe?g|png)$",),
    list=lister("fer2013", EXPRESSIONS, _find),
    cropped=True,
)
