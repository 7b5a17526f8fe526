# SPDX-License-Identifier: BSL-1.0
"""Talk to hookd, the local daemon through which tools ask hooks for leave.

A hook:

    import hookd
    hooks = hookd.Hooks("no-main")
    @hooks.on("pre_push")
    def no_main(event):
        return hookd.veto("main is closed") if event.get("branch") == "main" else None
    hooks.run()

A tool that asks first:

    with hookd.Client() as daemon:
        verdict = daemon.emit_and_wait("pre_push", {"branch": "main"})
    if not verdict:
        sys.exit(verdict.abort)

Client is blocking, hookd.aio.Client is for asyncio, and so is Hooks.serve(). Nothing but the standard library; Linux.
"""

from ._address import default_socket_path
from ._client import Client
from ._errors import (AnswerTimeoutError, CatalogError, ClusterError, ConnectionBrokenError, HookdError, InternalError,
                      InvalidArgumentError, InvalidParamsError, InvalidRequestError, LimitExceededError, MethodNotFoundError,
                      NoDaemonError, NotAllowedError, ParseError, RequestCancelledError, RequestError, ResumeImpossibleError,
                      SessionOpenError, ShuttingDownError, UnreachableError, UntrustedDaemonError)
from ._hooks import Hooks
from ._json import RawJson
from ._model import (Accepted, DaemonInfo, Emission, Event, Missing, Position, Reply, Response, Verdict, abstain, failed, proceed,
                     respond, veto)

__version__ = "0.2.0"

__all__ = [
    "Accepted", "AnswerTimeoutError", "CatalogError", "Client", "ClusterError", "ConnectionBrokenError", "DaemonInfo", "Emission", "Event",
    "HookdError", "Hooks", "InternalError", "InvalidArgumentError", "InvalidParamsError", "InvalidRequestError", "LimitExceededError",
    "MethodNotFoundError", "Missing", "NoDaemonError", "NotAllowedError", "ParseError", "Position", "RawJson", "Reply",
    "RequestCancelledError", "RequestError", "Response", "ResumeImpossibleError", "SessionOpenError", "ShuttingDownError",
    "UnreachableError", "UntrustedDaemonError", "Verdict", "abstain", "default_socket_path", "failed", "proceed", "respond", "veto",
]
