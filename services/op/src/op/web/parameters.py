"""Reading the parameters of a page's request."""

from quart import Request

from op.errors import InvalidRequest
from servicekit.web.languages import use_language
from servicekit.web.parameters import MalformedParameters, Parameters


async def parameters(request: Request) -> Parameters:
    """The parameters of the query, or of the form for a POST; raises InvalidRequest."""
    try:
        if request.method != "POST":
            found = Parameters.parse(request.query_string)
        elif request.mimetype != "application/x-www-form-urlencoded":
            raise InvalidRequest("the body must be application/x-www-form-urlencoded")
        else:
            body = await request.get_data(as_text=False)
            assert isinstance(body, bytes)
            found = Parameters.parse(body)
    except MalformedParameters as fault:
        raise InvalidRequest(str(fault)) from None
    use_language(found.get("ui_locales"))
    return found
