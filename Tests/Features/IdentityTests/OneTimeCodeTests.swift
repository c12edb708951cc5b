import CareSyncCore
import CareSyncTesting
import Cryptography
import Persistence
import Testing

@testable import Identity

@Suite("One-time codes")
struct OneTimeCodeTests {
    private static let email = EmailAddress("asha@example.org")

    @Test("a code is right once per purpose and address, until it is used", arguments: DatabaseKind.available)
    func right(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            let code = try await app.issueCode(.resetPassword, email)
            #expect(code.count == 6 && code.allSatisfy(\.isNumber))
            #expect(try await app.guess(code, .verifyEmail, email) == .wrong)
            #expect(
                try await app.guess(code, .resetPassword, try #require(EmailAddress("other@example.org"))) == .wrong)
            guard case .right(let id, _) = try await app.guess(code, .resetPassword, email) else {
                Issue.record("The code was refused.")
                return
            }
            #expect(try await app.database.write { db in try app.feature.codes.use(id, db: db) })
            #expect(try await app.database.write { db in try !app.feature.codes.use(id, db: db) })
            #expect(try await app.guess(code, .resetPassword, email) == .wrong)
        }
    }

    @Test("only the newest code counts, and only for ten minutes", arguments: DatabaseKind.available)
    func newest(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            let first = try await app.issueCode(.verifyEmail, email)
            app.clock.advance(by: .seconds(60))
            let second = try await app.issueCode(.verifyEmail, email)
            if first != second { #expect(try await app.guess(first, .verifyEmail, email) == .wrong) }
            app.clock.advance(by: .seconds(599))
            guard case .right = try await app.guess(second, .verifyEmail, email) else {
                Issue.record("The newest code was refused.")
                return
            }
            app.clock.advance(by: .seconds(1))
            #expect(try await app.guess(second, .verifyEmail, email) == .wrong)
        }
    }

    @Test("five wrong attempts void a code, right ones do not count", arguments: DatabaseKind.available)
    func attempts(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            let code = try await app.issueCode(.resetPassword, email)
            let wrong = OneTimeCodeTests.other(than: code)
            for _ in 1...4 {
                #expect(try await app.guess(wrong, .resetPassword, email) == .wrong)
                #expect(try await app.guess(code, .resetPassword, email) != .wrong)
            }
            #expect(try await app.guess(wrong, .resetPassword, email) == .wrong)
            #expect(try await app.guess(code, .resetPassword, email) == .wrong)
        }
    }

    @Test("a minute lies between two codes, and an hour holds five", arguments: DatabaseKind.available)
    func quotas(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            for number in 1...5 {
                _ = try await app.issueCode(.verifyEmail, email)
                app.clock.advance(by: .seconds(59))
                let wait: TimeSpan = number < 5 ? .seconds(1) : .seconds(3301)
                #expect(try await app.ask(.verifyEmail, email) == .refused(retryAfter: wait))
                app.clock.advance(by: .seconds(1))
            }
            #expect(try await app.ask(.verifyEmail, email) == .refused(retryAfter: .minutes(55)))
            // Another purpose has a quota of its own.
            _ = try await app.issueCode(.resetPassword, email)
            app.clock.advance(by: .minutes(55))
            _ = try await app.issueCode(.verifyEmail, email)
            #expect(try await app.count("SELECT count(*) FROM one_time_codes") == 7)
        }
    }

    @Test("one client gets a hundred codes an hour, for all addresses together", arguments: DatabaseKind.available)
    func clients(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for number in 1...100 {
                _ = try await app.issueCode(.verifyEmail, try #require(EmailAddress("a\(number)@example.org")))
            }
            let next = try #require(EmailAddress("next@example.org"))
            #expect(try await app.ask(.verifyEmail, next) == .refused(retryAfter: .hours(1)))
            #expect(try await app.ask(.verifyEmail, next, from: "198.51.100.2") != .refused(retryAfter: .hours(1)))
        }
    }

    @Test("the addresses of one IPv6 network are one client", arguments: DatabaseKind.available)
    func networks(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for number in 1...100 {
                let email = try #require(EmailAddress("a\(number)@example.org"))
                guard case .issued = try await app.ask(.verifyEmail, email, from: "2001:db8:1:2::\(number)") else {
                    Issue.record("Code \(number) was refused.")
                    return
                }
            }
            let next = try #require(EmailAddress("next@example.org"))
            for address in ["2001:db8:1:2::ffff", "2001:db8:1:2:3:4:5:6"] {
                #expect(try await app.ask(.verifyEmail, next, from: address) == .refused(retryAfter: .hours(1)))
            }
            guard case .issued = try await app.ask(.verifyEmail, next, from: "2001:db8:1:3::1") else {
                Issue.record("Another network was refused.")
                return
            }
        }
    }

    @Test("neither the code nor what it could be tried out on is stored", arguments: DatabaseKind.available)
    func storage(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let code = try await app.issueCode(.resetPassword, try #require(Self.email))
            let texts: [String] = try await app.database.read { db in
                try db.values("SELECT kind || ' ' || key || ' ' || payload FROM outbox")
                    + db.values("SELECT purpose || ' ' || email || ' ' || email_key FROM one_time_codes")
            }
            #expect(texts.count == 2)
            for text in texts { #expect(!text.contains(code)) }
            let seed: [UInt8] = try await app.database.read { db in
                try db.value("SELECT seed FROM one_time_codes") ?? []
            }
            // Random bytes: without the root secret, every code is as likely as another.
            #expect(seed.count == 16)
            let others = OneTimeCodes(rootSecret: try .init(Array("another secret of thirty-two bytes".utf8)))
            let row = try #require(
                try await app.database.read { db -> OneTimeCode? in
                    try db.first("SELECT \(OneTimeCode.columns) FROM one_time_codes")
                })
            #expect(app.feature.codes.digits(of: row) == code)
            #expect(others.digits(of: row) != code)
        }
    }

    @Test("10,000 parallel attempts never get more than five compared", arguments: DatabaseKind.available)
    func parallel(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            let code = try await app.issueCode(.resetPassword, email)
            let attempts = Array(Set((0..<10_000).map { Self.digits($0) }).subtracting([code])).sorted()
            let verdicts = try await Self.all(attempts) { try await app.guess($0, .resetPassword, email) }
            #expect(verdicts.allSatisfy { $0 == .wrong })
            #expect(try await app.count("SELECT attempts FROM one_time_codes") == 5)
            // The right one comes too late.
            #expect(try await app.guess(code, .resetPassword, email) == .wrong)
        }
    }

    @Test("control: counting after looking lets more than five attempts through", arguments: DatabaseKind.available)
    func control(_ kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let email = try #require(Self.email)
            _ = try await app.issueCode(.resetPassword, email)
            let compared = try await Self.all(Array(0..<200)) { _ in
                let attempts = try await app.count("SELECT attempts FROM one_time_codes")
                guard attempts < 5 else { return false }
                _ = try await app.database.write { db in
                    try db.run("UPDATE one_time_codes SET attempts = \(attempts + 1)")
                }
                return true
            }
            #expect(compared.count { $0 } > 5)
        }
    }

    private static func digits(_ number: Int) -> String { String(String(1_000_000 + number * 97).dropFirst()) }

    static func other(than code: String) -> String { code == "000000" ? "000001" : "000000" }

    /// 64 at a time: more would only wait in the database's queue, which has a bound.
    private static func all<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) async throws -> Output
    ) async throws -> [Output] {
        try await withThrowingTaskGroup(of: Output.self) { group in
            var (waiting, outputs) = (inputs[...], [Output]())
            for input in waiting.prefix(64) { group.addTask { try await body(input) } }
            waiting = waiting.dropFirst(64)
            for try await output in group {
                outputs.append(output)
                if let input = waiting.popFirst() { group.addTask { try await body(input) } }
            }
            return outputs
        }
    }
}

extension IdentityApp {
    func ask(_ purpose: CodePurpose, _ email: EmailAddress, from client: String = "198.51.100.1") async throws
        -> CodeIssue
    {
        try await database.write { db in try feature.codes.issue(purpose, to: email, from: client, db: db) }
    }

    struct NotIssued: Error {}

    /// The digits of a new code.
    func issueCode(_ purpose: CodePurpose, _ email: EmailAddress) async throws -> String {
        guard case .issued(let id, _) = try await ask(purpose, email) else { throw NotIssued() }
        return try await digits(of: id)
    }

    func digits(of id: OneTimeCodeID) async throws -> String {
        let row = try await database.read { db in try OneTimeCodeRepository(db: db).find(id) }
        guard let row else { throw NotIssued() }
        return feature.codes.digits(of: row)
    }

    func guess(_ guess: String, _ purpose: CodePurpose, _ email: EmailAddress) async throws -> CodeVerdict {
        try await database.write { db in try feature.codes.check(guess, purpose, of: email, db: db) }
    }
}
