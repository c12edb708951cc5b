import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import Scheduling

@Suite("Appointments under administration")
struct AdministrationTests {
    private static let base = "/api/appointments/admin"

    @Test("viewing an appointment is audited", arguments: DatabaseKind.available)
    func finds(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            let id = try await clinic.bookedID()
            let seen = try await clinic.app.get("\(Self.base)/\(id)", as: admin)
            #expect(seen.status == 200)
            #expect(seen["appointmentId"].int == id)
            #expect(seen["patientName"].string == "Asha Verma")
            #expect(seen["doctorName"].string == "Asha Verma")
            #expect(seen["appointmentDate"].string == "2026-03-11")
            #expect(seen["appointmentTime"].string == "10:00")
            #expect(seen["status"].string == "BOOKED")
            #expect(seen["reason"].string == "Check-up")
            #expect(seen["timeZone"].string == "Asia/Kolkata")
            let reads: [Int64] = try await clinic.app.database.read { db in
                try db.values(
                    "SELECT actor_id FROM audit_log WHERE entity = 'appointments' AND action = 'READ_PHI'")
            }
            #expect(reads == [admin.id])
            #expect(try await clinic.app.get("\(Self.base)/99999999", as: admin).status == 404)
        }
    }

    @Test(
        "a deleted appointment is in no list, its time is free, and the row is kept", arguments: DatabaseKind.available)
    func deletes(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            let id = try await clinic.bookedID()
            #expect(try await clinic.app.delete("\(Self.base)/\(id)", as: admin)["message"].string != nil)
            #expect(try await clinic.app.delete("\(Self.base)/\(id)", as: admin).status == 404)
            #expect(try await clinic.app.get("\(Self.base)/\(id)", as: admin).status == 404)
            for (path, user) in [("patient/my-appointments", clinic.patient), ("doctor/my-patients", clinic.doctor)] {
                #expect(try await clinic.app.get("/api/appointments/\(path)", as: user).json.list.isEmpty)
            }
            #expect(try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient).status == 404)
            #expect(try await clinic.move(id, "confirm").status == 404)
            #expect(try await clinic.slots().contains("10:00"))
            #expect(try await clinic.rows() == 1)
            #expect(try await clinic.audited(id).contains("DELETED"))
            #expect(try await clinic.messages("appointment.status") == ["appointment/\(id)"])
        }
    }

    @Test("the deletion of what is over is told, too", arguments: DatabaseKind.available)
    func tellsDeletions(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let heard = Mutex<[String]>([])
            clinic.app.database.services.events.observe(AppointmentDeleted.self) { event in
                heard.withLock { $0.append("\(event.appointment) by \(event.by.map { "\($0)" } ?? "nobody")") }
            }
            let admin = try await clinic.app.admin()
            let id = try await clinic.bookedID()
            #expect(
                try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient).status == 200)
            #expect(try await clinic.app.delete("\(Self.base)/\(id)", as: admin).status == 200)
            #expect(heard.withLock { $0 } == ["\(id) by \(admin.id)"])
            #expect(try await clinic.messages("appointment.status") == ["appointment/\(id)"])
        }
    }

    @Test("an administrator books for somebody at the desk", arguments: DatabaseKind.available)
    func books(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let admin = try await clinic.app.admin()
            let body = Desk(patientId: clinic.patient.id, doctorId: clinic.doctor.id)
            let answer = try await clinic.app.post(
                "\(Self.base)/book", as: admin, json: body, headers: ["Idempotency-Key": "walk-in"])
            #expect(answer.status == 200)
            #expect(answer["patientId"].int == Int(clinic.patient.id))
            #expect(answer["status"].string == "BOOKED")
            #expect(answer["heldUntil"].isNull)
            let again = try await clinic.app.post(
                "\(Self.base)/book", as: admin, json: body, headers: ["Idempotency-Key": "walk-in"])
            #expect(again.bytes == answer.bytes)
            let id = try #require(answer["appointmentId"].int)
            #expect(try await clinic.audited(id).contains("BOOKED_AT_DESK"))
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].appointmentId"].int == id)
            let taken = try await clinic.app.post("\(Self.base)/book", as: admin, json: body)
            #expect(taken.problemCode == "SLOT_UNAVAILABLE")
        }
    }

    @Test("the same rules hold at the desk, and the patient must exist", arguments: DatabaseKind.available)
    func deskRules(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            func book(_ desk: Desk) async throws -> TestResponse {
                try await clinic.app.post("\(Self.base)/book", as: admin, json: desk)
            }
            var desk = Desk(patientId: clinic.patient.id, doctorId: clinic.doctor.id)
            desk.appointmentDateTime = "2026-03-11T10:01:00"
            #expect(try await book(desk).problemCode == "OFF_GRID")
            desk = Desk(patientId: 999_999_999, doctorId: clinic.doctor.id)
            #expect(try await book(desk).problemCode == "PATIENT_NOT_FOUND")
            desk = Desk(patientId: clinic.patient.id, doctorId: 999_999_999)
            #expect(try await book(desk).problemCode == "DOCTOR_NOT_FOUND")
            let missing = try await clinic.app.send(
                .post, "\(Self.base)/book", as: admin,
                body: #"{"doctorId":1,"appointmentDateTime":"2026-03-11T10:00:00"}"#)
            #expect(missing.fieldErrors == ["patientId"])
        }
    }

    @Test("nobody but administrators", arguments: DatabaseKind.available)
    func access(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            for user in [clinic.patient, clinic.doctor] {
                #expect(try await clinic.app.get("\(Self.base)/\(id)", as: user).status == 403)
                #expect(try await clinic.app.delete("\(Self.base)/\(id)", as: user).status == 403)
                let desk = Desk(patientId: clinic.patient.id, doctorId: clinic.doctor.id)
                #expect(try await clinic.app.post("\(Self.base)/book", as: user, json: desk).status == 403)
            }
            #expect(try await clinic.app.get("\(Self.base)/\(id)").status == 401)
            #expect(try await clinic.app.delete("\(Self.base)/\(id)").status == 401)
        }
    }

    private struct Desk: Encodable, Sendable {
        let patientId: Int64
        let doctorId: Int64
        var appointmentDateTime = "2026-03-11T10:00:00"
        var reason = "Walk-in"
    }
}

@Suite("Nightly job")
struct NightlyJobTests {
    @Test("at midnight what nobody has confirmed becomes inactive, and nothing else", arguments: DatabaseKind.available)
    func expires(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            let booked = try await clinic.bookedID("2026-03-10T15:00:00")
            let confirmed = try await clinic.bookedID("2026-03-10T16:00:00")
            let tomorrow = try await clinic.bookedID("2026-03-11T15:00:00")
            _ = try await clinic.move(confirmed, "confirm")
            clinic.app.time.advance(by: .hours(16) - .seconds(1))
            try await clinic.app.runDueWork()
            #expect(try await clinic.active() == [booked, confirmed, tomorrow])
            clinic.app.time.advance(by: .seconds(1))
            try await clinic.app.runDueWork()
            #expect(try await clinic.active() == [confirmed, tomorrow])
            #expect(try await clinic.audited(booked).contains("EXPIRED"))
            let later = try await clinic.later(.hours(8))
            let mine = try await later.app.get("/api/appointments/patient/my-appointments", as: later.patient)
            #expect(mine["[0].status"].string == "BOOKED")
            #expect(mine["[0].isActive"].bool == false)
            #expect(mine["[0].updatedAt"].string == "2026-03-11 00:00:00")
            #expect(try await later.move(booked, "confirm").problemCode == "APPOINTMENT_INACTIVE")
        }
    }

    @Test("a missed run is made up at the start, once whatever the number of nodes", arguments: DatabaseKind.available)
    func missed(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID("2026-03-10T15:00:00")
            clinic.app.time.advance(by: .days(9))
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            #expect(try await clinic.active() == [])
            #expect(try await clinic.audited(id).filter { $0 == "EXPIRED" }.count == 1)
            #expect(try await clinic.messages("appointments.nightly").count == 2)
        }
    }

    @Test("a clock that was ahead once does not keep later nights from their work", arguments: DatabaseKind.available)
    func clockAhead(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            clinic.app.time.advance(by: .days(30))
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            clinic.app.time.advance(by: .days(-30))
            _ = try await clinic.bookedID("2026-03-10T15:00:00")
            clinic.app.time.advance(by: .hours(40))
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            #expect(try await clinic.active() == [])
        }
    }

    @Test("what the night ends is told like every other change", arguments: DatabaseKind.available)
    func events(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let heard = Mutex<[String]>([])
            clinic.app.database.services.events.observe(AppointmentExpired.self) { event in
                heard.withLock { $0.append("\(event.appointment) \(event.startsAt)") }
            }
            let id = try await clinic.bookedID("2026-03-10T15:00:00")
            clinic.app.time.advance(by: .hours(16))
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            #expect(heard.withLock { $0 } == ["\(id) 2026-03-10T09:30:00Z"])
        }
    }
}

extension Clinic {
    /// Ids of the active appointments. They say nothing of who came first: each connection has its own block of them.
    fileprivate func active() async throws -> Set<Int> {
        try await Set(app.database.read { db in try db.values("SELECT id FROM appointments WHERE is_active") })
    }
}

extension TimeSpan {
    fileprivate static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(microseconds: left.microseconds - right.microseconds)
    }
}
