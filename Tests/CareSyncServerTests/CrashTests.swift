import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import Foundation
import HTTPTypes
import Persistence
import Synchronization
import Testing

/// The server is killed without warning while it takes bookings; afterwards the table must hold every booking it had
/// answered, and a repetition under the same key must not book twice.
@Suite("Crashes")
struct CrashTests {
    private static let rounds = 20

    @Test("every booking that was answered is there after kill -9", arguments: DatabaseKind.available)
    func acknowledgedSurvive(kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, migrations: try Schema.ledger()) { test in
            let server = try LiveServer(environment: ["DATABASE_URL": test.address])
            #expect(try await server.command(["seed", "--demo"]).status == 0)
            try await server.start()
            let load = BookingLoad(server: server, patients: try await LoadPatient.signIn(6, server, test.database))
            var acknowledged: Set<Int> = []
            for round in 0..<Self.rounds {
                acknowledged.formUnion(try await load.run(round: round, killAfter: 5 + round * 3 % 17))
                try await server.start()
                let present = try await test.database.read { db in
                    Set(try db.values("SELECT id FROM appointments") as [Int])
                }
                #expect(acknowledged.isSubset(of: present))
            }
            #expect(acknowledged.count >= Self.rounds * 5)
            await server.stop()
        }
    }

    @Test(
        "a booking whose answer was lost is repeated under its key without a second one",
        arguments: DatabaseKind.available)
    func repeatedAfterCrash(kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, migrations: try Schema.ledger()) { test in
            let server = try LiveServer(environment: ["DATABASE_URL": test.address])
            #expect(try await server.command(["seed", "--demo"]).status == 0)
            try await server.start()
            let patients = try await LoadPatient.signIn(1, server, test.database)
            let patient = try #require(patients.first)
            let before = try await Self.count(test)
            for round in 0..<5 {
                let request = patient.booking(round: 100 + round, turn: 0, key: "lost-\(round)")
                let connection = try server.connect()
                try connection.send(request)
                // The answer is never read: the server dies somewhere between the first byte and the last.
                await server.kill()
                try await server.start()
                let answer = RawConnection.parse(try await server.exchange(request))
                #expect(answer.status == 200)
                #expect(try await Self.count(test) == before + round + 1)
            }
            await server.stop()
        }
    }

    private static func count(_ test: TestDatabase) async throws -> Int {
        try await test.database.read { db in try db.value("SELECT count(*) FROM appointments") ?? 0 }
    }
}

/// A demo patient who books with a doctor of their own, so that nobody is in anybody's way.
struct LoadPatient: Sendable {
    let token: String
    let doctor: Int64

    static func signIn(_ count: Int, _ server: LiveServer, _ database: any Database) async throws -> [LoadPatient] {
        let doctors: [Int64] = try await database.read { db in
            try db.values("SELECT id FROM doctors WHERE is_verified ORDER BY id LIMIT \(count)")
        }
        return zip(try await tokens(count, server, database), doctors).map { LoadPatient(token: $0, doctor: $1) }
    }

    /// Access tokens of demo patients.
    static func tokens(_ count: Int, _ server: LiveServer, _ database: any Database) async throws -> [String] {
        let names: [String] = try await database.read { db in
            try db.values("SELECT username FROM users WHERE role = 'PATIENT' ORDER BY id LIMIT \(count)")
        }
        var tokens: [String] = []
        for name in names {
            let body = #"{"username":"\#(name)","password":"\#(DemoData.patientPassword)"}"#
            let answer = try await server.exchange(Self.post("/api/auth/login", body))
            let login = TestResponse(status: 0, headers: [:], bytes: Array(RawConnection.parse(answer).body.utf8))
            tokens.append(login["accessToken"].string ?? "")
        }
        return tokens
    }

    /// The request for a slot that no other round and turn asks for: 16 a day from a month ahead on.
    func booking(round: Int, turn: Int, key: String) -> String {
        let day = LoadDay.date(daysAhead: 30 + round)
        let slot = turn % 16
        let hour = slot < 8 ? 9 + slot / 2 : 14 + (slot - 8) / 2
        let time = LocalDateTime(day, LocalTime(hour: hour, minute: slot % 2 * 30))
        let body = #"{"doctorId":\#(doctor),"appointmentDateTime":"\#(time)","reason":"Check-up"}"#
        return Self.post(
            "/api/appointments/patient/book", body,
            headers: ["Authorization: Bearer \(token)", "Idempotency-Key: \(key)"])
    }

    private static func post(_ path: String, _ body: String, headers: [String] = []) -> String {
        let lines = [
            "POST \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: application/json",
            "Content-Length: \(body.utf8.count)",
        ]
        return (lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

/// Patients who book without pause until the server is gone.
struct BookingLoad: Sendable {
    let server: LiveServer
    let patients: [LoadPatient]

    /// The appointments the server answered before it was killed, which happens after so many answers.
    func run(round: Int, killAfter: Int) async throws -> Set<Int> {
        let answered = Answered()
        await withTaskGroup(of: Void.self) { group in
            for (index, patient) in patients.enumerated() {
                group.addTask {
                    for turn in 0..<16 {
                        let request = patient.booking(round: round, turn: turn, key: "\(round)-\(index)-\(turn)")
                        guard let text = try? await server.exchange(request) else { return }  // The server is gone.
                        let answer = RawConnection.parse(text)
                        let json = TestResponse(status: 0, headers: [:], bytes: Array(answer.body.utf8))
                        guard answer.status == 200, let id = json["appointmentId"].int else { return }
                        if answered.add(id) == killAfter { await server.kill() }
                    }
                }
            }
        }
        await server.kill()
        return answered.ids
    }

    /// Gathers ids from many tasks.
    private final class Answered: Sendable {
        private let all = Mutex<Set<Int>>([])

        var ids: Set<Int> { all.withLock { $0 } }

        /// How many there are with this one.
        func add(_ id: Int) -> Int {
            all.withLock {
                $0.insert(id)
                return $0.count
            }
        }
    }
}

/// Days by the machine's clock, which the server under test goes by too.
enum LoadDay {
    static func date(daysAhead: Int) -> LocalDate {
        LocalDate(daysSinceEpoch: Int(TimeSource.system.now.seconds / 86_400) + daysAhead)
    }

    static func text(daysAhead: Int) -> String { date(daysAhead: daysAhead).description }
}
