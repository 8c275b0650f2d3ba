"""A mail server of the lab: TLS from the first byte or by STARTTLS, a password, and recipients who are trouble.

It takes a letter for whomever, and writes each one that it took as a line of JSON. The part before the @ of a
recipient says what happens to letters for them.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

port, certificate, key, user, password, taken, tls = sys.argv[1:]
seen = {}


class Office:
    async def handle_RCPT(self, server, session, envelope, address, options):
        behaviour = address.split("@")[0]
        seen[address] = seen.get(address, 0) + 1
        if behaviour == "defer-once" and seen[address] == 1:
            return "451 4.7.1 <%s>: greylisted, come again" % address
        if behaviour == "refuse":
            return "550 5.1.1 <%s>: no such user" % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        document = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data,
            "encrypted": server.transport.get_extra_info("sslcontext") is not None,
            "headers": {name.lower(): str(value) for name, value in letter.items()},
            "text": letter.get_body(("plain",)).get_content(),
            "html": letter.get_body(("html",)).get_content(),
        }
        with open(taken, "a", encoding="utf-8") as file:
            file.write(json.dumps(document) + "\n")
        behaviour = envelope.rcpt_tos[0].split("@")[0]
        if seen[envelope.rcpt_tos[0]] == 1:
            # The letter was taken, and the client does not learn of it.
            if behaviour == "cut-once":
                server.transport.abort()
                await asyncio.sleep(3600)
            if behaviour == "hold-once":
                await asyncio.sleep(3600)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (user.encode(), password.encode())
    return AuthResult(success=right, handled=False, auth_data=data.login.decode())


class Server(Controller):
    def factory(self):
        return SMTP(
            self.handler,
            hostname="postoffice.lab.test",
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=authenticate,
            auth_required=True,
            # It does not know of TLS that it did not begin itself.
            auth_require_tls=not implicit,
        )


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
implicit = tls == "implicit"
server = Server(Office(), hostname="127.0.0.1", port=int(port), ssl_context=context if implicit else None)
server.start()
print("serves", flush=True)
asyncio.new_event_loop().run_forever()
