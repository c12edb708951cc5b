import CareSyncCore
import CareSyncTesting
import Persistence
import Synchronization
import Testing

@testable import Scheduling

@Suite("Looks at a calendar")
struct CalendarLooksTests {
    @Test("who asks during a look shares the next, and sees what they see alone", arguments: DatabaseKind.available)
    func shared(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            // One patient has nothing, one holds a slot of the doctor, one is busy elsewhere.
            let elsewhere = try await clinic.app.registerDoctor()
            let (holder, busy) = (try await clinic.app.registerPatient(), try await clinic.app.registerPatient())
            _ = try await clinic.book("\(Clinic.day)T14:00:00", as: busy, doctor: elsewhere)
            try await clinic.wantPrepayment()
            _ = try await clinic.book("\(Clinic.day)T10:00:00", as: holder)
            let day = try #require(LocalDate(Clinic.day))
            let queries = [clinic.patient, holder, busy].map {
                CalendarRepository.Query(doctor: clinic.doctor.doctorID, patient: $0.patientID, from: day, to: day)
            }

            let gate = Gate()
            let looks = CalendarLooks(
                database: GatedDatabase(base: clinic.app.database, gate: gate), zone: clinic.app.zone)
            async let first = looks.look(queries[0])
            await gate.waitUntilReached()
            let others = queries.map { query in Task { try await looks.look(query) } }
            while looks.waiting.withLock({ $0.values.first?.count }) != others.count { await Task.yield() }
            gate.open()
            _ = try await first
            var together: [DoctorCalendar] = []
            for (query, other) in zip(queries, others) {
                together.append(try #require(try await other.value).calendar(query, .standard))
            }
            #expect(gate.fetches == 2)

            let alone = CalendarLooks(database: clinic.app.database, zone: clinic.app.zone)
            for (index, query) in queries.enumerated() {
                let seen = try #require(try await alone.look(query)).calendar(query, .standard)
                #expect(together[index] == seen)
            }
            #expect(together.map(\.ownHolds.count) == [0, 1, 0])
            #expect(together.map { $0.patientBusy == .none } == [true, true, false])
            #expect(looks.waiting.withLock { $0.isEmpty })
        }
    }

    @Test("a look that fails fails for those who share it, and the next one is made anew")
    func failure() async throws {
        try await withClinic(.sqlite) { clinic in
            let gate = Gate()
            let looks = CalendarLooks(
                database: GatedDatabase(base: clinic.app.database, gate: gate, failing: 2), zone: clinic.app.zone)
            let day = try #require(LocalDate(Clinic.day))
            let query = CalendarRepository.Query(doctor: clinic.doctor.doctorID, from: day, to: day)
            async let first = looks.look(query)
            await gate.waitUntilReached()
            let others = (0..<2).map { _ in Task { try await looks.look(query) } }
            while looks.waiting.withLock({ $0.values.first?.count }) != others.count { await Task.yield() }
            gate.open()
            #expect(try await first != nil)
            for other in others { await #expect(throws: Failed.self) { try await other.value } }
            #expect(try await looks.look(query) != nil)
        }
    }
}

private struct Failed: Error {}

/// Holds up the first read until it is opened, and counts them all.
private final class Gate: Sendable {
    private let count = Mutex(0)
    private let reached = AsyncStream.makeStream(of: Void.self)
    private let opened = AsyncStream.makeStream(of: Void.self)

    var fetches: Int { count.withLock { $0 } }

    func waitUntilReached() async { for await _ in reached.stream {} }
    func open() { opened.continuation.finish() }

    /// The number of the read, from 1.
    func pass() async -> Int {
        let number = count.withLock { count in
            count += 1
            return count
        }
        guard number == 1 else { return number }
        reached.continuation.finish()
        for await _ in opened.stream {}
        return number
    }
}

private struct GatedDatabase: Database {
    let base: any Database
    let gate: Gate
    /// Which read fails, from 1.
    var failing = 0

    var dialect: Dialect { base.dialect }
    var services: DatabaseServices { base.services }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await base.read(body)
    }

    func fetch<Value: Sendable>(
        _ plan: @escaping @Sendable (Batch) throws -> () throws -> Value
    ) async throws -> Value {
        if await gate.pass() == failing { throw Failed() }
        return try await base.fetch(plan)
    }

    func send<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> () throws -> Value
    ) async throws -> Value {
        try await base.send(body)
    }

    func close() async { await base.close() }
}
