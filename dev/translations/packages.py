"""The packages whose pages are translated."""

from op.web.errors import as_sentence
from servicekit.web.parameters import Parameters
from translations.extraction import ROOT, Errors, Source


def _described(description: str) -> str:
    return as_sentence(description)[0]


_REQUEST_ERRORS = ("InvalidRequest", "InvalidRequestUri", "MalformedParameters", "NonceRequired")
_REQUEST_OBJECT_ERRORS = (*_REQUEST_ERRORS, "InvalidRequestObject", "RequestNotSupported", "RequestUriNotSupported")

_DUPLICATES = tuple(_described(Parameters.parse(raw).repetition() or "") for raw in (b"a=1&a=2", b"A=1&A=2"))

PROVIDER = Source(
    ROOT / "services/op/src/op",
    (
        Errors("op.authorization.pending", ("UnknownRedirect", "__init__")),
        Errors("op.protocol.authorization.request", ("UnknownRedirect",)),
        Errors("op.errors", ("__init__",)),
        *(
            Errors(module, _REQUEST_ERRORS, _described)
            for module in (
                "op.pages.account",
                "op.pages.logout",
                "op.pages.steps",
                "op.protocol.sessions.logout_request",
                "op.web.csrf",
                "op.web.parameters",
                "servicekit.web.parameters",
            )
        ),
        Errors("op.protocol.authorization.request", ("NonceRequired",), _described),
        Errors("op.authorization.request_source", _REQUEST_OBJECT_ERRORS, _described),
        Errors("op.protocol.authorization.request_object", _REQUEST_OBJECT_ERRORS, _described),
    ),
    _DUPLICATES,
)

PACKAGES = (
    Source(ROOT / "libs/servicekit/src/servicekit"),
    PROVIDER,
    Source(ROOT / "services/rp/src/rp"),
)
