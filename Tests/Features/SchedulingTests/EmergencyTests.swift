import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import Scheduling

@Suite("Emergencies")
struct EmergencyTests {
    @Test("an emergency begins this minute, at any hour, and says whom to call", arguments: DatabaseKind.available)
    func booked(kind: DatabaseKind) async throws {
        try await withClinic(kind, at: "03:07") { clinic in
            clinic.app.time.advance(by: .seconds(41))
            let answer = try await clinic.emergency("Chest%20pain")
            #expect(answer.status == 200)
            #expect(answer["startsAt"].string == "2026-03-10T03:07:00+05:30")
            #expect(answer["endsAt"].string == "2026-03-10T03:37:00+05:30")
            #expect(answer["reason"].string == "EMERGENCY: Chest pain")
            #expect(answer["status"].string == "BOOKED")
            #expect(answer["advice"].string?.contains("112") == true)
            let upcoming = try await clinic.app.get(
                "/api/appointments/doctor/my-patients/upcoming", as: clinic.doctor)
            #expect(upcoming["[0].reason"].string == "EMERGENCY: Chest pain")
        }
    }

    @Test("without a reason one is put in, and a payment is not waited for", arguments: DatabaseKind.available)
    func defaults(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let answer = try await clinic.emergency()
            #expect(answer["reason"].string == "EMERGENCY: Emergency appointment")
            #expect(answer["heldUntil"].isNull)
        }
    }

    @Test(
        "one at a time per doctor, and none when the doctor is off; the advice is there too",
        arguments: DatabaseKind.available)
    func refused(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.emergency().status == 200)
            let other = try await clinic.app.registerPatient()
            let busy = try await clinic.emergency(as: other)
            #expect(busy.status == 409)
            #expect(busy.problemCode == "SLOT_UNAVAILABLE")
            #expect(busy["advice"].string?.contains("112") == true)
            #expect(busy["alternatives"].list.first?.string == "2026-03-10T09:00:00")
            #expect(try await clinic.addLeave("2026-03-10", "2026-03-10", affected: "cancel").status == 200)
            let away = try await clinic.emergency(as: other)
            #expect(away.problemCode == "DOCTOR_ON_LEAVE")
            #expect(away["advice"].string?.contains("112") == true)
            let unknown = try await clinic.app.send(
                .post, "/api/appointments/patient/book-emergency?doctorId=999999999", as: other)
            #expect(unknown.status == 404)
            #expect(unknown["advice"].string != nil)
        }
    }

    @Test("an emergency ignores buffers and holidays")
    func buffersAndHolidays() async throws {
        for kind in DatabaseKind.available {
            try await withClinic(kind, at: "08:35") { clinic in
                let days = #""days":[{"weekday":2,"windows":[{"start":"09:00","end":"12:00"}]}]"#
                _ = try await clinic.setHours("{\(days),\"slotMinutes\":15,\"bufferBeforeMinutes\":30}")
                let other = try await clinic.app.registerPatient()
                #expect(try await clinic.book("2026-03-10T09:00:00", as: other).status == 200)
                _ = try await clinic.app.send(
                    .put, "/api/clinic/holidays", as: try await clinic.app.admin(),
                    body: #"{"holidays":[{"date":"2026-03-10","name":"Holi"}]}"#)
                let answer = try await clinic.emergency()
                #expect(answer["endsAt"].string == "2026-03-10T08:50:00+05:30")
            }
        }
    }

    @Test("the number can be another one")
    func number() async throws {
        try await withApp(environment: ["CARESYNC_EMERGENCY_NUMBER": "108"]) { app in
            let clinic = Clinic(
                app: app, doctor: try await app.registerDoctor(), patient: try await app.registerPatient())
            #expect(try await clinic.emergency()["advice"].string?.contains("108") == true)
        }
    }

    @Test("a repeated request under one key is one emergency", arguments: DatabaseKind.available)
    func idempotent(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let path = "/api/appointments/patient/book-emergency?doctorId=\(clinic.doctor.id)"
            let first = try await clinic.app.send(
                .post, path, as: clinic.patient, headers: ["Idempotency-Key": "e1"], body: "{}")
            let second = try await clinic.app.send(
                .post, path, as: clinic.patient, headers: ["Idempotency-Key": "e1"], body: "{}")
            #expect(first.status == 200)
            #expect(first.bytes == second.bytes)
            let other = try await clinic.app.registerPatient()
            let refusals = [
                try await clinic.app.send(.post, path, as: other, headers: ["Idempotency-Key": "e2"], body: "{}"),
                try await clinic.app.send(.post, path, as: other, headers: ["Idempotency-Key": "e2"], body: "{}"),
            ]
            #expect(refusals[0].bytes == refusals[1].bytes)
            for refusal in refusals { #expect(refusal["advice"].string?.contains("112") == true) }
        }
    }

    @Test("unopened after ten minutes it reaches an administrator, once", arguments: DatabaseKind.available)
    func escalates(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let heard = Mutex<[AppointmentID]>([])
            clinic.app.database.services.events.observe(EmergencyUnanswered.self) { event in
                heard.withLock { $0.append(event.appointment) }
            }
            let id = try #require(try await clinic.emergency()["appointmentId"].int)
            clinic.app.time.advance(by: .minutes(9))
            try await clinic.app.runDueWork()
            #expect(heard.withLock { $0.isEmpty })
            clinic.app.time.advance(by: .minutes(1))
            try await clinic.app.runDueWork()
            try await clinic.app.runDueWork()
            #expect(heard.withLock { $0 } == [AppointmentID(Int64(id))])
            #expect(try await clinic.messages("emergency.unanswered") == ["appointment/\(id)"])
            #expect(try await clinic.audited(id).contains("EMERGENCY_UNANSWERED"))
        }
    }

    @Test(
        "midnight neither closes an emergency that has just begun nor keeps it from an administrator",
        arguments: DatabaseKind.available)
    func overMidnight(kind: DatabaseKind) async throws {
        try await withClinic(kind, at: "23:55") { clinic in
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            let opened = try #require(try await clinic.emergency()["appointmentId"].int)
            let other = Clinic(
                app: clinic.app, doctor: try await clinic.app.registerDoctor(),
                patient: try await clinic.app.registerPatient())
            let unopened = try #require(try await other.emergency()["appointmentId"].int)
            clinic.app.time.advance(by: .minutes(6))
            try await clinic.app.runDueWork()
            #expect(try await clinic.move(opened, "status?status=IN_PROGRESS").status == 200)
            clinic.app.time.advance(by: .minutes(4))
            try await clinic.app.runDueWork()
            #expect(try await clinic.messages("emergency.unanswered") == ["appointment/\(unopened)"])
            // The next night takes what this one has left.
            clinic.app.time.advance(by: .days(1))
            try await clinic.app.runDueWork()
            #expect(try await clinic.audited(unopened).contains("EXPIRED"))
            #expect(try await !clinic.audited(opened).contains("EXPIRED"))
        }
    }

    @Test(
        "an emergency that the night found unopened, because nobody ran the timers, still reaches an administrator",
        arguments: DatabaseKind.available)
    func missedTimers(kind: DatabaseKind) async throws {
        try await withClinic(kind, at: "23:20") { clinic in
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            try await clinic.app.runDueWork()
            let id = try #require(try await clinic.emergency()["appointmentId"].int)
            let admin = try await clinic.app.admin()
            // The night's run has its turn before the timer has.
            try await clinic.app.database.write { db in
                _ = try db.run("UPDATE appointments SET is_active = FALSE WHERE id = \(id)")
            }
            clinic.app.time.advance(by: .hours(1))
            let told = try await clinic.app.sentMails(to: "\(admin.username)@example.org")
            #expect(told.map(\.subject) == ["Emergency not opened by the doctor"])
        }
    }

    @Test("one that has been moved to another day waits for nobody", arguments: DatabaseKind.available)
    func moved(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try #require(try await clinic.emergency()["appointmentId"].int)
            // It has begun, so that its patient moves it no more.
            let moved = try await clinic.reschedule(id, to: "2026-03-11T10:00:00", as: clinic.doctor)
            #expect(moved.status == 200)
            clinic.app.time.advance(by: .minutes(10))
            try await clinic.app.runDueWork()
            #expect(try await clinic.messages("emergency.unanswered") == [])
        }
    }

    @Test("one that the doctor has opened in time stays with the doctor", arguments: DatabaseKind.available)
    func opened(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try #require(try await clinic.emergency()["appointmentId"].int)
            #expect(try await clinic.move(id, "status?status=IN_PROGRESS").status == 200)
            clinic.app.time.advance(by: .minutes(10))
            try await clinic.app.runDueWork()
            #expect(try await clinic.messages("emergency.unanswered") == [])
        }
    }

    @Test("patients only, and bad parameters are refused by name")
    func access() async throws {
        try await withClinic(.sqlite) { clinic in
            let path = "/api/appointments/patient/book-emergency"
            let anonymous = try await clinic.app.send(.post, path + "?doctorId=1")
            #expect(anonymous.status == 401)
            let doctor = try await clinic.app.send(.post, path + "?doctorId=1", as: clinic.doctor)
            #expect(doctor.status == 403)
            let missing = try await clinic.app.send(.post, path, as: clinic.patient)
            #expect(missing.fieldErrors == ["doctorId"])
            let long = try await clinic.emergency(String(repeating: "x", count: 501))
            #expect(long.fieldErrors == ["reason"])
            // Whatever is wrong, the answer tells whom to call.
            for refused in [anonymous, doctor, missing, long] {
                #expect(refused["advice"].string?.contains("112") == true)
                // The published client shows nothing but the text.
                #expect(refused["error"].string?.hasSuffix(refused["advice"].string ?? "?") == true)
                #expect(refused["message"] == refused["error"])
            }
        }
    }
}
