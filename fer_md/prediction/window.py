"""A window with the frames as they are looked at, and the faces drawn in.

It is matplotlib's, which the small installation lacks: the package installs OpenCV without windows, as for servers.
"""

from collections.abc import Sequence

from matplotlib import pyplot
from matplotlib.backends import BackendFilter, backend_registry

from fer_md.errors import FerMdError
from fer_md.media.sources import Frame
from fer_md.prediction.annotate import annotate
from fer_md.prediction.results import FacePrediction


class Window:
    """Shows one frame after the other. To close it ends the command, as Ctrl-C does.

    Raises:
        FerMdError: there is no display, or matplotlib has nothing to draw on it with.
    """

    def __init__(self):
        if not _can_show():
            raise FerMdError(
                "--show needs a display, and PyQt or tkinter for matplotlib's windows; fer-md demo shows a camera in a "
                "browser"
            )
        self._figure = pyplot.figure("fer-md predict")
        self._axes = self._figure.add_axes((0, 0, 1, 1), frameon=False)

    def write(self, frame: Frame, faces: Sequence[FacePrediction]) -> None:
        """Shows a frame.

        Raises:
            KeyboardInterrupt: the window was closed.
        """
        if not pyplot.fignum_exists(self._figure.number):
            raise KeyboardInterrupt
        self._axes.clear()
        self._axes.set_axis_off()
        self._axes.imshow(annotate(frame.image, faces))
        pyplot.pause(0.001)


def _can_show():
    return pyplot.get_backend().lower() in map(str.lower, backend_registry.list_builtin(BackendFilter.INTERACTIVE))
