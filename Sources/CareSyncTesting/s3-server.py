"""A real S3 server for tests: moto, which checks the signature of every request, and the hash of every body, which moto does not.

usage: s3-server.py

Prints `S3 {json}`: the port, the keys of the only user, and a bucket of that user. Everything is in memory.
"""

import hashlib
import io
import json
import os
import threading
import time

# Before moto reads it: no request goes unchecked.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

REGION = "ap-south-1"
BUCKET = "caresync-documents"

users = get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"]
users.create_user(REGION, "caresync")
statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
users.put_user_policy("caresync", "all", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
key = users.create_access_key("caresync")
get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, REGION)

moto = DomainDispatcherApplication(create_backend_app)


def refusal(start, code):
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode()
    start("400 Bad Request", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def checked(environ, start):
    """Refuses a body that is cut short or is not the one whose hash was signed."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    if len(body) != length:
        return refusal(start, "IncompleteBody")
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256") != hashlib.sha256(body).hexdigest():
        return refusal(start, "XAmzContentSHA256Mismatch")
    environ["wsgi.input"] = io.BytesIO(body)
    return moto(environ, start)


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *arguments):
        pass


server = make_server("127.0.0.1", 0, checked, threaded=True, request_handler=Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
parent = os.getppid()
report = {
    "port": server.server_port, "accessKey": key.access_key_id, "secretKey": key.secret_access_key, "bucket": BUCKET,
    "region": REGION,
}
print("S3 " + json.dumps(report), flush=True)
# A test that was killed has nobody to end this for it.
while os.getppid() == parent:
    time.sleep(1)
