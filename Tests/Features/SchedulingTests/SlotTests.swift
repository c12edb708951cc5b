import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Free slots")
struct SlotTests {
    @Test("a day without appointments offers every slot", arguments: DatabaseKind.available)
    func emptyDay(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let path = "/api/appointments/available-slots?doctorId=\(clinic.doctor.id)&date=\(Clinic.day)"
            let answer = try await clinic.app.get(path, as: clinic.patient)
            #expect(answer.status == 200)
            #expect(answer["availableSlots"].list.count == 16)
            #expect(answer["onLeave"].bool == false)
            #expect(answer["leaveMessage"].isNull)
            #expect(answer["leaveEndDate"].isNull)
        }
    }

    @Test("a month is asked for at once, day by day as each is alone", arguments: DatabaseKind.available)
    func month(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.book().status == 200)
            #expect(try await clinic.addLeave("2026-03-20", "2026-03-22").status == 200)
            let path = "/api/appointments/available-slots?doctorId=\(clinic.doctor.id)&date=2026-03-10&days=31"
            let answer = try await clinic.app.get(path, as: clinic.patient)
            #expect(answer.status == 200)
            #expect(answer["days"].list.count == 31)
            #expect(answer["days[1].date"].string == "2026-03-11")
            #expect(answer["days[10].onLeave"].bool == true)
            for (index, day) in answer["days"].list.enumerated() where index % 5 == 0 {
                let date = try #require(day["date"].string)
                #expect(try await clinic.slots(on: date) == day["availableSlots"].list.compactMap(\.string))
            }
            let alone = try await clinic.app.get(
                "/api/appointments/available-slots?doctorId=\(clinic.doctor.id)&date=2026-03-10", as: clinic.patient)
            #expect(alone["days"].isNull)
        }
    }

    @Test("today offers only what is still to come", arguments: DatabaseKind.available)
    func today(kind: DatabaseKind) async throws {
        try await withClinic(kind, at: "12:30") { clinic in
            let slots = try await clinic.slots(on: "2026-03-10")
            #expect(slots.first == "14:00")
            #expect(slots.count == 8)
        }
    }

    @Test("past days, the far future and doctors who are not bookable offer nothing", arguments: DatabaseKind.available)
    func nothing(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.slots(on: "2026-03-09") == [])
            #expect(try await clinic.slots(on: "0001-01-01") == [])
            #expect(try await clinic.slots(on: "9999-12-31") == [])
            #expect(try await clinic.slots(on: "2026-12-01") == [])
            let unverified = try await clinic.app.registerDoctor(verified: false)
            #expect(try await clinic.slots(of: unverified) == [])
        }
    }

    @Test(
        "a patient is not offered times at which they are busy with another doctor", arguments: DatabaseKind.available)
    func ownAppointments(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.book().status == 200)
            #expect(!(try await clinic.slots(of: colleague)).contains("10:00"))
            let other = try await clinic.app.registerPatient()
            #expect(try await clinic.slots(as: other, of: colleague).contains("10:00"))
        }
    }

    @Test("a leave empties its days and says until when", arguments: DatabaseKind.available)
    func leave(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let doctor = clinic.doctor.doctorID
            try await clinic.app.database.write { db in
                let (first, last) = (LocalDate("2026-03-11"), LocalDate("2026-03-13"))
                try db.run(
                    """
                    INSERT INTO doctor_leaves (doctor_id, start_date, end_date, created_at)
                    VALUES (\(doctor), \(first), \(last), \(db.now))
                    """)
            }
            let path = "/api/appointments/available-slots?doctorId=\(clinic.doctor.id)&date=2026-03-12"
            let answer = try await clinic.app.get(path, as: clinic.patient)
            #expect(answer["availableSlots"].list.isEmpty)
            #expect(answer["onLeave"].bool == true)
            #expect(answer["leaveEndDate"].string == "2026-03-13")
            #expect(answer["leaveMessage"].string != nil)
            #expect(try await clinic.slots(on: "2026-03-14").count == 16)
            let refused = try await clinic.book("2026-03-12T10:00:00")
            #expect(refused.status == 409)
            #expect(refused.problemCode == "DOCTOR_ON_LEAVE")
        }
    }

    @Test(
        "bad parameters are refused by name",
        arguments: [
            ("doctorId=1", "date"), ("date=2026-03-11", "doctorId"), ("doctorId=abc&date=2026-03-11", "doctorId"),
            ("doctorId=-5&date=2026-03-11", "doctorId"), ("doctorId=9007199254740993&date=2026-03-11", "doctorId"),
            ("doctorId=1&date=11.03.2026", "date"), ("doctorId=1&date=2026-02-30", "date"),
            ("doctorId=1.0&date=2026-03-11", "doctorId"), ("doctorId=1&date=", "date"),
            ("doctorId=1&date=2026-03-11&days=0", "days"), ("doctorId=1&date=2026-03-11&days=32", "days"),
        ])
    func badParameters(query: String, field: String) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.app.get(
                "/api/appointments/available-slots?\(query)", as: clinic.patient)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
        }
    }

    @Test("an unknown doctor is 404, and nobody asks without signing in")
    func unknownDoctor() async throws {
        try await withClinic(.sqlite) { clinic in
            let path = "/api/appointments/available-slots?doctorId=999999999&date=2026-03-11"
            let unknown = try await clinic.app.get(path, as: clinic.patient)
            #expect(unknown.status == 404)
            #expect(unknown.problemCode == "DOCTOR_NOT_FOUND")
            #expect(try await clinic.app.get(path).status == 401)
        }
    }
}
