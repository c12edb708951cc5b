import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Scheduling

@Suite("Appointments")
struct AppointmentTests {
    @Test("the doctor confirms, starts and completes; the patient sees it", arguments: DatabaseKind.available)
    func course(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let confirmed = try await clinic.move(id, "confirm")
            #expect(confirmed.status == 200)
            #expect(confirmed["status"].string == "CONFIRMED")
            #expect(confirmed["patientName"].string == "Asha Verma")
            #expect(confirmed["videoRoomId"].string != nil)
            #expect(confirmed["statusChangedBy"].string == clinic.doctor.username)
            #expect(confirmed["medicalHistory"] == .array([]))
            #expect(try await clinic.move(id, "status?status=in_progress")["status"].string == "IN_PROGRESS")
            #expect(try await clinic.move(id, "complete")["status"].string == "COMPLETED")
            #expect(try await clinic.move(id, "complete").status == 200)
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].status"].string == "COMPLETED")
            #expect(mine["[0].isActive"].bool == true)
            #expect(mine["[0].videoRoomId"].isNull)
            #expect(mine["[0].reason"].string == "Check-up")
        }
    }

    @Test("a list that is too long keeps what is around now", arguments: DatabaseKind.available)
    func longLists(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let now = clinic.app.time.now
            let (doctor, patient) = (clinic.doctor.doctorID, clinic.patient.patientID)
            // Every hour, 450 in the past and 300 in the future.
            try await clinic.app.database.write { db in
                for hour in Int64(-450)..<300 {
                    let id = AppointmentID(try db.nextID(AppointmentSchema.appointmentIDs))
                    let start = now + .hours(hour)
                    try db.run(
                        """
                        INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id,
                                                  created_at, updated_at, status_changed_by)
                        VALUES (\(id), \(doctor), \(patient), \(start), \(start + .minutes(30)), 'COMPLETED',
                                \(db.scope.services.random.uuid()), \(now), \(now), 'SYSTEM')
                        """)
                }
            }
            for (path, user) in [
                ("patient/my-appointments", clinic.patient), ("patient/my-appointments/completed", clinic.patient),
                ("doctor/my-patients", clinic.doctor), ("doctor/my-patients/status/completed", clinic.doctor),
            ] {
                let answer = try await clinic.app.get("/api/appointments/\(path)", as: user)
                let starts = answer.json.list.compactMap { $0["startsAt"].string }
                #expect(answer.header("X-Truncated") == "true")
                #expect(starts.count == 500)
                #expect(starts == starts.sorted())
                #expect(starts.first == clinic.app.zone.text(now - .hours(250)))
                #expect(starts.last == clinic.app.zone.text(now + .hours(249)))
                let page = try await clinic.app.get("/api/appointments/\(path)?page=7&size=100", as: user)
                #expect(page.json.list.count == 50)
                #expect(page.header("X-Total-Count") == "750")
            }
        }
    }

    @Test("every move the table does not have is 409", arguments: DatabaseKind.available)
    func illegalMoves(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            #expect(try await clinic.move(id, "complete").problemCode == "ILLEGAL_TRANSITION")
            #expect(try await clinic.move(id, "status?status=CANCELLED_BY_PATIENT").status == 409)
            #expect(try await clinic.move(id, "status?status=CONFIRMED").status == 200)
            #expect(try await clinic.move(id, "status?status=BOOKED").status == 409)
            #expect(try await clinic.move(id, "status?status=SCHEDULED").status == 409)
            let unknown = try await clinic.move(id, "status?status=DONE")
            #expect(unknown.status == 400)
            #expect(unknown.fieldErrors == ["status"])
            #expect(try await clinic.move(id, "status?status=CANCELLED")["status"].string == "CANCELLED_BY_DOCTOR")
            #expect(try await clinic.move(id, "confirm").status == 409)
        }
    }

    @Test("a cancelled slot is free again and the appointment inactive", arguments: DatabaseKind.available)
    func cancels(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let answer = try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient)
            #expect(answer.status == 200)
            #expect(answer["message"].string != nil)
            #expect(try await clinic.slots().contains("10:00"))
            let cancelled = try await clinic.app.get(
                "/api/appointments/patient/my-appointments/cancelled", as: clinic.patient)
            #expect(cancelled["[0].status"].string == "CANCELLED_BY_PATIENT")
            #expect(cancelled["[0].isActive"].bool == false)
            let other = try await clinic.app.registerPatient()
            #expect(try await clinic.book(as: other).status == 200)
        }
    }

    @Test("somebody else's appointment is as unknown as one that does not exist", arguments: DatabaseKind.available)
    func foreign(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let stranger = try await clinic.app.registerPatient()
            let foreign = try await clinic.app.delete("/api/appointments/patient/\(id)", as: stranger)
            let unknown = try await clinic.app.delete("/api/appointments/patient/99999999", as: stranger)
            #expect(foreign.status == 404)
            #expect(foreign["message"] == unknown["message"])
            #expect(foreign.problemCode == unknown.problemCode)
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.move(id, "confirm", as: colleague).status == 404)
            #expect(try await clinic.move(id, "confirm", as: clinic.patient).status == 403)
            #expect(try await clinic.book(as: clinic.doctor).status == 403)
        }
    }

    @Test("lists show what their names say", arguments: DatabaseKind.available)
    func lists(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let past = try await clinic.bookedID("2026-03-10T09:00:00")
            let today = try await clinic.bookedID("2026-03-10T15:00:00")
            let tomorrow = try await clinic.bookedID()
            let cancelled = try await clinic.bookedID("2026-03-12T10:00:00")
            _ = try await clinic.move(cancelled, "cancel")
            _ = try await clinic.move(past, "confirm")
            _ = try await clinic.move(past, "complete")
            clinic.app.time.advance(by: .hours(4))
            let patient = try await clinic.app.signIn(clinic.patient.username, clinic.patient.password, role: .patient)
            let doctor = try await clinic.app.signIn(clinic.doctor.username, clinic.doctor.password, role: .doctor)
            func ids(_ path: String, _ user: TestUser) async throws -> [Int] {
                try await clinic.app.get("/api/appointments/\(path)", as: user).json.list.compactMap {
                    $0["appointmentId"].int
                }
            }
            #expect(
                try await ids("patient/my-appointments", patient) == [past, today, tomorrow, cancelled])
            #expect(try await ids("patient/my-appointments/upcoming", patient) == [today, tomorrow])
            #expect(try await ids("patient/my-appointments/completed", patient) == [past])
            #expect(try await ids("patient/my-appointments/cancelled", patient) == [cancelled])
            #expect(try await ids("patient/my-appointments/status/booked", patient) == [today, tomorrow])
            #expect(try await ids("doctor/my-patients", doctor) == [past, today, tomorrow, cancelled])
            #expect(try await ids("doctor/my-patients/today", doctor) == [past, today])
            #expect(try await ids("doctor/my-patients/upcoming", doctor) == [today, tomorrow])
            #expect(try await ids("doctor/my-patients/completed", doctor) == [past])
            #expect(try await ids("doctor/my-patients/cancelled", doctor) == [cancelled])
            #expect(
                try await ids("doctor/my-patients/status/CANCELLED_BY_DOCTOR", doctor) == [cancelled])
            let page = try await clinic.app.get(
                "/api/appointments/patient/my-appointments?page=1&size=3", as: patient)
            #expect(page.json.list.count == 1)
            #expect(page.header("X-Total-Count") == "4")
            let patients = try await clinic.app.get("/api/appointments/doctor/unique-patients", as: doctor)
            #expect(patients.json.list.count == 1)
            #expect(patients["[0].id"].int == Int(patient.id))
            #expect(patients["[0].address"].string == "")
        }
    }

    @Test("a doctor who no longer treats a patient sees the name and nothing else", arguments: DatabaseKind.available)
    func cancelledHidesDetails(kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor()
            let patient = try await app.registerPatient(["illnessDetails": "Asthma", "contactInfo": "+91 9000000001"])
            let clinic = Clinic(app: app, doctor: doctor, patient: patient)
            let id = try await clinic.bookedID()
            let seen = try await app.get("/api/appointments/doctor/my-patients", as: doctor)
            #expect(seen["[0].patientIllnessDetails"].string == "Asthma")
            #expect(seen["[0].reason"].string == "Check-up")
            _ = try await app.delete("/api/appointments/patient/\(id)", as: patient)
            let later = try await app.get("/api/appointments/doctor/my-patients", as: doctor)
            #expect(later["[0].patientName"].string == "Asha Verma")
            for field in ["patientIllnessDetails", "patientContactInfo", "patientEmail", "reason"] {
                #expect(later["[0].\(field)"].isNull)
            }
            #expect(try await app.get("/api/appointments/doctor/unique-patients", as: doctor).json.list.isEmpty)
        }
    }

    @Test("the patients a doctor treats are listed by their latest appointment", arguments: DatabaseKind.available)
    func treatedOrder(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let other = try await clinic.app.registerPatient()
            func treated() async throws -> [Int?] {
                let answer = try await clinic.app.get("/api/appointments/doctor/unique-patients", as: clinic.doctor)
                return answer.json.list.map { $0["id"].int }
            }
            _ = try await clinic.bookedID("\(Clinic.day)T10:00:00")
            _ = try await clinic.bookedID("\(Clinic.day)T11:00:00", as: other)
            #expect(try await treated() == [Int(other.id), Int(clinic.patient.id)])
            _ = try await clinic.bookedID("\(Clinic.day)T12:00:00")
            #expect(try await treated() == [Int(clinic.patient.id), Int(other.id)])
        }
    }

    @Test("a no-show can be recorded only after the start, and is final", arguments: DatabaseKind.available)
    func noShow(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID("2026-03-10T09:00:00")
            let early = try await clinic.move(id, "no-show")
            #expect(early.status == 409)
            #expect(early.problemCode == "NOT_STARTED")
            let later = try await clinic.later(.minutes(75))
            let missed = try await later.move(id, "no-show")
            #expect(missed.status == 200)
            #expect(missed["status"].string == "NO_SHOW")
            #expect(try await later.move(id, "no-show").status == 200)
            #expect(try await later.move(id, "confirm").problemCode == "ILLEGAL_TRANSITION")
            let list = try await later.app.get(
                "/api/appointments/patient/my-appointments/status/no_show", as: later.patient)
            #expect(list.json.list.count == 1)
            #expect(try await later.move(99_999_999, "no-show").status == 404)
            #expect(try await later.move(id, "no-show", as: later.patient).status == 403)
        }
    }

    @Test("a reason for cancelling reaches the other side", arguments: DatabaseKind.available)
    func cancellationReasons(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let first = try await clinic.bookedID()
            let second = try await clinic.bookedID("2026-03-11T11:00:00")
            let long = String(repeating: "x", count: 501)
            let path = "/api/appointments/patient/\(first)?reason="
            #expect(try await clinic.app.delete(path + long, as: clinic.patient).fieldErrors == ["reason"])
            #expect(try await clinic.app.delete(path + "Feeling%20better", as: clinic.patient).status == 200)
            #expect(
                try await clinic.move(second, "cancel?reason=Called%20away")["cancellationReason"].string
                    == "Called away")
            let seen = try await clinic.app.get("/api/appointments/doctor/my-patients/cancelled", as: clinic.doctor)
            #expect(seen["[0].cancellationReason"].string == "Feeling better")
            let mine = try await clinic.app.get(
                "/api/appointments/patient/my-appointments/cancelled", as: clinic.patient)
            #expect(mine["[1].cancellationReason"].string == "Called away")
        }
    }

    @Test("an unverified doctor sees no patients", arguments: DatabaseKind.available)
    func unverified(kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let doctor = try await app.registerDoctor(verified: false)
            let answer = try await app.get("/api/appointments/doctor/my-patients", as: doctor)
            #expect(answer.status == 403)
            #expect(answer.problemCode == "DOCTOR_NOT_VERIFIED")
        }
    }
}
