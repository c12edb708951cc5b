import CareSyncServer
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
package import Razorpay
package import RazorpayStandIn

/// Gives `body` the whole system with a stand-in of Razorpay that really listens on this machine, so that our own client
/// speaks to it. Nothing is delivered by itself: a test takes the events of the stand-in and delivers them as it likes.
///
///     try await withRazorpay { app, gateway in
///         …                                                      // initiate a payment
///         let receipt = try gateway.pay(order)                    // as a person in the checkout
///         try await app.deliverEvents(of: gateway)                // webhooks
///     }
package func withRazorpay<Value: Sendable>(
    _ kind: DatabaseKind = .sqlite, today: String = "2026-03-10", at clock: String = "08:00",
    environment: [String: String] = [:],
    _ body: @escaping @Sendable (TestApp, StandInGateway) async throws -> Value
) async throws -> Value {
    try await withStandIn { gateway, account in
        try await withApp(kind, today: today, at: clock, environment: environment, razorpay: account) { app in
            try await body(app, gateway)
        }
    }
}

/// Gives `body` a stand-in of Razorpay that listens on a free port, and the account to reach it by.
package func withStandIn<Value: Sendable>(
    _ gateway: StandInGateway = StandInGateway(),
    _ body: @escaping @Sendable (StandInGateway, RazorpayAccount) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = WebServer(
        host: "127.0.0.1", port: 0, responder: StandInServer(gateway),
        limits: ConnectionLimits(idleTime: .hours(1), arrivalTime: .hours(1)),
        logger: Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() }
    ) { port.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        var running = ports.makeAsyncIterator()
        let account = RazorpayAccount(standIn: gateway.keys, port: await running.next() ?? 0)
        let value = try await body(gateway, account)
        group.cancelAll()
        return value
    }
}

extension TestApp {
    package static let webhook = "/api/payments/webhook/razorpay"

    /// Delivers an event, as it was signed.
    @discardableResult
    package func deliver(_ event: StandInEvent) async throws -> TestResponse {
        try await send(
            .post, Self.webhook, headers: event.headers, body: String(decoding: event.body, as: UTF8.self))
    }

    /// Delivers all events that wait, one after the other, and returns the statuses.
    @discardableResult
    package func deliverEvents(of gateway: StandInGateway) async throws -> [Int] {
        var statuses: [Int] = []
        for event in gateway.takeEvents() { statuses.append(try await deliver(event).status) }
        return statuses
    }
}
