package import CareSyncCore
import Cryptography
import Foundation
import HTTPClient
import NIOCore
import Synchronization

/// Asks the vendor's API. At most ten calls are under way at once, over all who share the client. Throws
/// ``RazorpayFailure``.
///
/// A call waits for its turn for 5 s at most and has 7 s from then on, repetitions included.
package final class RazorpayClient: Sendable {
    package let account: RazorpayAccount
    private let web: WebClient
    private let turns = CallTurns(places: RazorpayClient.places)
    private let patience: Duration
    private let limit: Duration
    private let authorization: String

    /// Calls that are under way at once.
    static let places = 10
    /// How long a call waits for its turn.
    package static let patience = Duration.seconds(5)
    /// How long a call may take once it is its turn.
    package static let limit = Duration.seconds(7)
    private static let largestAnswer = 1 << 20

    /// - Parameters:
    ///   - patience: how long a call waits for its turn.
    ///   - limit: how long it may take from then on.
    package init(
        account: RazorpayAccount, random: RandomSource = .system, patience: Duration = RazorpayClient.patience,
        limit: Duration = RazorpayClient.limit
    ) {
        self.account = account
        web = WebClient(connections: Self.places, random: random)
        self.patience = patience
        self.limit = limit
        authorization = "Basic " + Base64.text(Array("\(account.keyID):".utf8) + account.keySecret.bytes)
    }

    /// Makes an order that captures by itself; the same receipt gives the same order.
    package func createOrder(
        amount: Money, receipt: String, notes: [String: String] = [:]
    ) async throws -> RazorpayOrder {
        let order: RazorpayOrder = try await send(
            .post, "/orders", RazorpayBodies.Order(amount: amount.minorUnits, receipt: receipt, notes: notes),
            isRepeatable: true)
        guard order.amount == amount.minorUnits, order.currency == "INR" else {
            throw RazorpayFailure.refused(status: 200, code: "ORDER_MISMATCH", text: "The order has another amount.")
        }
        return order
    }

    package func order(_ id: String) async throws -> RazorpayOrder { try await send(.get, "/orders/\(escaped(id))") }

    /// The order that was made with a receipt.
    package func order(receipt: String) async throws -> RazorpayOrder? {
        let found: RazorpayBodies.Collection<RazorpayOrder> = try await send(
            .get, "/orders?receipt=\(escaped(receipt))")
        return found.items.first { $0.receipt == receipt }
    }

    /// Every attempt at an order.
    package func payments(ofOrder id: String) async throws -> [RazorpayPayment] {
        let found: RazorpayBodies.Collection<RazorpayPayment> = try await send(
            .get, "/orders/\(escaped(id))/payments")
        return found.items
    }

    package func payment(_ id: String) async throws -> RazorpayPayment {
        try await send(.get, "/payments/\(escaped(id))")
    }

    /// Takes the money of an authorised payment. One that is captured already is refused. It is not repeated here.
    package func capture(_ id: String, amount: Money) async throws -> RazorpayPayment {
        try await send(
            .post, "/payments/\(escaped(id))/capture", RazorpayBodies.Capture(amount: amount.minorUnits))
    }

    /// - Parameter key: at least ten letters, digits, `-` or `_`; the same key and amount give the same refund. While the
    ///   vendor still works on an earlier one it is unavailable; another amount under the same key is refused with 409.
    package func refund(_ payment: String, amount: Money, key: String) async throws -> RazorpayRefund {
        do {
            return try await send(
                .post, "/payments/\(escaped(payment))/refund", RazorpayBodies.Refund(amount: amount.minorUnits),
                headers: [("X-Refund-Idempotency", key)], isRepeatable: true)
        } catch RazorpayFailure.refused(409, _, let text) where !text.lowercased().contains("different request") {
            throw RazorpayFailure.unavailable(mayHaveArrived: true)
        }
    }

    package func refund(_ id: String) async throws -> RazorpayRefund { try await send(.get, "/refunds/\(escaped(id))") }

    package func refunds(of payment: String) async throws -> [RazorpayRefund] {
        let found: RazorpayBodies.Collection<RazorpayRefund> = try await send(
            .get, "/payments/\(escaped(payment))/refunds?count=100")
        return found.items
    }

    private func send<Answer: Decodable & Sendable>(
        _ method: WebRequest.Method, _ path: String, _ body: (some Encodable)? = RazorpayBodies.None?.none,
        headers: [(String, String)] = [], isRepeatable: Bool? = nil
    ) async throws -> Answer {
        var sent: [(name: String, value: String)] = [("Authorization", authorization)]
        sent += headers.map { (name: $0.0, value: $0.1) }
        var content = WebBody.none
        if let body {
            sent.append(("Content-Type", "application/json"))
            content = .bytes(Array(try JSONEncoder().encode(body)))
        }
        let request = WebRequest(
            method, account.baseURL + path, headers: sent, body: content, isRepeatable: isRepeatable)
        return try await turns.take(patience: patience) { try await self.exchange(request) }
    }

    private func exchange<Answer: Decodable & Sendable>(_ request: WebRequest) async throws -> Answer {
        let attempts = Mutex(0)
        let status: Int
        let bytes: ByteBuffer
        do {
            let answer = try await web.send(within: limit, repeats: .standard) {
                attempts.withLock { $0 += 1 }
                return request
            }
            status = answer.status
            bytes = try await answer.collect(upTo: Self.largestAnswer)
        } catch let failure as WebFailure {
            // What is repeated may have arrived before.
            throw RazorpayFailure.unavailable(
                mayHaveArrived: failure.mayHaveArrived || request.isRepeatable && attempts.withLock { $0 } > 1)
        }
        let data = Data(bytes.readableBytesView)
        guard status == 200 else { throw Self.failure(status, data, isFirst: attempts.withLock { $0 } == 1) }
        guard let decoded = try? JSONDecoder().decode(Answer.self, from: data) else {  // Also a page of HTML.
            throw RazorpayFailure.unavailable(mayHaveArrived: true)
        }
        return decoded
    }

    private static func failure(_ status: Int, _ data: Data, isFirst: Bool) -> RazorpayFailure {
        guard (400..<500).contains(status), status != 408, status != 429,
            let body = try? JSONDecoder().decode(RazorpayBodies.Refusal.self, from: data)  // Else it is no answer.
        else { return .unavailable(mayHaveArrived: status != 429 || !isFirst) }
        return .refused(
            status: status, code: body.error.code ?? "", text: String((body.error.description ?? "").prefix(200)))
    }

    /// As a part of a path or a query; nothing in it leads anywhere else.
    private func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_"))) ?? ""
    }
}
