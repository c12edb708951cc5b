import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@testable import Identity

/// Guesses that all try to be first, and how many were let through to be checked.
@Suite("Parallel attempts")
struct LockoutRaceTests {
    private static let callers = 40

    /// Runs `check` for all callers at once; it calls its argument when it verifies.
    private func verifications(
        _ check: @escaping @Sendable (_ verify: @escaping @Sendable () async -> Void) async throws -> Void
    ) async throws -> Int {
        let count = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.callers {
                group.addTask {
                    try? await check {  // Most are refused, which is what is counted.
                        _ = count.next()
                        for _ in 0..<20 { await Task.yield() }
                    }
                }
            }
        }
        return count.value
    }

    @Test("no more than five of many wrong passwords are checked", arguments: DatabaseKind.available)
    func wrong(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            try await app.withAnotherProcess { other in
                let nodes = [app, other]
                let turn = Counter()
                let count = try await verifications { verify in
                    let node = nodes[turn.next() % 2]
                    try await node.feature.signInGuard.attempt(at: "asha", of: nil, from: .somewhere) { guess in
                        await verify()
                        try await node.database.write { db in try guess.fail(db) }
                        throw SignInError.invalidCredentials
                    }
                }
                #expect(count == 5)
            }
        }
    }

    @Test("counting after the check lets more through, so the test above can fail", arguments: DatabaseKind.available)
    func control(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let subject = SignInAttemptSubject(account: "a", source: "b", network: "b")
            let limits = SignInAttemptLimits()
            let looked = Gate(Self.callers)
            let count = try await verifications { verify in
                let now = app.clock.now
                let found = try await app.database.read { db in try SignInAttemptRepository(db: db).find(subject) }
                await looked.pass()
                var before = found ?? SignInAttemptRecord()
                guard case .granted = before.reserve(at: now, limits) else { return }
                await verify()
                try await app.database.write { db in
                    var record = try SignInAttemptRepository(db: db).take(subject, at: now)
                    guard case .granted(let guess) = record.reserve(at: now, limits) else { return }
                    _ = record.settle(guess, as: .wrong, at: now, limits)
                    try SignInAttemptRepository(db: db).save(record, of: subject, at: now, limits)
                }
            }
            #expect(count > 5)
        }
    }

    @Test("the same over HTTP: five answers 401, all others 429", arguments: DatabaseKind.available)
    func signIn(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for name in ["asha", "nobody"] {
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<Self.callers { group.addTask { try await app.logIn(name, "wrong").status } }
                    return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [401: 5, 429: Self.callers - 5])
            }
            let checked = try await app.auditTrail().filter { $0 == "LOGIN_FAILED DENIED INVALID_CREDENTIALS" }
            #expect(checked.count == 10)
        }
    }

    @Test(
        "many right passwords at once all sign in, also when one guess is left and on two nodes",
        arguments: DatabaseKind.available)
    func right(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            _ = try await app.register("asha")
            for _ in 0..<4 { _ = try await app.logIn("asha", "wrong") }
            try await app.withAnotherProcess { other in
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for index in 0..<24 {
                        let node = index % 2 == 0 ? app : other
                        group.addTask { try await node.logIn("asha").status }
                    }
                    return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
                }
                #expect(statuses == [200])
            }
            #expect(try await app.remembered() == 0)
        }
    }

    @Test("a check that breaks off gives its guess back", arguments: DatabaseKind.available)
    func brokenOff(kind: DatabaseKind) async throws {
        struct Broken: Error {}
        try await withIdentity(kind) { app in
            for _ in 0..<7 {
                await #expect(throws: Broken.self) {
                    try await app.feature.signInGuard.attempt(at: "asha", of: nil, from: .somewhere) { _ in
                        throw Broken()
                    }
                }
            }
            let rows = try await app.remembered()
            #expect(rows == 0)
        }
    }

    @Test("a guess whose process died is missing for three minutes only", arguments: DatabaseKind.available)
    func died(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let record = try await app.feature.signInGuard.attempt(at: "asha", of: nil, from: .somewhere) { guess in
                // The row during the check is what a process that dies now would leave.
                try await app.database.read { db in try SignInAttemptRepository(db: db).find(guess.subject) }
            }
            let left = try #require(record)
            #expect(left.reservations == [app.clock.now + .minutes(3)])
            var later = left
            #expect(later.reserve(at: app.clock.now + .minutes(3), SignInAttemptLimits()) != .exhausted)
            #expect(later.reservations.count == 1)
        }
    }
}

extension SignInOrigin {
    static let somewhere = SignInOrigin(
        request: RequestOrigin(principal: nil, requestID: "r", address: "198.51.100.7"))
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Lets nobody pass before all have come.
private final class Gate: Sendable {
    private let state: Mutex<(missing: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(_ count: Int) {
        state = Mutex((count, []))
    }

    func pass() async {
        await withCheckedContinuation { caller in
            let ready = state.withLock { state in
                state.missing -= 1
                state.waiting.append(caller)
                return state.missing == 0 ? state.waiting : []
            }
            for caller in ready { caller.resume() }
        }
    }
}
