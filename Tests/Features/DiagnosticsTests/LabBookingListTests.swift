import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Scheduling
import Testing

@testable import Diagnostics
@testable import Documents

@Suite("Lists of lab bookings")
struct LabBookingListTests {
    @Test("everybody sees their own share, the latest date first", arguments: DatabaseKind.available)
    func shares(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let late = try await lab.booked(#""bookingDate":"2026-03-20T09:00:00""#)
            let early = try await lab.prescribed()
            let foreign = try #require(try await lab.book(as: lab.other)["id"].int)
            _ = try await lab.cancel(late)
            #expect(try await lab.ids("", as: lab.admin) == [late, foreign, early])
            #expect(try await lab.ids("", as: lab.doctor) == [late, early])
            #expect(try await lab.ids("", as: lab.stranger) == [])
            #expect(try await lab.ids("/status/CANCELLED", as: lab.doctor) == [late])
            #expect(try await lab.ids("/status/PENDING", as: lab.admin) == [foreign, early])
            let range = "/date-range?startDate=2026-03-10T08:00:00&endDate=2026-03-20T09:00:00"
            #expect(try await lab.ids(range, as: lab.admin) == [late, foreign, early])
            let short = "/date-range?startDate=2026-03-10T08:00:01&endDate=2026-03-20T08:59"
            #expect(try await lab.ids(short, as: lab.admin) == [])
            #expect(try await lab.ids("/user/\(lab.patient.id)", as: lab.doctor) == [late, early])
            #expect(try await lab.ids("/user/\(lab.patient.id)", as: lab.admin) == [late, early])
            let page = try await lab.app.get("/api/bookings?page=1&size=2", as: lab.admin)
            #expect(page.json.list.compactMap { $0["id"].int } == [early])
            #expect(page.header("X-Total-Count") == "3")

            for (path, status) in [
                ("/status/pending", 400), ("/status/PAID", 400), ("/date-range?startDate=2026-03-10T08:00:00", 400),
                ("/date-range?startDate=2026-03-11T00:00:00&endDate=2026-03-10T00:00:00", 400), ("?size=101", 400),
            ] {
                let refused = try await lab.app.get("/api/bookings\(path)", as: lab.admin)
                #expect(refused.status == status, "\(path)")
                #expect(refused.problemCode == "INVALID_ARGUMENT")
            }
        }
    }

    @Test("strangers get 403 on a person and 404 on a booking", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.booked()
            for user in [lab.other, lab.stranger] {
                for path in ["/user/\(lab.patient.id)", "/user/\(lab.patient.id)/count", "/user/9007199254740991"] {
                    #expect(try await lab.app.get("/api/bookings\(path)", as: user).status == 403)
                }
                let (foreign, unknown) = (try await lab.find(id, as: user), try await lab.find(999_999, as: user))
                #expect(foreign.status == 404 && unknown.status == 404)
                #expect(foreign.problemCode == unknown.problemCode)
            }
            #expect(try await lab.cancel(id, as: lab.other).status == 404)
            #expect(try await lab.setStatus(id, "CANCELLED", as: lab.stranger).status == 404)
            let nobody = try await lab.app.get("/api/bookings/user/9007199254740991", as: lab.admin)
            #expect(nobody.problemCode == "PATIENT_NOT_FOUND")
        }
    }

    @Test(
        "administrators see no tests, notes and reports before they have broken the glass",
        arguments: DatabaseKind.available)
    func administrators(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let id = try await lab.booked(#""notes":"Fasting""#)
            #expect(try await lab.fileReport(id, as: lab.patient).status == 200)
            let paths = ["/api/bookings", "/api/bookings/user/\(lab.patient.id)", "/api/bookings/\(id)"]
            for isOpen in [false, true] {
                if isOpen { try await lab.breakGlass(lab.admin) }
                for path in paths {
                    let seen = try await lab.app.get(path, as: lab.admin)
                    let item = path == paths[2] ? seen.json : seen.json.list[0]
                    #expect(item["selectedTests"].list.isEmpty != isOpen)
                    #expect(item["labReports"].isNull != isOpen)
                    #expect(item["notes"].isNull != isOpen)
                    #expect(item["totalPrice"].double == 750.5)
                }
            }
            let lines = try await lab.audited()
            #expect(lines.count { $0.contains("BREAK_GLASS") } == 3)
        }
    }

    @Test(
        "the report of a booking is filed by its patient or its doctor, and shows in it",
        arguments: DatabaseKind.available)
    func reports(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let (own, prescribed) = (try await lab.booked(), try await lab.prescribed())
            #expect(try await lab.fileReport(own, as: lab.doctor).status == 404)
            #expect(try await lab.fileReport(own, as: lab.other).status == 403)
            #expect(try await lab.fileReport(own, as: lab.other, for: lab.other).status == 404)
            #expect(try await lab.fileReport(999_999, as: lab.patient).status == 404)
            #expect(try await lab.fileReport(own, as: lab.patient).status == 200)
            let filed = try await lab.fileReport(prescribed, as: lab.doctor)
            #expect(filed.status == 200, "\(filed.text)")
            let seen = try await lab.find(prescribed)
            #expect(seen["labReports"].list.compactMap { $0["id"].int } == [filed["id"].int])
            #expect(seen["labReports[0].documentType"].string == "LAB_REPORT")
            #expect(try await lab.app.follow(seen["labReports[0].url"].string).status == 200)
            let data = try await lab.app.get("/api/patients/\(lab.patient.id)/complete-data", as: lab.doctor)
            #expect(data["documents"].list.count == 2)
            let document = try #require(filed["id"].int)
            _ = try await lab.app.delete("/api/files/\(document)", as: lab.doctor)
            #expect(try await lab.find(prescribed)["labReports"].isNull)
        }
    }

    @Test("a list asks the same however many bookings it shows", arguments: DatabaseKind.available)
    func cost(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let count = StatementCount()
            let reading = LabBookingReading(
                context: try lab.context(CountingDatabase(lab.app.database, count: count)))
            let principal = Principal(
                userID: lab.doctor.userID, username: lab.doctor.username, role: .doctor, sessionID: SessionID(1))
            let origin = RequestOrigin(principal: principal, requestID: "test", address: "")
            var asked: [Int] = []
            for round in 0..<2 {
                for _ in 0..<(round * 4 + 1) { _ = try await lab.booked() }
                _ = try await reading.list(.all, .whole, by: principal, origin: origin)
                count.reset()
                let shown = try await reading.list(.all, .whole, by: principal, origin: origin)
                #expect(shown.items.count == (round == 0 ? 1 : 6))
                asked.append(count.texts.count { $0.hasPrefix("SELECT") })
            }
            // Verification, rows, tests, reports, payments.
            #expect(asked == [5, 5])
        }
    }

    @Test("no list scans a table that grows", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withLab(kind) { lab in
            let crowd = try await lab.app.crowd(50).map(\.id)
            try await lab.app.database.write { [now = lab.app.time.now] db in
                for number in 0..<2_000 {
                    let moment = now + .minutes(Int64(number))
                    try db.run(
                        """
                        INSERT INTO lab_bookings (id, patient_id, total_price, booked_for, status, created_at, updated_at)
                        VALUES (\(Int64(1_000_000 + number)), \(crowd[number % crowd.count]), 100, \(moment),
                                \(number % 100 == 0 ? "CANCELLED" : "PENDING"), \(now), \(now))
                        """)
                }
                // SQLite has no statistics in production either.
                if db.dialect == .postgres { try db.run("ANALYZE") }
            }
            let (doctor, patient, now) = (lab.doctor.doctorID, lab.patient.patientID, lab.app.time.now)
            let care = lab.app.system.care
            let page = PageRequest(page: 3, size: 20)
            let plans = try await lab.app.database.write { db in
                let lists = LabBookingLists(db: db, care: care)
                let (own, admin) = (LabBookingReader.doctor(doctor), LabBookingReader.administrator(UserID(1)))
                return try [
                    ("all", lists.rows(.everybody, .all, page, for: admin), "lab_bookings_date"),
                    ("status", lists.rows(.everybody, .status(.cancelled), page, for: admin), "lab_bookings_status"),
                    (
                        "range", lists.rows(.everybody, .between(now, now + .hours(1)), page, for: admin),
                        "lab_bookings_date"
                    ),
                    ("patient", lists.rows(.patient(patient), .all, page, for: admin), "lab_bookings_patient"),
                    ("doctor", lists.rows(.doctor(doctor), .all, page, for: own), "lab_bookings_doctor"),
                    ("tests", LabBookingRepository.tests(of: [LabBookingID(1)]), "lab_booking_tests"),
                    ("reports", DocumentRepository.labReports(ofBookings: [1, 2]), "documents_booking"),
                    (
                        "relation", "SELECT \(care.access(doctor: "\(doctor)", patient: "\(patient)", at: now))",
                        "lab_bookings_doctor"
                    ),
                ].map { (name: $0.0, plan: try QueryPlan.of($0.1, db), index: $0.2) }
            }
            for (name, plan, index) in plans {
                // All of them are read in the order of the index, up to the end of the page.
                let bounded = ["found", "taken", "treated", "tied"] + (name == "all" ? ["b"] : [])
                let scans = plan.fullScans(except: bounded)
                #expect(scans.isEmpty, "\(name):\n\(plan)")
                #expect(plan.lines.contains { $0.contains(index) }, "\(name):\n\(plan)")
            }
        }
    }
}

extension Lab {
    /// What the services need, on another database.
    func context(_ database: any Database) throws -> LabBookingContext {
        let vault = PatientVault(
            ring: app.system.configuration.keys.ring, random: app.random.source, logger: app.logs.logger)
        return LabBookingContext(
            database: database, zone: app.zone, vault: vault, care: app.system.care, desk: app.system.desk,
            documents: app.system.documents.lookup)
    }
}
