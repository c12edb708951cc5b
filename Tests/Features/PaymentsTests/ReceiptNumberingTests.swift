import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Directory
import Persistence
import Synchronization
import Testing

@testable import Payments

/// Counts over tasks.
private final class Tally: Sendable {
    private let number: Atomic<Int>

    init(_ start: Int = 0) {
        number = Atomic(start)
    }

    var value: Int { number.load(ordering: .relaxed) }
    func add(_ amount: Int) { number.add(amount, ordering: .relaxed) }
}

@Suite("Numbers of receipts")
struct ReceiptNumberingTests {
    private static let payments = 600

    private static func numbers(_ app: TestApp) async throws -> [Int64] {
        try await app.database.read { db in
            try db.values(
                "SELECT receipt_number FROM payments WHERE receipt_number IS NOT NULL ORDER BY receipt_number")
        }
    }

    /// Inserts paid payments from several tasks while `number` runs in others, and once more when all are there.
    private static func race(
        _ app: TestApp, number: @escaping @Sendable () async throws -> Void
    ) async throws {
        let patient = try await app.registerPatient().patientID
        let vault = PatientVault(
            ring: app.system.configuration.keys.ring, random: app.database.services.random, logger: app.logs.logger)
        let left = Tally(4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    defer { left.add(-1) }
                    for index in 0..<payments / 4 {
                        var payment = PlantedPayment("TXN_\(writer)_\(index)")
                        payment.completedAt = app.time.now
                        _ = try await app.database.write { [payment] in try payment.insert(for: patient, vault, $0) }
                    }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    while left.value > 0 { try await number() }
                }
            }
            try await group.waitForAll()
        }
        try await number()
    }

    @Test("racing captures and numberings leave no gap and no double", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let batches = Tally()
            let numbering = ReceiptNumbering(database: app.database, isMailAvailable: false, logger: app.logs.logger)
            try await Self.race(app) {
                let count = try await app.database.write { try numbering.number($0) }
                if count > 0 { batches.add(1) }
                try await numbering.numberAll()
            }
            #expect(try await Self.numbers(app) == Array(1...Int64(Self.payments)))
            #expect(batches.value > 2, "the numberings met the captures")
        }
    }

    @Test(
        "without the locked counter, racing numberings break",
        .enabled(if: DatabaseKind.available.contains(.postgres)))
    func control() async throws {
        try await withApp(.postgres) { app in
            let broken = Tally()
            try await Self.race(app) {
                do {
                    try await app.database.write { db in
                        let last: Int64 = try db.value("SELECT max(receipt_number) FROM payments") ?? 0
                        _ = try db.values(ReceiptNumbering.giving(after: last)) as [Int64]
                    }
                } catch {
                    broken.add(1)
                }
            }
            let numbers = try await Self.numbers(app)
            let isWhole = numbers == Array(1...Int64(Self.payments))
            #expect(broken.value > 0 || !isWhole)
        }
    }

    @Test("a batch that is undone leaves no gap, and payments are numbered in the order of their payment")
    func undone() async throws {
        struct Crash: Error {}
        try await withApp { app in
            let patient = try await app.registerPatient().patientID
            for (index, minute) in [3, 1, 2].enumerated() {
                var payment = PlantedPayment("TXN_\(index)")
                payment.completedAt = app.time.now + .minutes(Int64(minute))
                try await payment.insert(for: patient, in: app)
            }
            let numbering = ReceiptNumbering(database: app.database, isMailAvailable: false, logger: app.logs.logger)
            await #expect(throws: Crash.self) {
                try await app.database.write { db in
                    _ = try numbering.number(db)
                    throw Crash()
                }
            }
            try await numbering.numberAll()
            let order: [String] = try await app.database.read { db in
                try db.values("SELECT transaction_id FROM payments ORDER BY receipt_number")
            }
            #expect(order == ["TXN_1", "TXN_2", "TXN_0"])
            #expect(try await Self.numbers(app) == [1, 2, 3])
        }
    }

    @Test("what waits for a number is found by its index", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            for statement in [ReceiptNumbering.waiting, ReceiptNumbering.giving(after: 0)] {
                let plan = try await QueryPlan.of(statement, in: app.database)
                #expect(plan.uses("payments_unnumbered"), "\(plan)")
                #expect(plan.fullScans(except: ["paid", "due"]).isEmpty, "\(plan)")
            }
            let counts = try await QueryPlan.of(PaymentCounts.statement, in: app.database)
            #expect(counts.uses("payments_created"), "\(counts)")
        }
    }
}
