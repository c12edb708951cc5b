import CareSyncCore
import Cryptography

/// An answer of the stand-in, before it becomes HTTP.
struct StandInAnswer: Sendable {
    var status = 200
    var type = "application/json"
    var bytes: [UInt8]
    var location: String?

    init(_ json: VendorJSON, status: Int = 200) {
        self.status = status
        bytes = json.bytes
    }

    init(text: String, type: String, status: Int = 200) {
        self.status = status
        self.type = type
        bytes = Array(text.utf8)
    }

    init(_ refusal: VendorRefusal) {
        self.init(refusal.body, status: refusal.status)
    }
}

/// A request to the stand-in, with its body.
struct StandInRequest: Sendable {
    let method: String
    /// Its parts, unescaped.
    let path: [String]
    let query: [String: String]
    let body: [UInt8]
    let authorization: String?
    let refundKey: String?
}

/// The vendor's API, `/v1`.
struct StandInAPI: Sendable {
    let gateway: StandInGateway

    /// - Parameter request: its path without `v1`.
    func answer(_ request: StandInRequest) -> StandInAnswer {
        do {
            let keys = gateway.keys
            let expected =
                Array("Basic ".utf8) + Array(Base64.text(Array("\(keys.keyID):".utf8) + keys.keySecret.bytes).utf8)
            guard let given = request.authorization, constantTimeEquals(Array(given.utf8), expected) else {
                throw VendorRefusal.unauthenticated
            }
            return StandInAnswer(try content(request))
        } catch let refusal as VendorRefusal {
            return StandInAnswer(refusal)
        } catch {
            return StandInAnswer(
                VendorRefusal("We are facing some trouble completing your request.", status: 500, code: "SERVER_ERROR"))
        }
    }

    private func content(_ request: StandInRequest) throws -> VendorJSON {
        switch (request.method, request.path.first) {
        case (_, "orders"): try orders(request)
        case (_, "payments"): try payments(request)
        case ("GET", "refunds"): try refunds(request)
        default: throw VendorRefusal.unknownURL
        }
    }

    private func orders(_ request: StandInRequest) throws -> VendorJSON {
        let path = request.path.dropFirst()
        switch (request.method, path.count, path.last) {
        case ("POST", 0, _):
            let order = try OrderRequest(try json(request))
            return try gateway.work { ledger, _ in try ledger.makeOrder(order).wire }
        case ("GET", 0, _):
            return try gateway.work { ledger, _ in
                try page(ledger.orders(withReceipt: request.query["receipt"]).reversed().map(\.wire), request)
            }
        case ("GET", 1, let id?): return try gateway.work { ledger, _ in try ledger.order(id).wire }
        case ("GET", 2, "payments"):
            return try gateway.work { ledger, _ in
                let payments = try ledger.order(path[path.startIndex]).payments.map { try ledger.payment($0) }
                return collection(payments.reversed().map(\.wire))
            }
        default: throw VendorRefusal.unknownURL
        }
    }

    private func payments(_ request: StandInRequest) throws -> VendorJSON {
        let path = Array(request.path.dropFirst())
        switch (request.method, path.count, path.dropFirst().first) {
        case ("GET", 0, _):
            return try gateway.work { ledger, _ in
                let payments = ledger.orders(withReceipt: nil).flatMap(\.payments).compactMap { ledger.payments[$0] }
                return try page(payments.reversed().map(\.wire), request)
            }
        case ("GET", 1, _): return try gateway.work { ledger, _ in try ledger.payment(path[0]).wire }
        case ("POST", 2, "capture"):
            let body = try json(request)
            let superfluous = body.names.filter { $0 != "amount" && $0 != "currency" }
            guard superfluous.isEmpty else { throw VendorRefusal.superfluous(superfluous) }
            let amount = try Amounts.amount(body["amount"])
            try Amounts.checkCurrency(body["currency"])
            return try gateway.work { ledger, _ in try ledger.capture(path[0], amount: amount).wire }
        case ("POST", 2, "refund"):
            let refund = try RefundRequest(try json(request), key: request.refundKey)
            return try gateway.work { ledger, behaviour in
                try ledger.refund(path[0], refund, outcome: behaviour.refunds).wire
            }
        case ("GET", 2, "refunds"):
            return try gateway.work { ledger, _ in
                collection(try ledger.payment(path[0]).refunds.reversed().map { try ledger.refund($0).wire })
            }
        case ("GET", 3, "refunds"):
            return try gateway.work { ledger, _ in
                let refund = try ledger.refund(path[2])
                guard refund.payment == path[0] else { throw VendorRefusal.unknownID }
                return refund.wire
            }
        default: throw VendorRefusal.unknownURL
        }
    }

    private func refunds(_ request: StandInRequest) throws -> VendorJSON {
        let path = Array(request.path.dropFirst())
        return try gateway.work { ledger, _ in
            switch path.count {
            case 0:
                let newest = ledger.refunds.values.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
                return try page(newest.map(\.wire), request)
            case 1: return try ledger.refund(path[0]).wire
            default: throw VendorRefusal.unknownURL
            }
        }
    }

    private func json(_ request: StandInRequest) throws -> VendorJSON {
        guard let body = VendorJSON(request.body) else { throw VendorRefusal.noJSON }
        return body
    }

    private func page(_ items: [VendorJSON], _ request: StandInRequest) throws -> VendorJSON {
        let count = request.query["count"].map { Int($0) ?? -1 } ?? 10
        let skip = request.query["skip"].map { Int($0) ?? -1 } ?? 0
        guard (1...100).contains(count), skip >= 0 else {
            throw VendorRefusal("The count must be between 1 and 100.", field: "count")
        }
        return collection(Array(items.dropFirst(skip).prefix(count)))
    }

    private func collection(_ items: [VendorJSON]) -> VendorJSON {
        ["entity": "collection", "count": .integer(Int64(items.count)), "items": .list(items)]
    }
}
