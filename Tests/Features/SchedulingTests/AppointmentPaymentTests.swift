import CareSyncCore
import CareSyncTesting
import FeatureContract
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

@Suite("Paying for appointments")
struct AppointmentPaymentTests {
    @Test("every shape tells what is still to be paid", arguments: DatabaseKind.available)
    func amountDue(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let free = try await clinic.book("2026-03-11T09:00:00")
            #expect(free["amountDue"].isNull)
            try await clinic.charge()
            let booked = try await clinic.book("2026-03-11T10:00:00")
            #expect(booked["amountDue"].double == 500)
            #expect(booked["heldUntil"].isNull)
            #expect(booked["cancellationTerms"].list.map { $0["refundPercent"].int } == [100, 50])
            let id = try #require(booked["appointmentId"].int)
            let admin = try await clinic.app.admin()
            func shown() async throws -> [Double?] {
                let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
                let theirs = try await clinic.app.get("/api/appointments/doctor/my-patients", as: clinic.doctor)
                let desk = try await clinic.app.get("/api/appointments/admin/\(id)", as: admin)
                return [mine["[1].amountDue"].double, theirs["[1].amountDue"].double, desk["amountDue"].double]
            }
            #expect(try await shown() == [500, 500, 500])
            // Neither the fee nor the terms of what is booked change afterwards.
            try await clinic.charge(70_000)
            #expect(try await clinic.setHours(#"{"cancellationTerms":[]}"#).status == 200)
            #expect(try await shown() == [500, 500, 500])
            #expect(try await clinic.book("2026-03-11T11:00:00")["amountDue"].double == 700)
            #expect(try await clinic.payable(id)?.terms == .standard)
            #expect(try await clinic.move(id, "cancel").status == 200)
            #expect(try await shown() == [nil, nil, nil])
        }
    }

    @Test("money for what is paid later changes nothing else, and is taken once", arguments: DatabaseKind.available)
    func payLater(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.charge()
            let id = try await clinic.bookedID()
            let due = try #require(try await clinic.payable(id))
            #expect(due.standing == .due && due.amount == Money(minorUnits: 50_000) && due.heldUntil == nil)
            #expect(due.title.hasPrefix("Consultation with Dr. "))
            #expect(try await clinic.capture(id))
            #expect(try await !clinic.capture(id))
            #expect(try await clinic.status(id) == "BOOKED")
            #expect(try await clinic.payable(id)?.standing == .paid)
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].amountDue"].isNull)
            #expect(mine["[0].status"].string == "BOOKED")
            // All of it went back: it is to be paid again.
            try await clinic.app.database.write { [zone = clinic.app.zone] db in
                try AppointmentPayable(zone: zone).refunded(Int64(id), db)
            }
            #expect(try await clinic.payable(id)?.standing == .due)
        }
    }

    @Test("what has taken place can still be paid for, what has not cannot", arguments: DatabaseKind.available)
    func standing(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.charge()
            let done = try await clinic.bookedID("2026-03-11T09:00:00")
            let missed = try await clinic.bookedID("2026-03-11T10:00:00")
            let lapsed = try await clinic.bookedID("2026-03-11T11:00:00")
            #expect(try await clinic.move(done, "confirm").status == 200)
            let later = try await clinic.later(.hours(30))
            #expect(try await later.move(done, "complete").status == 200)
            #expect(try await later.move(missed, "no-show").status == 200)
            #expect(try await clinic.payable(done)?.standing == .due)
            #expect(try await clinic.payable(missed)?.standing == .over)
            #expect(try await !clinic.capture(missed))
            #expect(try await clinic.capture(lapsed))
            try await clinic.app.database.write { db in
                _ = try db.run("UPDATE appointments SET is_active = FALSE WHERE id = \(AppointmentID(Int64(lapsed)))")
            }
            #expect(try await clinic.payable(lapsed)?.standing == .over)
            #expect(try await clinic.payable(99_999_999) == nil)
            #expect(try await clinic.payable(0) == nil)
        }
    }

    @Test("a move carries the payment along", arguments: DatabaseKind.available)
    func moved(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            #expect(try await clinic.capture(id))
            let moved = try await clinic.reschedule(id, to: "\(Clinic.day)T15:00:00", as: clinic.doctor)
            #expect(moved.status == 200)
            #expect(moved["appointmentId"].int == id)
            #expect(moved["amountDue"].isNull)
            #expect(try await clinic.payable(id)?.standing == .paid)
        }
    }

    @Test("a doctor sees payments of their own appointments once they know of them", arguments: DatabaseKind.available)
    func visible(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            let colleague = try await clinic.app.registerDoctor()
            func sees(_ doctor: TestUser) async throws -> Bool {
                try await clinic.app.database.read { [zone = clinic.app.zone] db in
                    try AppointmentPayable(zone: zone).isVisible(Int64(id), to: doctor.doctorID, db)
                }
            }
            #expect(try await !sees(clinic.doctor))
            #expect(try await clinic.capture(id))
            #expect(try await sees(clinic.doctor))
            #expect(try await !sees(colleague))
        }
    }

    @Test("money finds the newest appointment that waits for just that sum", arguments: DatabaseKind.available)
    func unpaid(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.charge()
            let since = clinic.app.time.now
            func found(_ amount: Int64, since: Instant) async throws -> Int64? {
                let patient = clinic.patient.patientID
                return try await clinic.app.database.read { [zone = clinic.app.zone] db in
                    try AppointmentPayable(zone: zone)
                        .unpaid(of: patient, amount: Money(minorUnits: amount), since: since, db)
                }
            }
            #expect(try await found(50_000, since: since) == nil)
            let first = try await clinic.bookedID("2026-03-11T12:00:00")
            clinic.app.time.advance(by: .minutes(1))
            let second = try await clinic.bookedID("2026-03-11T09:00:00")
            #expect(try await found(50_000, since: since) == Int64(second))
            #expect(try await found(50_001, since: since) == nil)
            #expect(try await clinic.capture(second))
            #expect(try await found(50_000, since: since) == Int64(first))
            #expect(try await found(50_000, since: clinic.app.time.now) == nil)
        }
    }
}

extension Clinic {
    /// As the payments feature sees an appointment.
    func payable(_ id: Int) async throws -> PayableState? {
        try await app.database.read { [zone = app.zone] db in
            try AppointmentPayable(zone: zone).find(Int64(id), db)
        }
    }

    /// The doctor asks another fee, in paise.
    func charge(_ paise: Int64) async throws {
        let id = doctor.doctorID
        try await app.database.write { db in
            _ = try db.run("UPDATE doctors SET consultation_fee = \(paise) WHERE id = \(id)")
        }
    }
}
