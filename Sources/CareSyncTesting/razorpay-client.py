"""Uses Razorpay's own package as a shop does, and checks what a shop gets.

usage: razorpay-client.py FILE

FILE is a JSON object as `RazorpaySDK` writes it: the address of a stand-in, its keys, and events that it has signed. Prints
`RAZORPAY {json}`: what the package got, and what it refused to do, in its own words.
"""

import json
import sys

import razorpay
import requests

with open(sys.argv[1]) as file:
    given = json.load(file)
client = razorpay.Client(auth=(given["keyID"], given["keySecret"]), base_url=given["address"])
stranger = razorpay.Client(auth=(given["keyID"], "wrong"), base_url=given["address"])
report = {"refusals": {}}


def refused(name, call):
    """Notes what the package raises."""
    try:
        call()
        report["refusals"][name] = "not refused"
    except (razorpay.errors.BadRequestError, razorpay.errors.SignatureVerificationError) as error:
        report["refusals"][name] = str(error)


def pay(order, outcome):
    answer = requests.post(f"{given['address']}/stand-in/orders/{order}/pay", json={"outcome": outcome, "method": "card"})
    answer.raise_for_status()
    return answer.json()


wish = {
    "amount": 49950, "currency": "INR", "receipt": "sdk-1", "unique_receipt": True, "notes": {"bookingId": "77"},
    "payment": {"capture": "manual"},
}
order = client.order.create(wish)
report["order"] = order
report["sameOrder"] = client.order.create(wish)["id"] == order["id"] == client.order.fetch(order["id"])["id"]
report["found"] = [item["id"] for item in client.order.all({"receipt": "sdk-1"})["items"]] == [order["id"]]
paid = pay(order["id"], "authorized")
report["isSigned"] = client.utility.verify_payment_signature(dict(paid))
refused("signature", lambda: client.utility.verify_payment_signature({**paid, "razorpay_order_id": "order_other"}))
number = paid["razorpay_payment_id"]
refused("refund before capture", lambda: client.payment.refund(number, {}))
refused("capture of less", lambda: client.payment.capture(number, 100, {"currency": "INR"}))
report["captured"] = client.payment.capture(number, 49950, {"currency": "INR"})
refused("capture again", lambda: client.payment.capture(number, 49950, {"currency": "INR"}))
report["attempts"] = [item["id"] for item in client.order.payments(order["id"])["items"]] == [number]
report["orderStatus"] = client.order.fetch(order["id"])["status"]

header = {"X-Refund-Idempotency": "refund-" + number}
refund = client.payment.refund(number, {"amount": 10000, "speed": "normal"}, headers=dict(header))
report["refund"] = refund
again = client.payment.refund(number, {"amount": 10000, "speed": "normal"}, headers=dict(header))
report["sameRefund"] = again["id"] == refund["id"] == client.refund.fetch(refund["id"])["id"]
refused("other refund under the key", lambda: client.payment.refund(number, {"amount": 9999}, headers=dict(header)))
refused("refund of more", lambda: client.payment.refund(number, {"amount": 49950}))
refused("refund below a rupee", lambda: client.payment.refund(number, {"amount": 99}))
refused("refund with more fields", lambda: client.payment.refund(number, {"reason": "x"}))
refused("short key", lambda: client.payment.refund(number, {}, headers={"X-Refund-Idempotency": "short"}))
rest = client.payment.refund(number, {})
report["rest"] = rest["amount"]
refused("refund again", lambda: client.payment.refund(number, {}))
report["refunds"] = sorted(item["id"] for item in client.payment.fetch_multiple_refund(number)["items"]) == sorted(
    [refund["id"], rest["id"]])
report["payment"] = client.payment.fetch(number)

refused("unknown order", lambda: client.order.fetch("order_unknown"))
refused("unknown payment", lambda: client.payment.fetch("pay_unknown"))
refused("small order", lambda: client.order.create({"amount": 99, "currency": "INR"}))
refused("order in dollars", lambda: client.order.create({"amount": 100, "currency": "USD"}))
refused("wrong secret", lambda: stranger.order.fetch(order["id"]))

report["events"] = [
    client.utility.verify_webhook_signature(event["body"], event["signature"], given["webhookSecret"])
    for event in given["events"]
]
for event in given["events"][:1]:
    refused("changed event", lambda: client.utility.verify_webhook_signature(
        event["body"] + " ", event["signature"], given["webhookSecret"]))
print("RAZORPAY " + json.dumps(report), flush=True)
