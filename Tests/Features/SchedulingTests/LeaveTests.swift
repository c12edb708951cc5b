import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import HTTPTypes
import Identity
import Persistence
import Testing

@testable import Scheduling

@Suite("Doctor leave")
struct LeaveTests {
    @Test("a leave empties its days and its removal frees them at once", arguments: DatabaseKind.available)
    func adds(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let added = try await clinic.addLeave("2026-03-11", "2026-03-13", reason: "Conference")
            #expect(added.status == 200)
            #expect(added["doctorId"].int == Int(clinic.doctor.id))
            #expect(added["startDate"].string == "2026-03-11")
            #expect(added["endDate"].string == "2026-03-13")
            #expect(added["reason"].string == "Conference")
            #expect(added["createdAt"].string == "2026-03-10T08:00:00")
            #expect(try await clinic.slots(on: "2026-03-13") == [])
            let refused = try await clinic.book()
            #expect(refused.problemCode == "DOCTOR_ON_LEAVE")
            #expect(refused.fieldErrors == ["appointmentDateTime"])
            let id = try #require(added["id"].int)
            let removed = try await clinic.app.delete("/api/doctor-leaves/\(id)", as: clinic.doctor)
            #expect(removed.status == 200)
            #expect(removed["message"].string != nil)
            #expect(try await clinic.book().status == 200)
        }
    }

    @Test(
        "lists are in the order of the days; upcoming begins with the one that runs", arguments: DatabaseKind.available)
    func lists(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.addLeave("2026-03-20", "2026-03-21").status == 200)
            #expect(try await clinic.addLeave("2026-03-10", "2026-03-10").status == 200)
            #expect(try await clinic.addLeave("2026-03-12", "2026-03-14").status == 200)
            let later = try await clinic.later(.days(3))
            func starts(_ path: String) async throws -> [String] {
                try await later.app.get("/api/doctor-leaves/\(path)", as: later.doctor).json.list
                    .compactMap { $0["startDate"].string }
            }
            #expect(try await starts("my-leaves") == ["2026-03-10", "2026-03-12", "2026-03-20"])
            #expect(try await starts("upcoming") == ["2026-03-12", "2026-03-20"])
            #expect(try await starts("my-leaves?page=1&size=2") == ["2026-03-20"])
        }
    }

    @Test("leaves of one doctor never overlap", arguments: DatabaseKind.available)
    func overlap(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            #expect(try await clinic.addLeave("2026-03-12", "2026-03-14").status == 200)
            for (from, to) in [
                ("2026-03-14", "2026-03-16"), ("2026-03-11", "2026-03-12"), ("2026-03-13", "2026-03-13"),
            ] {
                let refused = try await clinic.addLeave(from, to)
                #expect(refused.status == 409)
                #expect(refused.problemCode == "LEAVE_OVERLAP")
            }
            #expect(try await clinic.addLeave("2026-03-15", "2026-03-15").status == 200)
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.addLeave("2026-03-12", "2026-03-14", as: colleague).status == 200)
        }
    }

    @Test("a leave over booked appointments must keep or cancel them", arguments: DatabaseKind.available)
    func affected(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let refused = try await clinic.addLeave("2026-03-11", "2026-03-11")
            #expect(refused.status == 409)
            #expect(refused.problemCode == "LEAVE_HAS_APPOINTMENTS")
            #expect(refused["total"].int == 1)
            #expect(refused["affected[0].appointmentId"].int == id)
            #expect(refused["affected[0].startsAt"].string == "2026-03-11T10:00:00+05:30")
            #expect(try await clinic.app.get("/api/doctor-leaves/my-leaves", as: clinic.doctor).json.list.isEmpty)

            let kept = try await clinic.addLeave("2026-03-11", "2026-03-11", affected: "keep")
            #expect(kept.status == 200)
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].status"].string == "BOOKED")
        }
    }

    @Test("cancelling along with the leave tells the patients why", arguments: DatabaseKind.available)
    func cancels(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let other = try await clinic.bookedID("2026-03-12T10:00:00")
            #expect(try await clinic.addLeave("2026-03-11", "2026-03-11", affected: "cancel").status == 200)
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].appointmentId"].int == id)
            #expect(mine["[0].status"].string == "CANCELLED_BY_DOCTOR")
            #expect(mine["[0].isActive"].bool == false)
            #expect(mine["[0].cancellationReason"].string == "The doctor is on leave.")
            #expect(mine["[1].appointmentId"].int == other)
            #expect(mine["[1].status"].string == "BOOKED")
            #expect(try await clinic.messages("appointment.status") == ["appointment/\(id)"])
            #expect(try await clinic.audited(id).contains("CANCELLED_BY_DOCTOR"))
        }
    }

    @Test("a refusal lists the nearest hundred appointments and says how many there are")
    func bounded() async throws {
        for kind in DatabaseKind.available {
            try await withClinic(kind) { clinic in
                let nearest = try await clinic.plant(120, patients: 3)
                let refused = try await clinic.addLeave("2026-03-11", "2026-12-31")
                #expect(refused.problemCode == "LEAVE_HAS_APPOINTMENTS")
                #expect(refused["total"].int == 120)
                #expect(refused["affected"].list.compactMap { $0["appointmentId"].int } == Array(nearest.prefix(100)))
            }
        }
    }

    @Test("a leave over many appointments asks for the patients' keys once", arguments: DatabaseKind.available)
    func keysTogether(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.plant(60, patients: 8)
            let count = StatementCount()
            let vault = PatientVault(
                ring: clinic.app.system.configuration.keys.ring, random: clinic.app.random.source,
                logger: clinic.app.logs.logger)
            let leaves = LeaveService(
                context: SchedulingContext(
                    database: CountingDatabase(clinic.app.database, count: count), zone: clinic.app.zone, vault: vault,
                    settings: SchedulingSettings(), care: clinic.app.system.care, histories: { _, _, _ in [:] }))
            let (first, last) = (try #require(LocalDate("2026-03-11")), try #require(LocalDate("2026-12-31")))
            _ = try await leaves.add(
                LeaveService.NewLeave(startDate: first, endDate: last, reason: nil, handling: .cancel),
                for: clinic.doctor.doctorID, origin: .system("test"), idempotency: nil)
            #expect(count.texts.count { $0.contains("FROM patient_keys\n") } == 1)
            let cancelled: Int? = try await clinic.app.database.read { db in
                try db.value("SELECT count(*) FROM appointments WHERE status = 'CANCELLED_BY_DOCTOR'")
            }
            #expect(cancelled == 60)
        }
    }

    @Test("adding and removing a leave leaves a line in the audit log", arguments: DatabaseKind.available)
    func audited(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try #require(try await clinic.addLeave("2026-03-12", "2026-03-14")["id"].int)
            #expect(try await clinic.app.delete("/api/doctor-leaves/\(id)", as: clinic.doctor).status == 200)
            _ = try await clinic.app.delete("/api/doctor-leaves/\(id)", as: clinic.doctor)
            let name = String(id)
            let lines: [String] = try await clinic.app.database.read { db in
                try db.values(
                    """
                    SELECT action || ' ' || reason FROM audit_log
                    WHERE entity = 'doctor_leaves' AND entity_id = \(name) ORDER BY at, sequence
                    """)
            }
            #expect(lines.sorted() == ["ACCOUNT_CHANGE ADDED", "ACCOUNT_CHANGE REMOVED"])
        }
    }

    @Test("a colleague's leave is as unknown as none", arguments: DatabaseKind.available)
    func foreign(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try #require(try await clinic.addLeave("2026-03-12", "2026-03-14")["id"].int)
            let colleague = try await clinic.app.registerDoctor()
            let foreign = try await clinic.app.delete("/api/doctor-leaves/\(id)", as: colleague)
            let unknown = try await clinic.app.delete("/api/doctor-leaves/999999", as: colleague)
            #expect(foreign.status == 404)
            #expect(foreign.problemCode == "LEAVE_NOT_FOUND")
            #expect(foreign["message"] == unknown["message"])
            #expect(try await clinic.app.delete("/api/doctor-leaves/\(id)", as: clinic.patient).status == 403)
            #expect(try await clinic.app.delete("/api/doctor-leaves/\(id)").status == 401)
            #expect(try await clinic.addLeave("2026-03-20", "2026-03-20", as: clinic.patient).status == 403)
            #expect(try await clinic.app.get("/api/doctor-leaves/my-leaves").status == 401)
            #expect(try await clinic.app.get("/api/doctor-leaves/upcoming", as: clinic.patient).status == 403)
        }
    }

    @Test(
        "impossible leaves are refused by field",
        arguments: [
            (#"{"startDate":"2026-03-09","endDate":"2026-03-12"}"#, ["startDate"]),
            (#"{"startDate":"2026-03-12","endDate":"2026-03-11"}"#, ["endDate"]),
            (#"{"startDate":"2026-03-12","endDate":"2027-03-12"}"#, ["endDate"]),
            (#"{"startDate":"2028-03-11","endDate":"2028-03-12"}"#, ["startDate"]),
            (#"{"startDate":"2026-03-12"}"#, ["endDate"]), (#"{"endDate":"2026-03-12"}"#, ["startDate"]),
            (#"{"startDate":null,"endDate":"2026-03-12"}"#, ["startDate"]),
            (#"{"startDate":"12.03.2026","endDate":"2026-03-12"}"#, ["startDate"]),
        ])
    func refused(body: String, fields: [String]) async throws {
        try await withClinic(.sqlite) { clinic in
            let answer = try await clinic.app.send(.post, "/api/doctor-leaves", as: clinic.doctor, body: body)
            #expect(answer.status == 400)
            #expect(answer.problemCode == "VALIDATION_FAILED")
            #expect(answer.fieldErrors == fields)
        }
    }

    @Test("a whole year is the longest, and the flag must be one of two words")
    func edges() async throws {
        try await withClinic(.sqlite) { clinic in
            #expect(try await clinic.addLeave("2026-03-12", "2027-03-11").status == 200)
            let flag = try await clinic.addLeave("2028-01-01", "2028-01-02", affected: "drop")
            #expect(flag.status == 400)
            #expect(flag.fieldErrors == ["affected"])
            let long = String(repeating: "x", count: 501)
            #expect(try await clinic.addLeave("2028-01-01", "2028-01-02", reason: long).fieldErrors == ["reason"])
        }
    }
}
