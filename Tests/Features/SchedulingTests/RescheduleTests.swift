import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Rescheduling")
struct RescheduleTests {
    @Test("the new time is taken and the old one is free again", arguments: DatabaseKind.available)
    func moves(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let moved = try await clinic.reschedule(id, to: "2026-03-12T15:30:00")
            #expect(moved.status == 200)
            #expect(moved["message"].string != nil)
            #expect(moved["appointment.appointmentId"].int == id)
            #expect(moved["appointment.startsAt"].string == "2026-03-12T15:30:00+05:30")
            #expect(moved["appointment.endsAt"].string == "2026-03-12T16:00:00+05:30")
            #expect(moved["appointment.status"].string == "BOOKED")
            #expect(moved["appointment.reason"].string == "Check-up")
            #expect(try await clinic.slots().contains("10:00"))
            #expect(try await !clinic.slots(on: "2026-03-12").contains("15:30"))
            #expect(try await clinic.book(as: try await clinic.app.registerPatient()).status == 200)
            #expect(try await clinic.messages("appointment.rescheduled") == ["appointment/\(id)"])
            #expect(try await clinic.audited(id).contains("RESCHEDULED"))
        }
    }

    @Test("a taken time is refused with others, and the old one is kept", arguments: DatabaseKind.available)
    func taken(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let other = try await clinic.app.registerPatient()
            #expect(try await clinic.book("2026-03-11T11:00:00", as: other).status == 200)
            let refused = try await clinic.reschedule(id, to: "2026-03-11T11:00:00")
            #expect(refused.status == 409)
            #expect(refused.problemCode == "SLOT_UNAVAILABLE")
            // Its own present time is one that the appointment could have.
            #expect(
                refused["alternatives"].list.compactMap(\.string)
                    == ["2026-03-11T10:30:00", "2026-03-11T11:30:00", "2026-03-11T10:00:00"])
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].appointmentTime"].string == "10:00")
            #expect(mine["[0].updatedAt"].string == "2026-03-10 08:00:00")
        }
    }

    @Test("a patient who is elsewhere at that time is refused", arguments: DatabaseKind.available)
    func patientBusy(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            let id = try await clinic.bookedID()
            #expect(try await clinic.book("2026-03-11T11:00:00", doctor: colleague).status == 200)
            #expect(try await clinic.reschedule(id, to: "2026-03-11T11:00:00").problemCode == "SLOT_UNAVAILABLE")
            #expect(try await clinic.reschedule(id, to: "2026-03-11T11:30:00").status == 200)
        }
    }

    @Test("the same rules as for booking", arguments: DatabaseKind.available)
    func rules(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            #expect(try await clinic.addLeave("2026-03-13", "2026-03-13").status == 200)
            for (time, code) in [
                ("2026-03-10T07:30:00", "PAST_TIME"), ("2026-03-12T10:10:00", "OFF_GRID"),
                ("2026-03-12T13:30:00", "OUTSIDE_WORKING_HOURS"), ("2027-03-12T10:00:00", "TOO_FAR_AHEAD"),
            ] {
                let refused = try await clinic.reschedule(id, to: time)
                #expect(refused.status == 400)
                #expect(refused.problemCode == code)
                #expect(refused.fieldErrors == ["newDateTime"])
            }
            #expect(try await clinic.reschedule(id, to: "2026-03-13T10:00:00").problemCode == "DOCTOR_ON_LEAVE")
            #expect(try await clinic.reschedule(id, to: "tomorrow").fieldErrors == ["newDateTime"])
            let missing = try await clinic.app.send(
                .put, "/api/appointments/patient/\(id)/reschedule", as: clinic.patient, body: "{}")
            #expect(missing.fieldErrors == ["newDateTime"])
            #expect(try await clinic.reschedule(id, to: "2026-03-11T10:30:00").status == 200)
        }
    }

    @Test("a patient moves what is booked, a doctor what has not begun", arguments: DatabaseKind.available)
    func states(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            _ = try await clinic.move(id, "confirm")
            #expect(try await clinic.reschedule(id, to: "2026-03-11T11:00:00").problemCode == "ILLEGAL_TRANSITION")
            let room = try await clinic.app.get("/api/appointments/doctor/my-patients", as: clinic.doctor)
            let moved = try await clinic.reschedule(id, to: "2026-03-11T11:00:00", as: clinic.doctor)
            #expect(moved.status == 200)
            #expect(moved["status"].string == "CONFIRMED")
            #expect(moved["appointmentTime"].string == "11:00")
            #expect(moved["patientName"].string == "Asha Verma")
            #expect(moved["videoRoomId"].string != nil)
            #expect(moved["videoRoomId"] != room["[0].videoRoomId"])
            _ = try await clinic.move(id, "status?status=IN_PROGRESS")
            let running = try await clinic.reschedule(id, to: "2026-03-11T12:00:00", as: clinic.doctor)
            #expect(running.problemCode == "ILLEGAL_TRANSITION")
            let cancelled = try await clinic.bookedID("2026-03-12T10:00:00")
            _ = try await clinic.app.delete("/api/appointments/patient/\(cancelled)", as: clinic.patient)
            #expect(
                try await clinic.reschedule(cancelled, to: "2026-03-12T11:00:00").problemCode == "APPOINTMENT_INACTIVE")
        }
    }

    @Test("somebody else's appointment is unknown", arguments: DatabaseKind.available)
    func foreign(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let stranger = try await clinic.app.registerPatient()
            let colleague = try await clinic.app.registerDoctor()
            for user in [stranger, colleague] {
                let foreign = try await clinic.reschedule(id, to: "2026-03-11T11:00:00", as: user)
                let unknown = try await clinic.reschedule(99_999_999, to: "2026-03-11T11:00:00", as: user)
                #expect(foreign.status == 404)
                #expect(foreign["message"] == unknown["message"])
            }
            for path in ["patient", "doctor"] {
                let url = "/api/appointments/\(path)/\(id)/reschedule?newDateTime=2026-03-11T11:00:00"
                #expect(try await clinic.app.send(.put, url).status == 401)
                let wrong = path == "doctor" ? clinic.patient : clinic.doctor
                #expect(try await clinic.app.send(.put, url, as: wrong).status == 403)
            }
            let unverified = try await clinic.app.registerDoctor(verified: false)
            let refused = try await clinic.reschedule(id, to: "2026-03-11T11:00:00", as: unverified)
            #expect(refused.problemCode == "DOCTOR_NOT_VERIFIED")
        }
    }

    @Test(
        "an update changes time and reason, keeps the doctor, and may change the reason alone",
        arguments: DatabaseKind.available)
    func update(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            let id = try await clinic.bookedID()
            func put(_ doctor: Int64, _ time: String, _ reason: String?, as user: TestUser? = nil) async throws
                -> TestResponse
            {
                let reason = reason.map { ",\"reason\":\"\($0)\"" } ?? ""
                return try await clinic.app.send(
                    .put, "/api/appointments/patient/\(id)", as: user ?? clinic.patient,
                    body: "{\"doctorId\":\(doctor),\"appointmentDateTime\":\"\(time)\"\(reason)}")
            }
            let moved = try await put(colleague.id, "2026-03-11T12:00:00", "Fever")
            #expect(moved.status == 200)
            #expect(moved["appointmentTime"].string == "12:00")
            #expect(moved["doctorId"].int == Int(clinic.doctor.id))
            #expect(moved["reason"].string == "Fever")
            let sameTime = try await put(clinic.doctor.id, "2026-03-11T12:00:00", "Cough")
            #expect(sameTime["reason"].string == "Cough")
            #expect(try await put(clinic.doctor.id, "2026-03-11T12:30:00", nil)["reason"].string == "Cough")
            #expect(try await put(999_999_999, "2026-03-11T10:00:00", nil).problemCode == "DOCTOR_NOT_FOUND")
            let offGrid = try await put(clinic.doctor.id, "2026-03-11T10:01:00", nil)
            #expect(offGrid.fieldErrors == ["appointmentDateTime"])
            let stranger = try await clinic.app.registerPatient()
            #expect(try await put(clinic.doctor.id, "2026-03-11T10:00:00", nil, as: stranger).status == 404)
            #expect(try await put(clinic.doctor.id, "2026-03-11T10:00:00", nil, as: clinic.doctor).status == 403)
            let long = String(repeating: "x", count: 501)
            #expect(try await put(clinic.doctor.id, "2026-03-11T10:00:00", long).fieldErrors == ["reason"])
        }
    }
}
