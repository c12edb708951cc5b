import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence

/// For tests in which one patient books more than patients may.
let unlimited = ["CARESYNC_PATIENT_LIMITS": "off"]

/// A clinic with one verified doctor and one patient, at 08:00 on 2026-03-10.
struct Clinic {
    let app: TestApp
    let doctor: TestUser
    let patient: TestUser

    static let day = "2026-03-11"

    func book(
        _ time: String = "\(day)T10:00:00", as user: TestUser? = nil, doctor: TestUser? = nil, reason: String? = nil,
        key: String? = nil
    ) async throws -> TestResponse {
        let body = Booking(
            doctorId: (doctor ?? self.doctor).id, appointmentDateTime: time, reason: reason ?? "Check-up")
        return try await app.post(
            "/api/appointments/patient/book", as: user ?? patient, json: body,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    /// The free slots of a day as `HH:mm`.
    func slots(on day: String = day, as user: TestUser? = nil, of doctor: TestUser? = nil) async throws -> [String] {
        let path = "/api/appointments/available-slots?doctorId=\((doctor ?? self.doctor).id)&date=\(day)"
        return try await app.get(path, as: user ?? patient)["availableSlots"].list.compactMap(\.string)
    }

    func move(_ id: Int, _ step: String, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.put("/api/appointments/doctor/\(id)/\(step)", as: user ?? doctor, json: [String: String]())
    }

    func bookedID(_ time: String = "\(day)T10:00:00", as user: TestUser? = nil) async throws -> Int {
        try await book(time, as: user)["appointmentId"].int ?? 0
    }

    /// Moves the clock and signs both in again, because their tokens have expired by then.
    func later(_ span: TimeSpan) async throws -> Clinic {
        app.time.advance(by: span)
        return Clinic(
            app: app, doctor: try await app.signIn(doctor.username, doctor.password, role: .doctor),
            patient: try await app.signIn(patient.username, patient.password, role: .patient))
    }

    func reschedule(_ id: Int, to time: String, as user: TestUser? = nil) async throws -> TestResponse {
        let user = user ?? patient
        let side = user.role == .doctor ? "doctor" : "patient"
        return try await app.send(
            .put, "/api/appointments/\(side)/\(id)/reschedule?newDateTime=\(time)", as: user, body: "{}")
    }

    func emergency(_ reason: String? = nil, as user: TestUser? = nil) async throws -> TestResponse {
        let query = "doctorId=\(doctor.id)" + (reason.map { "&reason=\($0)" } ?? "")
        return try await app.send(
            .post, "/api/appointments/patient/book-emergency?\(query)", as: user ?? patient, body: "{}")
    }

    func addLeave(
        _ from: String, _ to: String, affected: String? = nil, as user: TestUser? = nil, reason: String? = nil
    ) async throws -> TestResponse {
        var body = ["startDate": from, "endDate": to]
        body["reason"] = reason
        return try await app.post(
            "/api/doctor-leaves" + (affected.map { "?affected=\($0)" } ?? ""), as: user ?? doctor, json: body)
    }

    /// At the desk, for somebody else.
    func bookAtDesk(
        _ time: String, as admin: TestUser, for patient: TestUser? = nil, with doctor: TestUser? = nil
    ) async throws -> TestResponse {
        let (patient, doctor) = (patient ?? self.patient, doctor ?? self.doctor)
        return try await app.send(
            .post, "/api/appointments/admin/book", as: admin,
            body: #"{"patientId":\#(patient.id),"doctorId":\#(doctor.id),"appointmentDateTime":"\#(time)"}"#)
    }

    /// `body` is the JSON text.
    func setHours(_ body: String, as user: TestUser? = nil, of doctor: TestUser? = nil) async throws -> TestResponse {
        try await app.send(
            .put, "/api/doctors/\((doctor ?? self.doctor).id)/working-hours", as: user ?? self.doctor, body: body)
    }

    /// The doctor asks a fee of 500 rupees.
    func charge(_ charging: TestUser? = nil) async throws {
        let id = (charging ?? doctor).doctorID
        try await app.database.write { db in
            _ = try db.run("UPDATE doctors SET consultation_fee = 50000 WHERE id = \(id)")
        }
    }

    /// The doctor asks a fee, and wants it before the visit.
    func wantPrepayment() async throws {
        try await charge()
        let id = doctor.doctorID
        try await app.database.write { db in
            _ = try db.run("UPDATE doctors SET payment_policy = 'PREPAY' WHERE id = \(id)")
        }
    }

    /// Books so many half hours from 11 March on straight into the database, for patients in turn: their ids by start.
    func plant(_ count: Int, patients: Int) async throws -> [Int] {
        var ids: [Int64] = []
        for _ in 0..<patients { ids.append(try await app.registerPatient().id) }
        let start = try app.zone.testInstant(Self.day, "09:00")
        return try await app.database.write { [doctor, ids] db in
            try (0..<count).map { index in
                let id = try db.nextID(IDAllocator("appointment_ids"))
                let at = start + .days(Int64(index / 16)) + .minutes(Int64(index % 16) * 30)
                try db.run(
                    """
                    INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id,
                                              created_at, updated_at, status_changed_by)
                    VALUES (\(id), \(doctor.id), \(ids[index % ids.count]), \(at), \(at + .minutes(30)), 'BOOKED',
                            \("room-\(id)"), \(start), \(start), 'SYSTEM')
                    """)
                return Int(id)
            }
        }
    }

    /// What the messages of a kind in the outbox are about, done or not.
    func messages(_ kind: String) async throws -> [String] {
        let keys: [String] = try await app.database.read { db in
            try db.values("SELECT key FROM outbox WHERE kind = \(kind) ORDER BY id")
        }
        return keys.map { String($0.prefix { $0 != " " }) }
    }

    /// `reason` of the audit lines about one appointment.
    func audited(_ id: Int) async throws -> [String?] {
        let name = String(id)
        return try await app.database.read { db in
            try db.values(
                "SELECT reason FROM audit_log WHERE entity = 'appointments' AND entity_id = \(name) ORDER BY sequence")
        }
    }

    struct Booking: Encodable, Sendable {
        let doctorId: Int64
        let appointmentDateTime: String
        let reason: String
    }
}

func withClinic(
    _ kind: DatabaseKind, at clock: String = "08:00", environment: [String: String] = [:],
    _ body: @escaping @Sendable (Clinic) async throws -> Void
) async throws {
    try await withApp(kind, at: clock, environment: environment) { app in
        let doctor = try await app.registerDoctor()
        let patient = try await app.registerPatient()
        try await body(Clinic(app: app, doctor: doctor, patient: patient))
    }
}
