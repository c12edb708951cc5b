"""Signs requests with botocore, whose signatures are right by definition.

usage: sign-requests.py FILE

FILE is a JSON list of requests as `RequestToSign` writes them. Prints `SIGNED [authorization, …]`.
"""

import json
import sys
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials


def signed(request):
    headers = HTTPHeaders()
    for name, value in request["headers"]:
        headers[name] = value
    # Paths and queries are encoded here, by botocore's rules. Without TLS it signs the hash of the body.
    outgoing = AWSRequest(
        method=request["method"], url="http://" + request["host"] + quote(request["path"], safe="/-_.~"), headers=headers,
        params=[(name, value) for name, value in request["query"]], data=bytes.fromhex(request["body"]))
    credentials = Credentials(request["accessKey"], request["secretKey"])
    signer = S3SigV4Auth(credentials, "s3", request["region"])
    outgoing.context["timestamp"] = request["stamp"]
    signer._modify_request_before_signing(outgoing)
    text = signer.string_to_sign(outgoing, signer.canonical_request(outgoing))
    signer._inject_signature_to_request(outgoing, signer.signature(text, outgoing))
    return outgoing.headers["Authorization"]


with open(sys.argv[1]) as file:
    print("SIGNED " + json.dumps([signed(request) for request in json.load(file)]), flush=True)
