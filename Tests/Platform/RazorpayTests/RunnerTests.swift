import CareSyncCore
import CareSyncTesting
import Foundation
import Logging
import Razorpay
import RazorpayStandIn
import Testing

@Suite("The stand-in of a data folder")
struct RunnerTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Gives `body` a client of the stand-in that runs in a folder, once it answers.
    private func running(
        in folder: StandInFolder, to webhook: String?,
        _ body: @escaping @Sendable (RazorpayClient, StandInFolder.Account) async throws -> Void
    ) async throws {
        let place = try folder.account(random: .system)
        let target = StandInRunner.WebhookTarget()
        if let webhook { target.set(webhook) }
        let runner = StandInRunner(folder: folder, account: place, target: target, logger: Self.quiet)
        let client = RazorpayClient(
            account: RazorpayAccount(
                keyID: place.keys.keyID, keySecret: place.keys.keySecret, webhookSecrets: [place.keys.webhookSecret],
                baseURL: place.address + "/v1", checkoutScript: ""))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await runner.run() }
            while true {
                let order = try? await client.createOrder(amount: Money(minorUnits: 100), receipt: "1")  // Or nobody.
                if order != nil { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            try await body(client, place)
        }
    }

    private func pay(_ order: String, at place: StandInFolder.Account) async throws {
        let body = #"{"outcome":"captured"}"#
        let connection = try RawConnection(port: place.port)
        try connection.send(
            "POST /stand-in/orders/\(order)/pay HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(RawConnection.parse(await connection.readToEnd()).status == 200)
    }

    @Test("an event comes until it is taken, with one id and a valid signature")
    func events() async throws {
        try await withFolder { path in
            let shop = try ScriptedServer(
                .send("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), .sendAndClose(""),
                .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            try await running(in: StandInFolder(dataDirectory: path), to: shop.address + "/hook") { client, place in
                let order = try await client.createOrder(amount: Money(minorUnits: 100), receipt: "r")
                try await pay(order.id, at: place)
                // Three events, and two attempts that were in vain.
                while shop.requests.count < 5 { try await Task.sleep(for: .milliseconds(20)) }
                let requests = shop.requests
                #expect(Set(requests.compactMap { $0.header("x-razorpay-event-id") }).count == 3)
                for request in requests {
                    let signature = try #require(request.header("x-razorpay-signature"))
                    #expect(client.account.signatures.isWebhookValid(signature, body: request.body))
                }
            }
        }
    }

    @Test("orders, payments, keys and events that were not taken outlive the process")
    func restart() async throws {
        try await withFolder { path in
            let folder = StandInFolder(dataDirectory: path)
            try await running(in: folder, to: nil) { client, place in
                let order = try await client.createOrder(amount: Money(minorUnits: 100), receipt: "r")
                try await pay(order.id, at: place)
                #expect(try await client.order(order.id).status == .paid)
            }
            let shop = try ScriptedServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            try await running(in: folder, to: shop.address + "/hook") { client, _ in
                #expect(try await client.order(receipt: "r")?.status == .paid)
                while shop.requests.count < 3 { try await Task.sleep(for: .milliseconds(20)) }
                let names = shop.requests.compactMap { RazorpayEvent(body: Data($0.body))?.name }
                #expect(Set(names) == ["payment.authorized", "payment.captured", "order.paid"])
            }
        }
    }

    @Test("a port that another program has taken is given up, and the keys stay")
    func takenPort() async throws {
        try await withFolder { path in
            let folder = StandInFolder(dataDirectory: path)
            let first = try folder.account(random: .system)
            #expect(try folder.account(random: .system).port == first.port)
            let listener = try SilentListener()
            let file = path + "/razorpay-stand-in/account.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacing("\"port\":\(first.port)", with: "\"port\":\(listener.port)").write(
                toFile: file, atomically: true, encoding: .utf8)
            let second = try folder.account(random: .system)
            #expect(second.port != listener.port)
            #expect(second.keys.keyID == first.keys.keyID && second.keys.keySecret == first.keys.keySecret)
            // While the stand-in of the folder runs, it is the one that has the port.
            let right = try #require(try folder.own())
            #expect(try folder.own() == nil)
            try text.replacing("\"port\":\(first.port)", with: "\"port\":\(listener.port)").write(
                toFile: file, atomically: true, encoding: .utf8)
            #expect(try folder.account(random: .system).port == listener.port)
            withExtendedLifetime(right) {}
        }
    }
}
