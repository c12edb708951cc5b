"""A real SMTP server for tests: STARTTLS or TLS with a certificate of its own, AUTH, and recipients that misbehave.

usage: smtp-server.py FOLDER starttls|tls|plain

Prints `SMTP PORT`, then `MAIL {json}` for every message it has accepted or seen to its end. The certificate is
FOLDER/certificate.pem. The only account is `clinic` with the password `s3cret pass`.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, security = sys.argv[1:]


def say(line):
    print(line, flush=True)


def certificate():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
    return context


def authenticate(server, session, envelope, mechanism, data):
    is_right = data.login == b"clinic" and data.password == b"s3cret pass"
    session.user = data.login.decode() if is_right else None
    return AuthResult(success=is_right, handled=False)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        replies = {"later": "451 4.7.1 Greylisted", "refused": "550 5.1.1 No such mailbox"}
        reply = replies.get(address.split("@")[0])
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        report = {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "headers": [[k, str(v)] for k, v in message.items()],
            "text": parts.get("text/plain"), "html": parts.get("text/html"), "raw": envelope.content.decode("latin-1"),
            "isEncrypted": session.ssl is not None or security == "tls", "user": getattr(session, "user", None),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
        }
        behaviour = envelope.rcpt_tos[0].split("@")[0]
        if behaviour == "rejected":
            return "554 5.7.1 Content refused"
        if behaviour == "full":
            return "452 4.2.2 Mailbox full"
        say("MAIL " + json.dumps(report))
        if behaviour == "vanishing":
            # The mail is there and nobody is told.
            server.transport.abort()
            await asyncio.sleep(60)
        return "250 OK"


async def main():
    context = None if security == "plain" else certificate()
    loop = asyncio.get_running_loop()

    def protocol():
        is_starttls = security == "starttls"
        return SMTP(
            Handler(), hostname="localhost", authenticator=authenticate, auth_required=security != "plain",
            auth_require_tls=is_starttls, tls_context=context if is_starttls else None, require_starttls=is_starttls,
            enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    parent = os.getppid()
    say(f"SMTP {server.sockets[0].getsockname()[1]}")
    # A test that was killed has nobody to end this for it.
    while os.getppid() == parent:
        await asyncio.sleep(1)


asyncio.run(main())
