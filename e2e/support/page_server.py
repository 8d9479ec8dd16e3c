"""Pages that the small servers of the tests send."""

from http.server import BaseHTTPRequestHandler


def send_page(handler: BaseHTTPRequestHandler, html: str) -> None:
    """Respond to a request with a page."""
    body = html.encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
