import CareSyncCore
import CareSyncTesting
import Cryptography
import Razorpay
import RazorpayStandIn
import Testing

@Suite("Turns at Razorpay")
struct TurnTests {
    private func client(
        _ server: ScriptedServer, patience: Duration, limit: Duration = .seconds(60)
    ) -> RazorpayClient {
        RazorpayClient(
            account: RazorpayAccount(
                keyID: "k", keySecret: SecretBytes([1]), webhookSecrets: [], baseURL: server.address + "/v1",
                checkoutScript: ""), patience: patience, limit: limit)
    }

    private func outcome(_ client: RazorpayClient) async -> RazorpayFailure? {
        do {
            _ = try await client.payment("pay_1")
            return nil
        } catch { return error as? RazorpayFailure }
    }

    @Test("ten calls are under way at once; one more is busy after its patience, and nothing of it is sent")
    func ten() async throws {
        let server = try ScriptedServer(.sendAndHang(""))
        let client = client(server, patience: .milliseconds(300), limit: .seconds(4))
        let outcomes = await withTaskGroup(of: RazorpayFailure?.self) { group in
            for _ in 0..<25 {
                group.addTask { await outcome(client) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .busy } == 15)
        #expect(outcomes.count { $0 == .unavailable(mayHaveArrived: true) } == 10)
        #expect(server.requests.count == 10)
    }

    @Test("a place is given back after an answer, a failure, and when a caller is cancelled, also one that waits")
    func givenBack() async throws {
        let hanging = try ScriptedServer(.sendAndHang(""))
        let client = client(hanging, patience: .seconds(60))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<30 { group.addTask { _ = await outcome(client) } }
            while hanging.requests.count < 10 { await Task.yield() }
            group.cancelAll()
        }
        // All ten places are free again: ten more calls arrive at once, and no more.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<11 { group.addTask { _ = await outcome(client) } }
            while hanging.requests.count < 20 { await Task.yield() }
            group.cancelAll()
        }
        #expect(hanging.requests.count == 20)
    }

    @Test("whoever waits longest is next, and a hundred calls all get their turn")
    func everybody() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account, patience: .seconds(60))
            let order = try await client.createOrder(amount: Money(minorUnits: 100), receipt: "r")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { _ = try await client.order(order.id) } }
                try await group.waitForAll()
            }
            #expect(gateway.callCount == 101)
        }
    }

    @Test("after the vendor hung, calls work as soon as it answers again")
    func recovery() async throws {
        try await withStandIn { gateway, account in
            let client = RazorpayClient(account: account, limit: .seconds(3))
            let order = try await client.createOrder(amount: Money(minorUnits: 100), receipt: "r")
            gateway.behaviour = StandInBehaviour(calls: .hang)
            await withTaskGroup(of: RazorpayFailure?.self) { group in
                for _ in 0..<10 { group.addTask { await outcome(client) } }
                for await failure in group { #expect(failure == .unavailable(mayHaveArrived: true)) }
            }
            gateway.behaviour = StandInBehaviour()
            #expect(try await client.order(order.id) == order)
        }
    }
}
