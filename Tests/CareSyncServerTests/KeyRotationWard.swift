import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import FeatureContract
import Foundation
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import CareSyncServer

/// A clinic with patients who have sealed values in every table, and the rotation as another process runs it.
struct RotationWard: Sendable {
    let app: TestApp
    let doctor: TestUser
    let patients: [TestUser]
    /// The review of each patient.
    let reviews: [Int]

    /// With a new key in front of the one that everything was wrapped by.
    static let newRing = "new:\(Base64.text([UInt8](repeating: 7, count: 32)))"

    static var oldRing: String {
        "test:\(Base64.text([UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16)))"
    }

    static func vault(_ ring: String, _ app: TestApp) throws -> PatientVault {
        PatientVault(ring: try KeyRing(parsing: ring), random: .system, logger: app.logs.logger)
    }

    func rotation(
        in database: (any Database)? = nil, report: @escaping @Sendable (String) -> Void = { _ in },
        wait: @escaping @Sendable () async throws -> Void = {}
    ) throws -> KeyRotation {
        KeyRotation(
            database: database ?? app.database, vault: try Self.vault("\(Self.newRing),\(Self.oldRing)", app),
            columns: Schema.sealedColumns,
            wait: { [app] span in
                app.time.advance(by: span)
                try await wait()
            }, report: report)
    }

    func comment(_ index: Int) async throws -> TestResponse {
        try await app.get("/api/feedback/\(reviews[index])", as: patients[index])
    }

    /// Everything that is sealed.
    func values() async throws -> [[UInt8]] {
        try await app.database.read { db in
            try Schema.sealedColumns.flatMap { column -> [[UInt8]] in
                try db.values(
                    "SELECT \(column.columnSQL) FROM \(column.tableSQL) WHERE \(column.columnSQL) IS NOT NULL")
            }
        }
    }

    /// The generations by which anything is sealed.
    func generations() async throws -> Set<UInt32> {
        Set(try await values().map { try #require(FieldCipher.generation(of: $0)) })
    }

    func keys() async throws -> [String] {
        try await app.database.read { db in
            try db.values(
                """
                SELECT CAST(generation AS text) || ' ' || ring_key || CASE WHEN wrapped IS NULL THEN ' gone' ELSE '' END
                FROM patient_keys ORDER BY patient_id, generation
                """)
        }
    }

    /// Opens everything with the ring of these keys alone, as a process does that has just begun.
    func expectAllOpens(_ ring: String, comment: String = "comment") async throws {
        let vault = try Self.vault(ring, app)
        try await app.database.read { [reviews] db in
            for column in Schema.sealedColumns {
                try db.query(
                    """
                    SELECT \(column.rowSQL), \(column.patientSQL), \(column.columnSQL) FROM \(column.tableSQL)
                    WHERE \(column.columnSQL) IS NOT NULL
                    """
                ) { row in
                    let id: Int64 = try row.value(at: 0)
                    let text = try vault.open(
                        row.value(at: 2), of: PatientID(try row.value(at: 1) as Int64),
                        at: FieldContext(table: column.table, column: column.column, row: id), db)
                    if column.table == "reviews", reviews.contains(Int(id)) {
                        #expect(text?.hasPrefix(comment) == true)
                    }
                }
            }
        }
    }
}

func withWard(
    _ kind: DatabaseKind, patients count: Int = 4, _ body: @escaping @Sendable (RotationWard) async throws -> Void
) async throws {
    try await withApp(kind) { app in
        let doctor = try await app.registerDoctor()
        let admin = try await app.admin()
        var (patients, reviews) = ([TestUser](), [Int]())
        for index in 0..<count {
            let patient = try await app.registerPatient([
                "contactInfo": "+91 98200 0000\(index)", "illnessDetails": "Asthma",
                "dateOfBirth": "1990-01-0\(index + 1)",
            ])
            let booked = try await app.send(
                .post, "/api/appointments/patient/book", as: patient,
                body:
                    #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-1\#(index + 1)T10:00:00","reason":"Pain"}"#
            )
            let visit = try #require(booked["appointmentId"].int, "\(booked.text)")
            _ = try await app.send(
                .post, "/api/break-glass", as: admin, body: #"{"patientId":\#(patient.id),"reason":"Collapsed"}"#)
            try await app.database.write { db in
                _ = try db.run("UPDATE appointments SET status = 'COMPLETED' WHERE id = \(visit)")
            }
            let review = try await app.send(
                .post, "/api/feedback", as: patient,
                body: #"{"appointmentId":\#(visit),"rating":4,"comment":"comment \#(index)"}"#)
            patients.append(patient)
            reviews.append(try #require(review["id"].int, "\(review.text)"))
        }
        // A rotation is for keys that are older than itself.
        app.time.advance(by: .seconds(1))
        try await body(RotationWard(app: app, doctor: doctor, patients: patients, reviews: reviews))
    }
}

extension RotationWard {
    /// A change of every review, which may meet the rotation's anywhere.
    func touch(_ round: Int) async throws {
        for index in patients.indices {
            let changed = try await app.send(
                .put, "/api/feedback/\(reviews[index])", as: patients[index], body: #"{"rating":\#(1 + round % 5)}"#)
            #expect(changed.status == 200, "\(changed.text)")
        }
    }
}

/// Fails in the place of a write, as a process does that is killed; what was written before stays.
struct StoppingDatabase: Database {
    struct Stop: Error {}

    private let base: any Database
    private let left: Countdown

    private final class Countdown: Sendable {
        private let left: Mutex<Int>

        init(_ count: Int) { left = Mutex(count) }

        func step() throws {
            try left.withLock {
                guard $0 > 0 else { throw Stop() }
                $0 -= 1
            }
        }
    }

    init(_ base: any Database, after writes: Int) {
        self.base = base
        left = Countdown(writes)
    }

    var dialect: Dialect { base.dialect }
    var services: DatabaseServices { base.services }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value {
        try left.step()
        return try await base.send(body)
    }

    func runOutsideTransaction(_ sql: SQL) async throws { try await base.runOutsideTransaction(sql) }

    func close() async {}
}
