"""What is written to stderr while it is silenced, and after."""

import os
import threading

from fer_md.environment import quiet_stderr


def test_a_second_thread_waits_until_stderr_is_back():
    """Otherwise the first would end while the second is inside, which keeps the first one's sink as its stderr."""
    before, inside = os.fstat(2), threading.Event()

    def second():
        with quiet_stderr():
            inside.set()

    thread = threading.Thread(target=second)
    with quiet_stderr():
        thread.start()
        with quiet_stderr():  # within itself it may be used
            assert not inside.wait(0.2)
    thread.join()
    assert inside.is_set() and os.path.samestat(os.fstat(2), before)
