import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Booking")
struct BookingTests {
    @Test("a booked slot is answered whole and is gone from the list", arguments: DatabaseKind.available)
    func books(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let answer = try await clinic.book(reason: "Palpitations")
            #expect(answer.status == 200)
            #expect(answer["doctorId"].int == Int(clinic.doctor.id))
            #expect(answer["doctorName"].string == "Asha Verma")
            #expect(answer["appointmentDate"].string == "2026-03-11")
            #expect(answer["appointmentTime"].string == "10:00")
            #expect(answer["startsAt"].string == "2026-03-11T10:00:00+05:30")
            #expect(answer["endsAt"].string == "2026-03-11T10:30:00+05:30")
            #expect(answer["timeZone"].string == "Asia/Kolkata")
            #expect(answer["status"].string == "BOOKED")
            #expect(answer["reason"].string == "Palpitations")
            #expect(answer["createdAt"].string == "2026-03-10 08:00:00")
            #expect(answer["statusChangedBy"].string == "SYSTEM")
            #expect(answer["isActive"].bool == true)
            #expect(answer["videoRoomId"].isNull)
            #expect(answer.json.keys.contains("heldUntil"))
            #expect(answer.json.keys.contains("cancellationReason"))
            let slots = try await clinic.slots()
            #expect(slots.count == 15)
            #expect(!slots.contains("10:00"))
        }
    }

    @Test("a taken slot answers 409 with the three nearest free ones", arguments: DatabaseKind.available)
    func alternatives(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.book().status == 200)
            let other = try await clinic.app.registerPatient()
            let refused = try await clinic.book(as: other)
            #expect(refused.status == 409)
            #expect(refused.problemCode == "SLOT_UNAVAILABLE")
            let offered = refused["alternatives"].list.compactMap(\.string)
            #expect(offered == ["2026-03-11T09:30:00", "2026-03-11T10:30:00", "2026-03-11T09:00:00"])
            for time in offered {
                #expect(try await clinic.book(time, as: try await clinic.app.registerPatient()).status == 200)
            }
        }
    }

    @Test(
        "where the day has too few other times, the days around it are offered as well",
        arguments: DatabaseKind.available)
    func alternativesAround(kind: DatabaseKind) async throws {
        try await withClinic(kind, environment: unlimited) { clinic in
            for slot in try await clinic.slots() where slot != "17:30" {
                #expect(try await clinic.book("2026-03-11T\(slot):00").status == 200)
            }
            let refused = try await clinic.book("2026-03-11T16:00:00", as: try await clinic.app.registerPatient())
            #expect(refused.problemCode == "SLOT_UNAVAILABLE")
            let offered = refused["alternatives"].list.compactMap(\.string)
            #expect(offered == ["2026-03-11T17:30:00", "2026-03-12T09:00:00", "2026-03-12T09:30:00"])
        }
    }

    @Test("a patient cannot be in two places at once", arguments: DatabaseKind.available)
    func patientOverlap(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.book().status == 200)
            let refused = try await clinic.book(doctor: colleague)
            #expect(refused.status == 409)
            #expect(refused.problemCode == "SLOT_UNAVAILABLE")
            #expect(!refused["alternatives"].list.compactMap(\.string).contains("2026-03-11T10:00:00"))
        }
    }

    @Test(
        "a time that cannot be booked is refused by name and rule",
        arguments: [
            ("2026-03-10T07:30:00", "PAST_TIME"), ("1999-01-01T10:00:00", "PAST_TIME"),
            ("2026-03-11T10:10:00", "OFF_GRID"), ("2026-03-11T10:00:01", "OFF_GRID"),
            ("2026-03-11T08:30:00", "OUTSIDE_WORKING_HOURS"), ("2026-03-11T13:00:00", "OUTSIDE_WORKING_HOURS"),
            ("2026-03-11T18:00:00", "OUTSIDE_WORKING_HOURS"), ("2027-03-11T10:00:00", "TOO_FAR_AHEAD"),
            ("9999-12-31T10:00:00", "TOO_FAR_AHEAD"), ("0001-01-01T10:00:00", "PAST_TIME"),
        ])
    func badTimes(time: String, code: String) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.book(time)
            #expect(answer.status == 400)
            #expect(answer.problemCode == code)
            #expect(answer.fieldErrors == ["appointmentDateTime"])
            #expect(try await clinic.rows() == 0)
        }
    }

    @Test("a time with an offset is converted, not cut", arguments: DatabaseKind.available)
    func offsets(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let answer = try await clinic.book("2026-03-11T04:30:00Z")
            #expect(answer["appointmentTime"].string == "10:00")
            let other = try await clinic.book("2026-03-11T06:00:00+01:00")
            #expect(other["appointmentTime"].string == "10:30")
        }
    }

    @Test("doctors with other slot lengths are booked on their own grid", arguments: DatabaseKind.available)
    func slotLength(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let doctor = clinic.doctor.doctorID
            try await clinic.app.database.write { db in
                _ = try db.run("UPDATE doctors SET slot_minutes = 20 WHERE id = \(doctor)")
            }
            #expect(try await clinic.book("2026-03-11T10:30:00").problemCode == "OFF_GRID")
            let booked = try await clinic.book("2026-03-11T10:20:00")
            #expect(booked.status == 200)
            #expect(booked["endsAt"].string == "2026-03-11T10:40:00+05:30")
            #expect(try await clinic.book("2026-03-11T10:00:00").status == 200)
        }
    }

    @Test("an unverified, unknown or inactive doctor cannot be booked", arguments: DatabaseKind.available)
    func unbookable(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let unverified = try await clinic.app.registerDoctor(verified: false)
            #expect(try await clinic.book(doctor: unverified).problemCode == "DOCTOR_UNAVAILABLE")
            let unknown = try await clinic.app.post(
                "/api/appointments/patient/book", as: clinic.patient,
                json: Clinic.Booking(
                    doctorId: 4_000_000_000, appointmentDateTime: "2026-03-11T10:00:00", reason: ""))
            #expect(unknown.status == 404)
            let doctor = clinic.doctor.userID
            try await clinic.app.database.write { db in
                _ = try db.run("UPDATE users SET is_active = FALSE WHERE id = \(doctor)")
            }
            #expect(try await clinic.book().problemCode == "DOCTOR_UNAVAILABLE")
        }
    }

    @Test("booking leaves an outbox row and an audit row, a refused one neither", arguments: DatabaseKind.available)
    func effects(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            _ = try await clinic.book(as: try await clinic.app.registerPatient())
            let audit: [String] = try await clinic.app.database.read { db in
                try db.values("SELECT entity_id FROM audit_log WHERE entity = 'appointments'")
            }
            #expect(try await clinic.messages("appointment.booked") == ["appointment/\(id)"])
            #expect(audit == ["\(id)"])
        }
    }

    @Test("the same key books once and answers the same bytes", arguments: DatabaseKind.available)
    func idempotency(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let first = try await clinic.book(key: "visit-1")
            let second = try await clinic.book(key: "visit-1")
            #expect(first.status == 200)
            #expect(second.bytes == first.bytes)
            let other = try await clinic.book("2026-03-11T11:00:00", key: "visit-1")
            #expect(other.status == 422)
            #expect(other.problemCode == "IDEMPOTENCY_KEY_REUSED")
            #expect(try await clinic.rows() == 1)
            let stranger = try await clinic.app.registerPatient()
            #expect(try await clinic.book("2026-03-11T11:00:00", as: stranger, key: "visit-1").status == 200)
        }
    }

    @Test("a refusal is replayed with the same bytes too", arguments: DatabaseKind.available)
    func idempotentRefusal(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let other = try await clinic.app.registerPatient()
            let refused = try await clinic.book(as: other, key: "late")
            #expect(refused.status == 409)
            _ = try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient)
            let again = try await clinic.book(as: other, key: "late")
            #expect(again.status == 409)
            #expect(again.bytes == refused.bytes)
            #expect(try await clinic.book(as: other, key: "later").status == 200)
        }
    }

    @Test(
        "a malformed booking is refused by field",
        arguments: [
            (#"{"appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":"1","appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":1.0,"appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":-1,"appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":9007199254740993,"appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":1,"appointmentDateTime":"tomorrow"}"#, "appointmentDateTime"),
            (#"{"doctorId":1,"appointmentDateTime":"2026-03-11"}"#, "appointmentDateTime"),
            (#"{"doctorId":1,"appointmentDateTime":"2026-03-11T25:00:00"}"#, "appointmentDateTime"),
            (#"{"doctorId":1,"appointmentDateTime":[2026,3,11,10,0]}"#, "appointmentDateTime"),
            (#"{"doctorId":1,"doctorId":2,"appointmentDateTime":"2026-03-11T10:00:00"}"#, "doctorId"),
            (#"{"doctorId":1,"appointmentDateTime":"2026-03-11T10:00:00","reason":7}"#, "reason"),
            (#"{"doctorId":1,"appointmentDateTime":"2026-03-11T10:00:00","reason":"a\u0000b"}"#, "reason"),
            (#"{"doctorId":1,"appointmentDateTime":"2026-03-11T10:00:00","reason":"\ud800"}"#, "reason"),
            ("[]", "body"), ("7", "body"), ("{", "body"),
        ])
    func malformed(body: String, field: String) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.app.send(
                .post, "/api/appointments/patient/book", as: clinic.patient, body: body)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
        }
    }

    @Test("a reason may have 500 characters and no more", arguments: DatabaseKind.available)
    func reasonLength(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let long = String(repeating: "ñ", count: 500)
            #expect(try await clinic.book(reason: long)["reason"].string == long)
            let longer = try await clinic.book("2026-03-11T11:00:00", reason: long + "!")
            #expect(longer.status == 400)
            #expect(longer.fieldErrors == ["reason"])
        }
    }
}

extension Clinic {
    /// How many appointments there are.
    func rows() async throws -> Int {
        try await app.database.read { db in try db.value("SELECT count(*) FROM appointments") ?? 0 }
    }
}
