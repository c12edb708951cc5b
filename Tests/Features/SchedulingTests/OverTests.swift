import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Scheduling
import Testing

/// What has taken place stays as it was.
@Suite("Appointments that are over")
struct OverTests {
    /// At 09:00 on the day itself, confirmed or not.
    private func booked(_ clinic: Clinic, isConfirmed: Bool) async throws -> Int {
        let id = try await clinic.bookedID("2026-03-10T09:00:00")
        if isConfirmed { #expect(try await clinic.move(id, "confirm").status == 200) }
        return id
    }

    private func edit(_ clinic: Clinic, _ id: Int) async throws -> TestResponse {
        try await clinic.app.send(
            .put, "/api/appointments/patient/\(id)", as: clinic.patient,
            body: #"{"doctorId":\#(clinic.doctor.id),"appointmentDateTime":"2026-03-12T09:00:00","reason":"Cough"}"#)
    }

    @Test(
        "a patient changes nothing from the start on", arguments: DatabaseKind.available, [60, 75, 24 * 60 * 10 + 60])
    func patient(kind: DatabaseKind, minutes: Int) async throws {
        try await withClinic(kind) { clinic in
            let confirmed = try await booked(clinic, isConfirmed: true)
            let other = try await clinic.app.registerDoctor()
            let early = #"{"days":[{"weekday":2,"windows":[{"start":"08:00","end":"12:00"}]}]}"#
            #expect(try await clinic.setHours(early, as: other, of: other).status == 200)
            let open = try #require(
                try await clinic.book("2026-03-10T08:30:00", doctor: other)["appointmentId"].int)
            let later = try await clinic.later(.minutes(Int64(minutes)))
            #expect(
                try await later.app.delete("/api/appointments/patient/\(confirmed)", as: later.patient).problemCode
                    == "APPOINTMENT_OVER")
            #expect(
                try await later.app.delete("/api/appointments/patient/\(open)", as: later.patient).problemCode
                    == "APPOINTMENT_OVER")
            #expect(try await later.reschedule(open, to: "2026-03-25T09:00:00").problemCode == "APPOINTMENT_OVER")
            let edited = try await edit(later, open)
            #expect(edited.problemCode == (minutes > 1440 ? "PAST_TIME" : "APPOINTMENT_OVER"))
            #expect(try await later.status(confirmed) == "CONFIRMED")
            #expect(try await later.status(open) == "BOOKED")
        }
    }

    @Test("a minute before the start a patient may still cancel", arguments: DatabaseKind.available)
    func justBefore(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await booked(clinic, isConfirmed: true)
            let later = try await clinic.later(.minutes(59))
            #expect(try await later.app.delete("/api/appointments/patient/\(id)", as: later.patient).status == 200)
        }
    }

    @Test("a doctor schedules, confirms and moves until the end, and not from it on", arguments: DatabaseKind.available)
    func doctor(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await booked(clinic, isConfirmed: false)
            // It began at 09:00 and ends at 09:30.
            let during = try await clinic.later(.minutes(89))
            #expect(try await during.move(id, "status?status=SCHEDULED").status == 200)
            let after = try await during.later(.minutes(1))
            for step in ["confirm", "reschedule?newDateTime=2026-03-12T09:00:00"] {
                let refused = try await after.move(id, step)
                #expect(refused.status == 409)
                #expect(refused.problemCode == "APPOINTMENT_OVER")
            }
            #expect(try await after.status(id) == "SCHEDULED")
        }
    }

    @Test(
        "a doctor who runs late may begin, complete, cancel and note a no-show", arguments: DatabaseKind.available,
        [["status?status=IN_PROGRESS", "complete"], ["complete"], ["cancel"], ["no-show"]])
    func late(kind: DatabaseKind, steps: [String]) async throws {
        try await withClinic(kind) { clinic in
            let id = try await booked(clinic, isConfirmed: true)
            let later = try await clinic.later(.hours(3))
            for step in steps { #expect(try await later.move(id, step).status == 200) }
        }
    }

    @Test(
        "the night takes what nobody confirmed; what was confirmed stays open for the doctor",
        arguments: DatabaseKind.available)
    func night(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let confirmed = try await booked(clinic, isConfirmed: true)
            let open = try await clinic.bookedID("2026-03-10T09:30:00")
            try await clinic.app.system.scheduling.scheduleNightlyJob()
            let later = try await clinic.later(.hours(20))
            try await later.app.system.scheduling.scheduleNightlyJob()
            try await later.app.runDueWork()
            #expect(try await later.move(open, "complete").status == 409)
            #expect(try await later.move(open, "cancel").problemCode == "APPOINTMENT_INACTIVE")
            #expect(try await later.move(confirmed, "complete").status == 200)
        }
    }

    @Test("a payment that comes after the start confirms nothing", arguments: DatabaseKind.available)
    func lateCapture(kind: DatabaseKind) async throws {
        try await withClinic(kind) { morning in
            try await morning.wantPrepayment()
            let clinic = try await morning.later(.minutes(55))
            let held = try await clinic.book("2026-03-10T09:00:00")
            // A hold lasts ten minutes, but not beyond the start.
            #expect(held["heldUntil"].string == "2026-03-10T03:30:00Z")
            let id = try #require(held["appointmentId"].int)
            clinic.app.time.advance(by: .minutes(5))
            #expect(try await !clinic.capture(id))
            try await clinic.app.runDueWork()
            #expect(try await clinic.status(id) == "CANCELLED")
            let early = try await clinic.bookedID("2026-03-10T09:30:00")
            clinic.app.time.advance(by: .seconds(29 * 60 + 59))
            #expect(try await clinic.capture(early))
        }
    }
}
