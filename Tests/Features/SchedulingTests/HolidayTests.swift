import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Clinic holidays")
struct HolidayTests {
    private static let path = "/api/clinic/holidays"

    @Test("a holiday closes every calendar, and its removal opens them", arguments: DatabaseKind.available)
    func closes(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            #expect(try await clinic.book().status == 200)
            let set = try await clinic.app.send(
                .put, Self.path, as: admin,
                body:
                    #"{"holidays":[{"date":"2026-08-15","name":"Independence Day"},{"date":"2026-03-11","name":"Holi"}]}"#
            )
            #expect(set.status == 200)
            #expect(set["affectedAppointments"].int == 1)
            #expect(set["holidays[0].date"].string == "2026-03-11")
            let day = try await clinic.app.get(
                "/api/appointments/available-slots?doctorId=\(clinic.doctor.id)&date=2026-03-11", as: clinic.patient)
            #expect(day["availableSlots"].list.isEmpty)
            #expect(day["holidayName"].string == "Holi")
            #expect(day["onLeave"].bool == false)
            let refused = try await clinic.book("2026-03-11T11:00:00")
            #expect(refused.status == 409)
            #expect(refused.problemCode == "CLINIC_CLOSED")
            let found = try await clinic.app.get("/api/doctors?availableOn=2026-03-11", as: clinic.patient)
            #expect(found.json.list.isEmpty)
            let list = try await clinic.app.get(Self.path, as: clinic.patient)
            #expect(list.json.list.compactMap { $0["name"].string } == ["Holi", "Independence Day"])
            _ = try await clinic.app.send(.put, Self.path, as: admin, body: #"{"holidays":[]}"#)
            #expect(try await clinic.slots().count == 15)
        }
    }

    @Test("with a year only that year's list is replaced", arguments: DatabaseKind.available)
    func years(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            _ = try await clinic.app.send(
                .put, Self.path, as: admin, body: #"{"holidays":[{"date":"2026-08-15","name":"Independence Day"}]}"#)
            _ = try await clinic.app.send(
                .put, Self.path, as: admin,
                body: #"{"year":2027,"holidays":[{"date":"2027-01-26","name":"Republic Day"}]}"#)
            #expect(try await clinic.app.get(Self.path, as: clinic.doctor).json.list.count == 2)
            let year = try await clinic.app.get(Self.path + "?year=2027", as: clinic.doctor)
            #expect(year.json.list.compactMap { $0["date"].string } == ["2027-01-26"])
        }
    }

    @Test("an administrator sets them, everyone signed in reads them")
    func access() async throws {
        try await withClinic(.sqlite) { clinic in
            let body = #"{"holidays":[]}"#
            #expect(try await clinic.app.get(Self.path).status == 401)
            let anonymous = try await clinic.app.send(.put, Self.path, body: body)
            #expect(anonymous.status == 401)
            #expect(try await clinic.app.send(.put, Self.path, as: clinic.doctor, body: body).status == 403)
            #expect(try await clinic.app.send(.put, Self.path, as: clinic.patient, body: body).status == 403)
        }
    }

    @Test(
        "bad lists are refused by field",
        arguments: [
            (#"{}"#, "holidays"), (#"{"holidays":[{"date":"2026-02-30","name":"x"}]}"#, "holidays[0].date"),
            (#"{"holidays":[{"date":"2026-03-11","name":""}]}"#, "holidays"),
            (#"{"holidays":[{"date":"2026-03-11","name":"  "}]}"#, "holidays"),
            (#"{"holidays":[{"date":"2026-03-11","name":"a"},{"date":"2026-03-11","name":"b"}]}"#, "holidays"),
            (#"{"year":2027,"holidays":[{"date":"2026-03-11","name":"a"}]}"#, "holidays"),
            (#"{"year":0,"holidays":[]}"#, "year"),
        ])
    func refused(body: String, field: String) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.app.send(.put, Self.path, as: try await clinic.app.admin(), body: body)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
        }
    }
}
