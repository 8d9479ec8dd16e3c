"""The body of a form."""

from quart import Request

from rp.errors import BadRequest
from rp.message import Message

_FORM = "application/x-www-form-urlencoded"


async def read(request: Request) -> bytes:
    """The body of a form as it was received. Raises BadRequest for any other content type."""
    if request.mimetype != _FORM:
        raise BadRequest(Message("error", "A form must be sent as %(media_type)s.", media_type=_FORM))
    raw: bytes = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    return raw
