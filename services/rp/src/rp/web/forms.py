"""Forms that browsers send, read once."""

from quart import Request

from rp.errors import BadRequest

_FORM = "application/x-www-form-urlencoded"


async def read(request: Request) -> bytes:
    """The body of a form as it came; raises BadRequest for any other content."""
    if request.mimetype != _FORM:
        raise BadRequest(f"A form is sent as {_FORM}.")
    raw: bytes = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    return raw
