import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

@Suite("Holds")
struct HoldTests {
    @Test("a doctor who wants prepayment gets a hold of ten minutes", arguments: DatabaseKind.available)
    func held(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let held = try await clinic.book()
            #expect(held.status == 200)
            #expect(held["status"].string == "BOOKED")
            #expect(held["heldUntil"].string == "2026-03-10T02:40:00Z")
            let other = try await clinic.app.registerPatient()
            #expect(try await !clinic.slots(as: other).contains("10:00"))
            #expect(try await clinic.book(as: other).problemCode == "SLOT_UNAVAILABLE")
            let mine = try await clinic.app.get(
                "/api/appointments/patient/my-appointments/upcoming", as: clinic.patient)
            #expect(mine["[0].heldUntil"].string == "2026-03-10T02:40:00Z")
        }
    }

    @Test("the owner still sees the held slot, and asking again gives the same hold", arguments: DatabaseKind.available)
    func ownHold(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let held = try await clinic.book(reason: "Cough")
            #expect(try await clinic.slots().contains("10:00"))
            clinic.app.time.advance(by: .minutes(4))
            let again = try await clinic.book(reason: "Something else")
            #expect(again.status == 200)
            #expect(again["appointmentId"] == held["appointmentId"])
            #expect(again["heldUntil"] == held["heldUntil"])
            #expect(again["reason"].string == "Cough")
            #expect(try await clinic.rows() == 1)
        }
    }

    @Test("a doctor cannot confirm, begin or close a hold, but can cancel it", arguments: DatabaseKind.available)
    func doctorCannotConfirm(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            for step in ["confirm", "status?status=SCHEDULED", "status?status=IN_PROGRESS", "no-show"] {
                let refused = try await clinic.move(id, step)
                #expect(refused.status == 409)
                #expect(refused.problemCode == "PAYMENT_REQUIRED")
            }
            #expect(try await clinic.move(id, "cancel").status == 200)
            #expect(
                try await clinic.app.get("/api/appointments/doctor/unique-patients", as: clinic.doctor).text == "[]")
        }
    }

    @Test("leaving gives the slot back at once; only the owner can", arguments: DatabaseKind.available)
    func release(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            let path = "/api/appointments/\(id)/hold/release"
            let other = try await clinic.app.registerPatient()
            let foreign = try await clinic.app.send(.post, path, as: other)
            let unknown = try await clinic.app.send(.post, "/api/appointments/99999999/hold/release", as: other)
            #expect(foreign.status == 404)
            #expect(foreign["message"] == unknown["message"])
            #expect(try await clinic.app.send(.post, path, as: clinic.doctor).status == 403)
            #expect(try await clinic.app.send(.post, path).status == 401)
            #expect(try await clinic.app.send(.post, path, as: clinic.patient).status == 200)
            #expect(try await clinic.book(as: other).status == 200)
            #expect(try await clinic.messages("hold.expire").count == 1)
            let again = try await clinic.app.send(.post, path, as: clinic.patient)
            #expect(again.status == 409)
            #expect(again.problemCode == "NOT_HELD")
        }
    }

    @Test("however a hold ends, its timer goes with it", arguments: DatabaseKind.available)
    func timerGoes(kind: DatabaseKind) async throws {
        let ends: [(String, @Sendable (Clinic, Int) async throws -> Int)] = [
            ("doctor", { clinic, id in try await clinic.move(id, "cancel").status }),
            (
                "patient",
                { clinic, id in
                    try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient).status
                }
            ),
            (
                "leave",
                { clinic, _ in try await clinic.addLeave(Clinic.day, Clinic.day, affected: "cancel").status }
            ),
            (
                "desk",
                { clinic, id in
                    let admin = try await clinic.app.admin()
                    return try await clinic.app.delete("/api/appointments/admin/\(id)", as: admin).status
                }
            ),
            (
                "out",
                { clinic, _ in
                    let admin = try await clinic.app.admin()
                    let path = "/api/admin/users/\(clinic.doctor.username)/status?active=false&affected=cancel"
                    return try await clinic.app.send(.put, path, as: admin, body: "{}").status
                }
            ),
            (
                "booking",
                { clinic, _ in
                    clinic.app.time.advance(by: .minutes(10))
                    try await clinic.app.database.write { db in
                        _ = try db.run("UPDATE doctors SET payment_policy = 'PAY_LATER'")
                    }
                    return try await clinic.book(as: try await clinic.app.registerPatient()).status
                }
            ),
        ]
        for (name, end) in ends {
            try await withClinic(kind) { clinic in
                try await clinic.wantPrepayment()
                let id = try await clinic.bookedID()
                #expect(try await clinic.messages("hold.expire") == ["appointment/\(id)"])
                let status = try await end(clinic, id)
                #expect([200, 201].contains(status), "\(name)")
                #expect(try await clinic.status(id)?.hasPrefix("CANCELLED") == true, "\(name)")
                #expect(try await clinic.messages("hold.expire").isEmpty, "\(name)")
            }
        }
    }

    @Test("what is no hold cannot be released", arguments: DatabaseKind.available)
    func notHeld(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let answer = try await clinic.app.send(
                .post, "/api/appointments/\(id)/hold/release", as: clinic.patient)
            #expect(answer.problemCode == "NOT_HELD")
            #expect(try await clinic.move(id, "confirm").status == 200)
        }
    }

    @Test("a hold that has run out is free at once, and the next booking ends it", arguments: DatabaseKind.available)
    func expiredIsFree(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(10))
            let other = try await clinic.app.registerPatient()
            #expect(try await clinic.slots(as: other).contains("10:00"))
            let upcoming = try await clinic.app.get(
                "/api/appointments/patient/my-appointments/upcoming", as: clinic.patient)
            #expect(upcoming.json.list.isEmpty)
            #expect(try await clinic.move(id, "confirm").problemCode == "APPOINTMENT_INACTIVE")
            #expect(try await clinic.book(as: other).status == 200)
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].status"].string == "CANCELLED")
            #expect(mine["[0].statusChangedBy"].string == "SYSTEM")
            #expect(mine["[0].isActive"].bool == false)
            try await clinic.app.runDueWork()
            #expect(try await clinic.audited(id).filter { $0 == "CANCELLED" }.count == 1)
        }
    }

    @Test("the timer ends a hold that nobody has paid for", arguments: DatabaseKind.available)
    func timer(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(9))
            try await clinic.app.runDueWork()
            #expect(try await clinic.status(id) == "BOOKED")
            clinic.app.time.advance(by: .minutes(1))
            try await clinic.app.runDueWork()
            #expect(try await clinic.status(id) == "CANCELLED")
            #expect(try await clinic.messages("appointment.status") == ["appointment/\(id)"])
        }
    }

    @Test("a payment confirms the hold, and the timer then changes nothing", arguments: DatabaseKind.available)
    func captureFirst(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            #expect(try await clinic.capture(id))
            #expect(try await !clinic.capture(id))
            clinic.app.time.advance(by: .minutes(11))
            try await clinic.app.runDueWork()
            #expect(try await clinic.status(id) == "CONFIRMED")
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].heldUntil"].isNull)
            #expect(try await clinic.move(id, "complete").status == 200)
        }
    }

    @Test("a payment after the timer finds the slot given to somebody else", arguments: DatabaseKind.available)
    func expiryFirst(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(10))
            try await clinic.app.runDueWork()
            #expect(try await clinic.book(as: try await clinic.app.registerPatient()).status == 200)
            #expect(try await !clinic.capture(id))
            #expect(try await clinic.status(id) == "CANCELLED")
        }
    }

    @Test("a late payment still gets the slot while nobody else has it", arguments: DatabaseKind.available)
    func lateCapture(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(14))
            #expect(try await clinic.capture(id))
            try await clinic.app.runDueWork()
            #expect(try await clinic.status(id) == "CONFIRMED")
            #expect(try await clinic.book(as: try await clinic.app.registerPatient()).status == 409)
        }
    }
}

extension Clinic {
    func status(_ id: Int) async throws -> String? {
        try await app.database.read { db in try db.value("SELECT status FROM appointments WHERE id = \(id)") }
    }

    /// What the payments feature does when the money has come.
    func capture(_ id: Int) async throws -> Bool {
        try await app.database.write { [zone = app.zone] db in
            let payable = AppointmentPayable(zone: zone)
            guard try payable.lock(Int64(id), db) != nil else { return false }
            return try payable.settle(Int64(id), origin: .system("payment"), db)
        }
    }
}
