import Foundation

/// How a person or a script tells the stand-in what to do: `/stand-in`. It needs no key: no money moves, and it listens on
/// this machine only.
struct StandInControl: Sendable {
    let gateway: StandInGateway

    /// - Parameter request: its path without `stand-in`.
    func answer(_ request: StandInRequest) -> StandInAnswer {
        do {
            return StandInAnswer(try content(request))
        } catch let refusal as VendorRefusal {
            return StandInAnswer(refusal)
        } catch {
            return StandInAnswer(VendorRefusal.noJSON)
        }
    }

    private struct Payment: Decodable {
        let outcome: StandInOutcome?
        let method: StandInMethod?
    }

    private struct RefundEnd: Decodable {
        let outcome: StandInRefundOutcome
    }

    private func content(_ request: StandInRequest) throws -> VendorJSON {
        let path = request.path
        let body = request.body.isEmpty ? Data("{}".utf8) : Data(request.body)
        switch (request.method, path.count, path.first, path.last) {
        case ("GET", 1, "behaviour", _): return try wire(gateway.behaviour)
        case ("POST", 1, "behaviour", _):
            return try wire(gateway.change(try JSONDecoder().decode(BehaviourChange.self, from: body)))
        case ("POST", 3, "orders", "pay"):
            let wish = try JSONDecoder().decode(Payment.self, from: body)
            let receipt = try gateway.pay(path[1], wish.outcome ?? .captured, by: wish.method ?? .upi)
            return [
                "razorpay_order_id": .text(receipt.order), "razorpay_payment_id": .text(receipt.payment),
                "razorpay_signature": .text(receipt.signature),
            ]
        case ("POST", 3, "payments", "resolve"):
            let wish = try JSONDecoder().decode(Payment.self, from: body)
            try gateway.resolve(path[1], wish.outcome ?? .captured)
            return try gateway.work { ledger, _ in try ledger.payment(path[1]).wire }
        case ("POST", 3, "refunds", "finish"):
            try gateway.finish(refund: path[1], try JSONDecoder().decode(RefundEnd.self, from: body).outcome)
            return try gateway.work { ledger, _ in try ledger.refund(path[1]).wire }
        default: throw VendorRefusal.unknownURL
        }
    }

    private func wire(_ behaviour: StandInBehaviour) throws -> VendorJSON {
        try JSONDecoder().decode(VendorJSON.self, from: try JSONEncoder().encode(behaviour))
    }
}
