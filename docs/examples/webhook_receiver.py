"""Receives webhooks: python webhook_receiver.py PORT, with the secret in QUAERO_SECRET."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["QUAERO_SECRET"])
seen: set[str] = set()  # in a service: a table with this as its key, written with what the event leads to


class Receiver(BaseHTTPRequestHandler):
    """Verifies, handles each event once, and answers when that is done."""

    def do_POST(self) -> None:
        """An event came."""
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.answer(401)  # it is tried again: the secret may be set by then
            return
        message_id = self.headers["webhook-id"]
        if message_id not in seen:  # the same event may come more than once
            data = event["data"]
            print(event["sequence"], event["type"], data.get("definition_id"), data.get("state"), flush=True)
            seen.add(message_id)
        self.answer(204)

    def answer(self, status: int) -> None:
        """2xx says that it needs not be sent again."""
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Say nothing of each request."""


with HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver) as server:
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
