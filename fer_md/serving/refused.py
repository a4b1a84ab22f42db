"""Why a server does not answer a request."""


class Refused(Exception):
    """A request that cannot be answered.

    Args:
        code: name of a status of gRPC.
        message: for who has asked.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
