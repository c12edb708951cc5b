import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import Records

/// A verified doctor who treats a patient, at 08:00 on 2026-03-10; their appointment is at ten the next day.
struct Practice {
    let app: TestApp
    let doctor: TestUser
    let patient: TestUser
    let appointment: Int

    static let today = "2026-03-10"

    struct Entry: Encodable, Sendable {
        var patientId: Int64?
        var visitDate: String? = today
        var symptoms: String? = "Cough"
        var diagnosis: String? = "Bronchitis"
        var treatment: String?
        var medicine: String?
        var doses: String?
        var notes: String?
        var prescription: [Medicine]?
        var appointmentId: Int?
    }

    struct Medicine: Encodable, Sendable {
        var medicine: String = "Amoxicillin"
        var dose: String? = "500 mg"
        var frequency: String? = "Three times a day"
        var duration: String? = "7 days"
        var instructions: String? = "After meals"
    }

    var entry: Entry { Entry(patientId: patient.id) }

    func write(
        _ entry: Entry? = nil, as user: TestUser? = nil, key: String? = nil
    ) async throws -> TestResponse {
        try await app.post(
            "/api/medical-history", as: user ?? doctor, json: entry ?? self.entry,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    /// The number of a new entry, also when the one before says the same.
    func written(_ entry: Entry? = nil) async throws -> Int {
        let answer = try await write(entry, key: UUID().uuidString)
        return try #require(answer["id"].int, "\(answer.text)")
    }

    func find(_ id: Int, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.get("/api/medical-history/\(id)", as: user ?? doctor)
    }

    func update(
        _ id: Int, _ body: String, as user: TestUser? = nil, match: String? = nil
    ) async throws -> TestResponse {
        try await app.send(
            .put, "/api/medical-history/\(id)", as: user ?? doctor, headers: match.map { ["If-Match": $0] } ?? [:],
            body: body)
    }

    func list(_ path: String = "", as user: TestUser? = nil) async throws -> TestResponse {
        try await app.get("/api/medical-history/patient/\(patient.id)\(path)", as: user ?? doctor)
    }

    func record(_ body: String, as user: TestUser? = nil, key: String? = nil) async throws -> TestResponse {
        try await app.send(
            .post, "/api/vitals", as: user ?? patient, headers: key.map { ["Idempotency-Key": $0] } ?? [:], body: body)
    }

    func vitals(_ path: String = "", as user: TestUser? = nil) async throws -> TestResponse {
        try await app.get("/api/vitals/patient/\(patient.id)\(path)", as: user ?? patient)
    }

    func move(_ step: String) async throws {
        let moved = try await app.send(
            .put, "/api/appointments/doctor/\(appointment)/\(step)", as: doctor, body: "{}")
        try #require(moved.status == 200, "\(moved.text)")
    }

    /// Moves the clock and signs both in again, because their tokens have expired by then.
    func later(_ span: TimeSpan) async throws -> Practice {
        app.time.advance(by: span)
        return Practice(
            app: app, doctor: try await app.signIn(doctor.username, doctor.password, role: .doctor),
            patient: try await app.signIn(patient.username, patient.password, role: .patient), appointment: appointment)
    }

    /// Action, row and reason of the audit lines about a table, in no order.
    func audited(_ entity: String) async throws -> [String] {
        try await app.database.read { db in
            var lines: [String] = []
            try db.query(
                "SELECT action, entity_id, reason FROM audit_log WHERE entity = \(entity)"
            ) { row in
                let (action, id): (String, String) = (try row.value("action"), try row.value("entity_id"))
                let reason: String? = try row.value("reason")
                lines.append([action, id, reason ?? ""].filter { !$0.isEmpty }.joined(separator: " "))
            }
            return lines
        }
    }

    /// A doctor who opens the patient's data in an emergency, or an administrator.
    func breakGlass(_ user: TestUser) async throws {
        let opened = try await app.send(
            .post, "/api/break-glass", as: user,
            body: #"{"patientId":\#(patient.id),"reason":"Unconscious after a fall"}"#)
        try #require(opened.status == 200, "\(opened.text)")
    }

    func erasePatient() async throws {
        let vault = vault
        try await app.database.write { [id = patient.patientID] db in try vault.forget(id, db) }
    }

    /// With a cache of its own.
    var vault: PatientVault {
        PatientVault(
            ring: app.system.configuration.keys.ring, random: app.random.source, logger: app.logs.logger)
    }

    /// What the services need, on another database.
    func context(_ database: any Database) throws -> RecordsContext {
        RecordsContext(
            database: database, zone: app.zone, vault: vault, access: RecordAccess(care: app.system.care),
            codes: PrescriptionCodes(app.system.configuration.keys.root),
            settings: RecordsSettings(linkBase: "http://localhost"))
    }
}

func withPractice(
    _ kind: DatabaseKind, environment: [String: String] = [:],
    _ body: @escaping @Sendable (Practice) async throws -> Void
) async throws {
    try await withApp(kind, environment: environment) { app in
        let doctor = try await app.registerDoctor(["firstName": "Meera", "lastName": "Iyer", "contactInfo": "+91 11"])
        let patient = try await app.registerPatient()
        let booked = try await app.send(
            .post, "/api/appointments/patient/book", as: patient,
            body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
        let appointment = try #require(booked["appointmentId"].int, "\(booked.text)")
        try await body(Practice(app: app, doctor: doctor, patient: patient, appointment: appointment))
    }
}
