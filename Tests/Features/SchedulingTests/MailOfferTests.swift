import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

/// rules/mail 4: what mails about appointments tell their readers to do.
@Suite("Offers in mails about appointments")
struct MailOfferTests {
    private static let day = "Wednesday, 11 March 2026"

    private static func mail(_ clinic: Clinic, to user: TestUser, _ subject: String) async throws -> String {
        let mails = try await clinic.app.sentMails(to: "\(user.username)@example.org")
        return try #require(mails.first { $0.subject.hasPrefix(subject) }, "\(mails.map(\.subject))").text
    }

    @Test("a patient is told to move only what may still be moved", arguments: DatabaseKind.available)
    func patient(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let booked = try await Self.mail(clinic, to: clinic.patient, "Appointment booked")
            #expect(booked.contains("to see the appointment, to move it or to cancel it."))
            #expect(try await clinic.move(id, "confirm").status == 200)
            let confirmed = try await Self.mail(clinic, to: clinic.patient, "Appointment confirmed")
            #expect(confirmed.contains("to see the appointment or to cancel it."))
            #expect(!confirmed.contains("move"))
            let time = "\(Clinic.day)T12:00:00"
            #expect(try await clinic.reschedule(id, to: time).problemCode == "ILLEGAL_TRANSITION")
            #expect(try await clinic.reschedule(id, to: time, as: clinic.doctor).status == 200)
            let moved = try await Self.mail(clinic, to: clinic.patient, "Appointment moved to \(Self.day), 12:00")
            #expect(moved.contains("to see the appointment or to cancel it."))

            let other = try await clinic.bookedID("\(Clinic.day)T15:00:00")
            #expect(try await clinic.move(other, "status?status=SCHEDULED").status == 200)
            let later = "\(Clinic.day)T16:00:00"
            #expect(try await clinic.reschedule(other, to: later, as: clinic.doctor).status == 200)
            let scheduled = try await Self.mail(clinic, to: clinic.patient, "Appointment moved to \(Self.day), 16:00")
            #expect(scheduled.contains("to see the appointment."))
        }
    }

    @Test("a doctor is told to confirm only what is not confirmed yet", arguments: DatabaseKind.available)
    func doctor(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.book()
            #expect(
                try await Self.mail(clinic, to: clinic.doctor, "New appointment: \(Self.day), 10:00").contains(
                    "see and confirm it"))
            try await clinic.wantPrepayment()
            #expect(try await clinic.capture(try await clinic.bookedID("\(Clinic.day)T11:00:00")))
            let paid = try await Self.mail(clinic, to: clinic.doctor, "New appointment: \(Self.day), 11:00")
            #expect(!paid.contains("confirm it"))
        }
    }

    @Test(
        "an emergency is told with the emergency number, and offers nothing that is refused",
        arguments: DatabaseKind.available)
    func emergency(_ kind: DatabaseKind) async throws {
        try await withClinic(kind, environment: ["CARESYNC_EMERGENCY_NUMBER": "108"]) { clinic in
            #expect(try await clinic.emergency("Pain").status == 200)
            let mail = try await Self.mail(clinic, to: clinic.patient, "Emergency appointment")
            #expect(mail.contains("call 108 now"))
            #expect(!mail.contains("move it") && !mail.contains("cancel it"))
            let subjects = try await clinic.app.sentMails(to: "\(clinic.patient.username)@example.org").map(\.subject)
            #expect(!subjects.contains { $0.hasPrefix("Appointment booked") })
        }
    }

    @Test("somebody whose account is closed is not told to sign in", arguments: DatabaseKind.available)
    func closed(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            try await clinic.app.runDueWork()
            try await clinic.app.database.write { [patient = clinic.patient.id] db in
                _ = try db.run("UPDATE users SET is_active = FALSE WHERE id = \(patient)")
            }
            #expect(try await clinic.move(id, "cancel").status == 200)
            let mail = try await Self.mail(clinic, to: clinic.patient, "Appointment cancelled")
            #expect(!mail.contains("Sign in"))
        }
    }
}
