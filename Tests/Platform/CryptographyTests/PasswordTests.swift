import CareSyncCore
import Testing

@testable import Cryptography

@Suite("Passwords")
struct PasswordTests {
    private func hasher(cost: Int = 4, threads: Int = 2, queueLimit: Int = 1024) throws -> PasswordHasher {
        try PasswordHasher(anyCost: cost, threads: threads, queueLimit: queueLimit, random: .system)
    }

    @Test(
        "a password verifies against its hash and no other does",
        arguments: ["secret", "", "пароль", "🩺🩺🩺", "a\0b", String(repeating: "x", count: 5_000)])
    func roundTrip(password: String) async throws {
        let hasher = try hasher()
        let stored = try await hasher.hash(password)
        #expect(stored.hasPrefix("v2:$2b$04$"))
        #expect(stored.utf8.count == 63)
        #expect(try await hasher.verify(password, against: stored) == .right(needsUpgrade: false))
        #expect(try await hasher.verify(password + "!", against: stored) == .wrong)
        #expect(try await hasher.hash(password) != stored)
    }

    @Test("every byte of a long password counts in a new hash")
    func longPasswords() async throws {
        let hasher = try hasher()
        let long = String(repeating: "a", count: 80)
        let stored = try await hasher.hash(long)
        #expect(try await hasher.verify(long + "b", against: stored) == .wrong)
        #expect(try await hasher.verify(String(long.dropLast()), against: stored) == .wrong)
        let nul = try await hasher.hash("a\0b")
        #expect(try await hasher.verify("a\0c", against: nul) == .wrong)
        #expect(try await hasher.verify("a", against: nul) == .wrong)
    }

    @Test("composed and decomposed spellings of a password are the same")
    func spelling() async throws {
        let hasher = try hasher()
        let stored = try await hasher.hash("caf\u{E9}")
        #expect(try await hasher.verify("cafe\u{301}", against: stored) == .right(needsUpgrade: false))
    }

    /// Openwall's published vectors; the fourth shows that 72 bytes count.
    static let vectors = [
        ("$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
        ("$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
        (
            "$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored"
        ),
        ("$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""),
    ]

    @Test("published bcrypt hashes verify in each version, and ask for an upgrade", arguments: vectors)
    func published(hash: String, password: String) async throws {
        let hasher = try hasher(cost: 5)
        for version in ["$2a", "$2b", "$2y"] {
            #expect(try await hasher.verify(password, against: version + hash) == .right(needsUpgrade: true))
            #expect(try await hasher.verify("x" + password, against: version + hash) == .wrong)
        }
    }

    @Test("bytes beyond ASCII are hashed as published")
    func publishedBytes() throws {
        let bcrypt = Bcrypt()
        let stored = "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
        #expect(try bcrypt.hash([0xFF, 0xFF, 0xA3], setting: stored) == utf8(stored))
    }

    @Test("an imported hash of an 80 byte password looks at 72 bytes, and one with a NUL never verifies")
    func importedLimits() async throws {
        let hasher = try hasher()
        let bcrypt = Bcrypt()
        let setting = try Bcrypt.setting(cost: 4, salt: [UInt8](0..<16))
        let long = String(repeating: "p", count: 80)
        let stored = String(decoding: try bcrypt.hash(utf8(long), setting: setting), as: UTF8.self)
        #expect(try await hasher.verify(long, against: stored) == .right(needsUpgrade: true))
        #expect(try await hasher.verify(String(long.prefix(72)), against: stored) == .right(needsUpgrade: true))
        #expect(try await hasher.verify(String(long.prefix(71)), against: stored) == .wrong)

        let short = String(decoding: try bcrypt.hash(utf8("a"), setting: setting), as: UTF8.self)
        #expect(try await hasher.verify("a", against: short) == .right(needsUpgrade: true))
        #expect(try await hasher.verify("a\0b", against: short) == .wrong)
        #expect(try await hasher.verify("a\0", against: short) == .wrong)
    }

    @Test("an imported hash and a new one of the same password are not taken for each other")
    func noConfusion() async throws {
        let hasher = try hasher()
        let stored = try await hasher.hash("secret")
        #expect(try await hasher.verify("secret", against: String(stored.dropFirst(3))) == .wrong)
        let raw = "$2b" + PasswordTests.vectors[0].0
        #expect(try await hasher.verify("U*U", against: "v2:" + raw) == .wrong)
    }

    @Test("a hash cheaper than configured asks for an upgrade, a more expensive one does not")
    func costs() async throws {
        let (cheap, dear) = (try hasher(cost: 4), try hasher(cost: 6))
        let stored = try await cheap.hash("secret")
        #expect(try await dear.verify("secret", against: stored) == .right(needsUpgrade: true))
        #expect(try await dear.verify("other", against: stored) == .wrong)
        let dearer = try await dear.hash("secret")
        #expect(try await cheap.verify("secret", against: dearer) == .right(needsUpgrade: false))
    }

    @Test(
        "an unknown account and an unusable stored hash answer wrong",
        arguments: [
            nil, "", "v2:", "plain", "$2a$10$short", "v2:$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC*E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2a$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNj",
        ] as [String?])
    func unusable(stored: String?) async throws {
        #expect(try await hasher().verify("U*U", against: stored) == .wrong)
    }

    @Test("the form of a new hash stays what it is, or stored hashes become useless")
    func pinnedForm() async throws {
        let hasher = try PasswordHasher(
            anyCost: 4, threads: 1, queueLimit: 1, random: .scripted([[UInt8](0..<16)]))
        #expect(try await hasher.hash("secret") == "v2:$2b$04$..CA.uOD/eaGAOmJB.yMBuGp50qRapHIhgTsEKJDiJIWvDKT3XzAS")
    }

    @Test("the configured cost is from 10 to 15", arguments: [4, 9, 16, 31])
    func costLimits(cost: Int) {
        #expect(complaint { _ = try PasswordHasher(cost: cost, random: .system) } == "must be from 10 to 15")
    }

    @Test("a storm of checks is answered by two threads, each with its own result")
    func storm() async throws {
        let hasher = try hasher()
        let stored = try await hasher.hash("secret")
        let right = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let password = index.isMultiple(of: 2) ? "secret" : "guess \(index)"
                    return try await hasher.verify(password, against: stored) == .right(needsUpgrade: false)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 100)
    }

    @Test("more checks than may wait are told to come back")
    func busy() async throws {
        let hasher = try hasher(cost: 10, threads: 1, queueLimit: 1)
        let refusals = await withTaskGroup(of: Problem?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do {
                        _ = try await hasher.hash("secret")
                        return nil
                    } catch {
                        return error as? Problem
                    }
                }
            }
            return await group.reduce(into: [Problem]()) { refusals, refusal in refusal.map { refusals.append($0) } }
        }
        #expect(!refusals.isEmpty)
        #expect(refusals.allSatisfy { $0.kind == .tooManyRequests && $0.code == "RATE_LIMITED" && $0.retryAfter == 1 })
    }

    @Test("a closed hasher refuses")
    func closed() async throws {
        let hasher = try hasher()
        hasher.close()
        let problem = await #expect(throws: Problem.self) { try await hasher.hash("secret") }
        #expect(problem?.code == "UNAVAILABLE")
        #expect(problem?.kind == .unavailable)
        #expect(problem?.retryAfter == 1)
    }
}
