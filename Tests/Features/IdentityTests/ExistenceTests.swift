import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Identity

/// Whether an account exists can be told neither from an answer nor from the work behind it.
@Suite("Account existence")
struct ExistenceTests {
    private static let code = "123456"

    /// The routes that take an address, each with what it is sent beside.
    private static let routes: [(path: String, more: [String: String])] = [
        ("email-verification/start", [:]), ("email-verification/verify", ["otp": code]), ("forgot-password", [:]),
        ("forgot-password-otp", [:]), ("verify-otp", ["otp": code]),
        (
            "reset-password-otp",
            ["otp": code, "newPassword": "Quiet-Lantern-77", "confirmPassword": "Quiet-Lantern-77"]
        ),
    ]

    @Test(
        "the same statements and the same answer, whether or not there is an account", arguments: DatabaseKind.available
    )
    func sameWork(_ kind: DatabaseKind) async throws {
        let count = StatementCount()
        try await Self.withCounting(kind, count) { app in
            _ = try await app.register("asha")
            // Every route before and after a code was asked for, and each of them twice: new, then cooling down or guessed.
            for round in 0..<2 {
                for (path, more) in Self.routes {
                    var seen: [(answer: String, statements: [String])] = []
                    for email in ["asha@example.org", "none@example.org"] {
                        count.reset()
                        let reply = try await app.post(path, more.merging(["email": email]) { _, given in given })
                        seen.append((Self.answer(reply), count.texts))
                    }
                    #expect(seen[0].answer == seen[1].answer, "\(path) \(round)")
                    #expect(seen[0].statements == seen[1].statements, "\(path) \(round)")
                    #expect(!seen[0].statements.isEmpty)
                    #expect(!seen[0].statements.contains { $0.contains("users") }, "\(path) looks for accounts")
                }
            }
        }
    }

    @Test("control: a route that does look for accounts is noticed", arguments: DatabaseKind.available)
    func control(_ kind: DatabaseKind) async throws {
        let count = StatementCount()
        try await Self.withCounting(kind, count) { app in
            _ = try await app.register("asha")
            var statements: [[String]] = []
            for username in ["asha", "none"] {
                count.reset()
                _ = try await app.post("register", IdentityApp.form(username))
                statements.append(count.texts)
            }
            #expect(statements[0] != statements[1])
            #expect(statements[0].contains { $0.contains("users") })
        }
    }

    /// Without what differs from request to request.
    private static func answer(_ reply: Reply) -> String {
        let failure = reply.failure.map { "\($0.code) \($0.message) \($0.fieldErrors)" }
        return "\(reply.status) \(failure ?? reply.text)"
    }

    private static func withCounting(
        _ kind: DatabaseKind, _ count: StatementCount, _ body: @Sendable (IdentityApp) async throws -> Void
    ) async throws {
        let clock = ManualTime()
        try await withTestDatabase(
            kind, migrations: (TestSchema.platform + IdentitySchema.migrations),
            services: .testing(time: clock)
        ) { test in
            try await IdentityApp.run(
                test, CountingDatabase(test.database, count: count), clock, IdentitySettings(), body)
        }
    }
}
