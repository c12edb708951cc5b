import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Working hours")
struct WorkingHoursTests {
    /// Wednesdays 08:00 to 10:00 with a break, and nothing else.
    private static let wednesday = """
        {"days":[{"weekday":3,"windows":[{"start":"08:00","end":"10:00"}],"breaks":[{"start":"08:40","end":"09:00"}]}],
        "slotMinutes":20}
        """

    @Test("a doctor who has set nothing has the standard hours", arguments: DatabaseKind.available)
    func standard(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let answer = try await clinic.app.get(
                "/api/doctors/\(clinic.doctor.id)/working-hours", as: clinic.patient)
            #expect(answer.status == 200)
            #expect(answer["isDefault"].bool == true)
            #expect(answer["timeZone"].string == "Asia/Kolkata")
            #expect(answer["slotMinutes"].int == 30)
            #expect(answer["horizonDays"].int == 180)
            #expect(answer["paymentPolicy"].string == "FREE")
            #expect(answer["affectedAppointments"].isNull)
            #expect(answer["days"].list.count == 7)
            #expect(answer["days[0].windows[1].start"].string == "14:00")
            #expect(answer["days[6].windows[0].end"].string == "13:00")
        }
    }

    @Test("new hours decide at once what is offered and what is booked", arguments: DatabaseKind.available)
    func changes(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.slots().count == 16)
            let answer = try await clinic.setHours(Self.wednesday)
            #expect(answer.status == 200)
            #expect(answer["isDefault"].bool == false)
            #expect(answer["days"].list.count == 1)
            #expect(answer["days[0].breaks[0].start"].string == "08:40")
            #expect(try await clinic.slots() == ["08:00", "08:20", "09:00", "09:20", "09:40"])
            #expect(try await clinic.slots(on: "2026-03-12") == [])
            #expect(try await clinic.book("2026-03-12T10:00:00").problemCode == "OUTSIDE_WORKING_HOURS")
            #expect(try await clinic.book("2026-03-11T08:40:00").problemCode == "OUTSIDE_WORKING_HOURS")
            #expect(try await clinic.book("2026-03-11T09:10:00").problemCode == "OFF_GRID")
            let booked = try await clinic.book("2026-03-11T09:20:00")
            #expect(booked["endsAt"].string == "2026-03-11T09:40:00+05:30")
        }
    }

    @Test("settings that are not mentioned stay", arguments: DatabaseKind.available)
    func settingsStay(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let days = #""days":[{"weekday":3,"windows":[{"start":"09:00","end":"12:00"}]}]"#
            _ = try await clinic.setHours("{\(days),\"bufferAfterMinutes\":10,\"minimumNoticeMinutes\":60}")
            let answer = try await clinic.setHours("{\(days),\"horizonDays\":30}")
            #expect(answer["bufferAfterMinutes"].int == 10)
            #expect(answer["minimumNoticeMinutes"].int == 60)
            #expect(answer["horizonDays"].int == 30)
            #expect(try await clinic.slots(on: "2026-04-15") == [])
            #expect(try await clinic.book("2026-04-15T09:00:00").problemCode == "TOO_FAR_AHEAD")
        }
    }

    @Test("a change without days leaves the week as it is", arguments: DatabaseKind.available)
    func daysStay(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let standard = try await clinic.setHours(#"{"slotMinutes":60}"#)
            #expect(standard["isDefault"].bool == true)
            #expect(standard["slotMinutes"].int == 60)
            #expect(standard["affectedAppointments"].isNull)
            _ = try await clinic.setHours(Self.wednesday)
            let own = try await clinic.setHours(#"{"horizonDays":30}"#)
            #expect(own["days"].list.count == 1)
            #expect(own["slotMinutes"].int == 20)
            #expect(try await clinic.slots() == ["08:00", "08:20", "09:00", "09:20", "09:40"])
        }
    }

    @Test("a new week says how many coming appointments it leaves outside", arguments: DatabaseKind.available)
    func affected(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            for time in ["2026-03-11T09:00:00", "2026-03-11T10:30:00", "2026-03-18T09:30:00", "2026-03-12T09:00:00"] {
                #expect(try await clinic.book(time).status == 200)
            }
            let cancelled = try await clinic.bookedID("2026-03-13T09:00:00")
            #expect(try await clinic.move(cancelled, "cancel").status == 200)
            // On Wednesdays 09:00 and 09:30 fit, and 10:30 does not; on Thursdays nothing does.
            #expect(try await clinic.setHours(Self.wednesday)["affectedAppointments"].int == 2)
            #expect(try await clinic.slots(on: "2026-03-12") == [])
            let mine = try await clinic.app.get(
                "/api/appointments/patient/my-appointments/upcoming", as: clinic.patient)
            #expect(mine.json.list.count == 4)
            let all = (1...7).map { #"{"weekday":\#($0),"windows":[{"start":"00:00","end":"00:00"}]}"# }
            let open = try await clinic.setHours("{\"days\":[\(all.joined(separator: ","))]}")
            #expect(open["affectedAppointments"].int == 0)
        }
    }

    @Test(
        "a change that names what it was made from is refused when the hours have changed since",
        arguments: DatabaseKind.available)
    func versions(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let path = "/api/doctors/\(clinic.doctor.id)/working-hours"
            func change(_ minutes: Int, if tag: String?) async throws -> TestResponse {
                try await clinic.app.send(
                    .put, path, as: clinic.doctor, headers: tag.map { ["If-Match": $0] } ?? [:],
                    body: "{\"slotMinutes\":\(minutes)}")
            }
            let first = try #require(try await clinic.app.get(path, as: clinic.doctor).header("ETag"))
            let changed = try await change(20, if: first)
            #expect(changed.status == 200)
            let second = try #require(changed.header("ETag"))
            #expect(second != first)
            #expect(try await clinic.app.get(path, as: clinic.doctor).header("ETag") == second)

            for stale in [first, "W/\(second)", "\"other\""] {
                let refused = try await change(45, if: stale)
                #expect(refused.status == 412)
                #expect(refused.problemCode == "PRECONDITION_FAILED")
            }
            #expect(try await clinic.app.get(path, as: clinic.doctor)["slotMinutes"].int == 20)
            #expect(try await change(45, if: "\"other\", \(second)").status == 200)
            #expect(try await change(30, if: "*").status == 200)
            #expect(try await change(15, if: nil).status == 200)
            let before = try await clinic.app.get(path, as: clinic.doctor).header("ETag")
            try await clinic.charge()
            #expect(try await clinic.app.get(path, as: clinic.doctor).header("ETag") != before)
        }
    }

    @Test("of two changes made from the same hours one is refused", arguments: DatabaseKind.available)
    func raced(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let path = "/api/doctors/\(clinic.doctor.id)/working-hours"
            let tag = try #require(try await clinic.app.get(path, as: clinic.doctor).header("ETag"))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for minutes in [15, 20, 45, 60] {
                    group.addTask {
                        try await clinic.app.send(
                            .put, path, as: clinic.doctor, headers: ["If-Match": tag],
                            body: "{\"slotMinutes\":\(minutes)}"
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 412, 412, 412])
        }
    }

    @Test("how a doctor is paid is shown with the hours and with the doctor", arguments: DatabaseKind.available)
    func paymentPolicy(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            func shown() async throws -> [String?] {
                let profile = try await clinic.app.get(
                    "/api/doctors/public/\(clinic.doctor.username)", as: clinic.patient)
                let list = try await clinic.app.get("/api/doctors", as: clinic.patient)
                let hours = try await clinic.app.get(
                    "/api/doctors/\(clinic.doctor.id)/working-hours", as: clinic.patient)
                return [profile["paymentPolicy"], list["[0].paymentPolicy"], hours["paymentPolicy"]].map(\.string)
            }
            #expect(try await clinic.setHours(#"{"paymentPolicy":"PREPAY"}"#).status == 200)
            #expect(try await shown() == ["FREE", "FREE", "FREE"])
            #expect(try await clinic.book("2026-03-11T10:00:00")["heldUntil"].isNull)
            try await clinic.charge()
            #expect(try await clinic.book("2026-03-11T11:00:00")["heldUntil"].string != nil)
            #expect(try await shown() == ["PREPAY", "PREPAY", "PREPAY"])
            #expect(try await clinic.setHours(#"{"paymentPolicy":"PAY_LATER"}"#).status == 200)
            #expect(try await shown() == ["PAY_LATER", "PAY_LATER", "PAY_LATER"])
        }
    }

    @Test("what a patient who cancels gets back is set and shown like the rest", arguments: DatabaseKind.available)
    func cancellationTerms(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let path = "/api/doctors/\(clinic.doctor.id)/working-hours"
            func shown() async throws -> [[[Int?]]] {
                let profile = try await clinic.app.get(
                    "/api/doctors/public/\(clinic.doctor.username)", as: clinic.patient)
                let list = try await clinic.app.get("/api/doctors", as: clinic.patient)
                let hours = try await clinic.app.get(path, as: clinic.patient)
                return [profile["cancellationTerms"], list["[0].cancellationTerms"], hours["cancellationTerms"]].map {
                    $0.list.map { [$0["hoursBefore"].int, $0["refundPercent"].int] }
                }
            }
            let standard = [[24, 100], [2, 50]]
            #expect(try await shown() == [standard, standard, standard])
            let before = try await clinic.app.get(path, as: clinic.doctor).header("ETag")
            let terms = #"[{"hoursBefore":1,"refundPercent":10},{"hoursBefore":48,"refundPercent":90}]"#
            let changed = try await clinic.setHours("{\"cancellationTerms\":\(terms)}")
            #expect(changed.status == 200)
            #expect(changed.header("ETag") != before)
            #expect(changed["slotMinutes"].int == 30)
            let other = [[48, 90], [1, 10]]
            #expect(try await shown() == [other, other, other])
            #expect(try await clinic.setHours(#"{"slotMinutes":15}"#).status == 200)
            #expect(try await shown() == [other, other, other])
            #expect(try await clinic.setHours(#"{"cancellationTerms":[]}"#).status == 200)
            #expect(try await shown() == [[], [], []])
        }
    }

    @Test(
        "terms that make no sense are refused, and nothing changes",
        arguments: [
            [(-1, 50)], [(8_761, 50)], [(24, 101)], [(24, -1)], [(24, 100), (24, 50)], [(24, 50), (2, 60)],
            (0...10).map { ($0, 50) },
        ])
    func badTerms(steps: [(Int, Int)]) async throws {
        try await withClinic(.sqlite) { clinic in
            let list = steps.map { "{\"hoursBefore\":\($0.0),\"refundPercent\":\($0.1)}" }.joined(separator: ",")
            let answer = try await clinic.setHours("{\"cancellationTerms\":[\(list)]}")
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == ["cancellationTerms"])
            let hours = try await clinic.app.get("/api/doctors/\(clinic.doctor.id)/working-hours", as: clinic.doctor)
            #expect(hours["cancellationTerms"].list.count == 2)
        }
    }

    @Test("buffers keep time free around each appointment, and notice keeps short notice away")
    func buffersAndNotice() async throws {
        for kind in DatabaseKind.available {
            try await withClinic(kind) { clinic in
                let days = #""days":[{"weekday":3,"windows":[{"start":"09:00","end":"12:00"}]}]"#
                _ = try await clinic.setHours(
                    "{\(days),\"slotMinutes\":15,\"bufferBeforeMinutes\":5,\"bufferAfterMinutes\":10}")
                #expect(try await clinic.book("2026-03-11T10:00:00").status == 200)
                let slots = try await clinic.slots(as: try await clinic.app.registerPatient())
                #expect(slots.contains("09:30"))
                #expect(!slots.contains("09:45"))
                #expect(!slots.contains("10:15"))
                #expect(slots.contains("10:30"))
                let other = try await clinic.app.registerPatient()
                #expect(try await clinic.book("2026-03-11T10:15:00", as: other).problemCode == "SLOT_UNAVAILABLE")
                #expect(try await clinic.book("2026-03-11T10:30:00", as: other).status == 200)
                _ = try await clinic.setHours("{\(days),\"minimumNoticeMinutes\":1560}")
                #expect(try await clinic.slots(as: other).first == "11:00")
                #expect(try await clinic.book("2026-03-11T09:00:00").problemCode == "TOO_SOON")
            }
        }
    }

    @Test("the doctor and administrators set them, nobody else", arguments: DatabaseKind.available)
    func access(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.setHours(Self.wednesday, as: colleague).status == 403)
            #expect(try await clinic.setHours(Self.wednesday, as: clinic.patient).status == 403)
            let admin = try await clinic.app.admin()
            #expect(try await clinic.setHours(Self.wednesday, as: admin).status == 200)
            let path = "/api/doctors/\(clinic.doctor.id)/working-hours"
            #expect(try await clinic.app.get(path).status == 401)
            #expect(try await clinic.app.send(.put, path, body: Self.wednesday).status == 401)
            let unknown = "/api/doctors/999999999/working-hours"
            #expect(try await clinic.app.get(unknown, as: admin).problemCode == "DOCTOR_NOT_FOUND")
            #expect(try await clinic.app.send(.put, unknown, as: admin, body: Self.wednesday).status == 404)
            let audited: [String] = try await clinic.app.database.read { db in
                try db.values("SELECT action FROM audit_log WHERE entity = 'working_hours'")
            }
            #expect(audited == ["ADMIN_ACTION"])
        }
    }

    @Test(
        "hours that make no sense are refused by field, and nothing changes",
        arguments: [
            (#"{"days":[]}"#, "days"),
            (#"{"days":[{"weekday":0,"windows":[{"start":"09:00","end":"10:00"}]}]}"#, "days"),
            (#"{"days":[{"weekday":8,"windows":[{"start":"09:00","end":"10:00"}]}]}"#, "days"),
            (#"{"days":[{"weekday":1,"windows":[{"start":"10:00","end":"10:00"}]}]}"#, "days"),
            (#"{"days":[{"weekday":1,"windows":[{"start":"11:00","end":"10:00"}]}]}"#, "days"),
            (#"{"days":[{"weekday":1,"windows":[{"start":"09:00:30","end":"10:00"}]}]}"#, "days"),
            (#"{"days":[{"weekday":1,"windows":[]}]}"#, "days"),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"12:00"},{"start":"11:00","end":"13:00"}]}]}"#,
                "days"
            ),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"12:00"}],"breaks":[{"start":"12:00","end":"13:00"}]}]}"#,
                "days"
            ),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]},{"weekday":1,"windows":[]}]}"#,
                "days"
            ),
            (#"{"days":[{"weekday":1,"windows":[{"start":"9","end":"10:00"}]}]}"#, "days[0].windows[0].start"),
            (#"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"25:00"}]}]}"#, "days[0].windows[0].end"),
            (#"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]}],"slotMinutes":25}"#, "slotMinutes"),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]}],"bufferAfterMinutes":121}"#,
                "bufferAfterMinutes"
            ),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]}],"horizonDays":0}"#, "horizonDays"
            ),
            (
                #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]}],"paymentPolicy":"NEVER"}"#,
                "paymentPolicy"
            ),
            (#"{"paymentPolicy":"FREE"}"#, "paymentPolicy"),
        ])
    func refused(body: String, field: String) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.setHours(body)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
            #expect(try await clinic.slots().count == 16)
        }
    }

    @Test("the schema itself refuses windows that overlap", arguments: DatabaseKind.available)
    func schema(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = clinic.doctor.doctorID
            await #expect(throws: DatabaseFailure.self) {
                try await clinic.app.database.write { db in
                    for (start, end) in [(540, 660), (600, 700)] {
                        try db.run(
                            """
                            INSERT INTO working_hours (doctor_id, weekday, kind, start_minute, end_minute)
                            VALUES (\(id), 1, 'WORK', \(start), \(end))
                            """)
                    }
                }
            }
        }
    }

    @Test("the search by free day goes by the hours", arguments: DatabaseKind.available)
    func search(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.setHours(Self.wednesday)
            func isFound(_ day: String) async throws -> Bool {
                let list = try await clinic.app.get("/api/doctors?availableOn=\(day)", as: clinic.patient).json.list
                return list.contains { $0["id"].int == Int(clinic.doctor.id) }
            }
            #expect(try await isFound("2026-03-11"))
            #expect(try await !isFound("2026-03-12"))
        }
    }
}
