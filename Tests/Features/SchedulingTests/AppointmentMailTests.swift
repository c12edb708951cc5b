import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

@Suite("Mails about appointments")
struct AppointmentMailTests {
    /// `PATIENT` or `DOCTOR` and the subject, of what has left since the last look.
    private static func mails(_ clinic: Clinic) async throws -> [String] {
        let people = [
            "\(clinic.patient.username)@example.org": "PATIENT", "\(clinic.doctor.username)@example.org": "DOCTOR",
        ]
        return try await clinic.app.sentMails().map { "\(people[$0.to] ?? "?") \($0.subject)" }.sorted()
    }

    private static func cancelled(_ time: String) -> [String] {
        ["DOCTOR Appointment cancelled: \(time)", "PATIENT Appointment cancelled: \(time)"]
    }

    private static let ten = "Wednesday, 11 March 2026, 10:00 (Asia/Kolkata)"

    @Test("a booking is told to both, with the clinic's time and without the reason", arguments: DatabaseKind.available)
    func booked(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.book(reason: "marzipan")
            #expect(
                try await Self.mails(clinic) == [
                    "DOCTOR New appointment: \(Self.ten)", "PATIENT Appointment booked: \(Self.ten)",
                ])
            for mail in try await clinic.app.sentMails() {
                #expect(!mail.raw.contains("marzipan"))
                #expect(mail.text.contains(Self.ten))
                #expect(mail.html.contains(Self.ten))
            }
            let patients = try await clinic.app.sentMails(to: "\(clinic.doctor.username)@example.org")
            // Not even whose appointment it is.
            #expect(patients.allSatisfy { !$0.raw.contains("Verma") })
        }
    }

    @Test("a confirmation is told to the patient, a cancellation to both", arguments: DatabaseKind.available)
    func statuses(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let (first, second) = (
                try await clinic.bookedID(), try await clinic.bookedID("\(Clinic.day)T11:00:00")
            )
            let before = try await Self.mails(clinic)
            _ = try await clinic.move(first, "confirm")
            _ = try await clinic.app.delete("/api/appointments/patient/\(second)", as: clinic.patient)
            let confirmed = "PATIENT Appointment confirmed: \(Self.ten)"
            let eleven = Self.cancelled("Wednesday, 11 March 2026, 11:00 (Asia/Kolkata)")
            #expect(try await Self.mails(clinic) == (before + [confirmed] + eleven).sorted())
            _ = try await clinic.move(first, "cancel")
            #expect(
                try await Self.mails(clinic) == (before + [confirmed] + eleven + Self.cancelled(Self.ten)).sorted())
        }
    }

    @Test("both are told that an administrator has deleted their appointment", arguments: DatabaseKind.available)
    func deleted(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let before = try await Self.mails(clinic)
            let admin = try await clinic.app.admin()
            #expect(try await clinic.app.delete("/api/appointments/admin/\(id)", as: admin).status == 200)
            #expect(try await Self.mails(clinic) == (before + Self.cancelled(Self.ten)).sorted())
        }
    }

    @Test("a doctor never hears of a held slot that is given back", arguments: DatabaseKind.available)
    func released(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            let answer = try await clinic.app.send(.post, "/api/appointments/\(id)/hold/release", as: clinic.patient)
            #expect(answer.status == 200)
            #expect(try await Self.mails(clinic) == ["PATIENT Appointment cancelled: \(Self.ten)"])
        }
    }

    @Test("a held slot is no news to the doctor until it is paid", arguments: DatabaseKind.available)
    func held(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            #expect(try await Self.mails(clinic) == ["PATIENT Please pay for your appointment: \(Self.ten)"])
            #expect(try await clinic.capture(id))
            #expect(
                try await Self.mails(clinic) == [
                    "DOCTOR New appointment: \(Self.ten)", "PATIENT Appointment confirmed: \(Self.ten)",
                    "PATIENT Please pay for your appointment: \(Self.ten)",
                ])
        }
    }

    @Test(
        "a patient is told when a hold has run out, and when late money brings it back",
        arguments: DatabaseKind.available)
    func ranOut(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(10))
            #expect(try await Self.mails(clinic) == ["PATIENT Appointment not kept: \(Self.ten)"])
            #expect(try await clinic.capture(id))
            #expect(
                try await Self.mails(clinic) == [
                    "DOCTOR New appointment: \(Self.ten)", "PATIENT Appointment confirmed after all: \(Self.ten)",
                    "PATIENT Appointment not kept: \(Self.ten)",
                ])
        }
    }

    @Test("a held slot that moves is no news, whether it is paid or not", arguments: DatabaseKind.available)
    func heldMoves(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            #expect(try await clinic.reschedule(id, to: "\(Clinic.day)T11:00:00").status == 200)
            let eleven = "Wednesday, 11 March 2026, 11:00 (Asia/Kolkata)"
            #expect(try await Self.mails(clinic) == ["PATIENT Please pay for your appointment: \(eleven)"])
            // Paid before the news of the move is looked at.
            #expect(try await clinic.reschedule(id, to: "\(Clinic.day)T12:00:00").status == 200)
            #expect(try await clinic.capture(id))
            let noon = "Wednesday, 11 March 2026, 12:00 (Asia/Kolkata)"
            let paid = [
                "DOCTOR New appointment: \(noon)", "PATIENT Appointment confirmed: \(noon)",
                "PATIENT Please pay for your appointment: \(eleven)",
            ]
            #expect(try await Self.mails(clinic) == paid)
            // From then on the doctor knows of it.
            let moved = try await clinic.reschedule(id, to: "\(Clinic.day)T15:00:00", as: clinic.doctor)
            #expect(moved.status == 200, "\(moved.text)")
            let one = "Wednesday, 11 March 2026, 15:00 (Asia/Kolkata)"
            #expect(
                try await Self.mails(clinic)
                    == (paid + ["DOCTOR Appointment moved to \(one)", "PATIENT Appointment moved to \(one)"]).sorted())
        }
    }

    @Test("two moves before a mail has left are told once, with the last time", arguments: DatabaseKind.available)
    func moved(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let before = try await Self.mails(clinic)
            for time in ["11:00", "12:00"] {
                #expect(try await clinic.reschedule(id, to: "\(Clinic.day)T\(time):00").status == 200)
            }
            let noon = "Wednesday, 11 March 2026, 12:00 (Asia/Kolkata)"
            #expect(
                try await Self.mails(clinic)
                    == (before + ["DOCTOR Appointment moved to \(noon)", "PATIENT Appointment moved to \(noon)"])
                    .sorted())
        }
    }

    @Test(
        "what is older than a day, or was undone before its mail left, is not told", arguments: DatabaseKind.available)
    func old(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.book("2026-03-20T10:00:00")
            clinic.app.time.advance(by: .seconds(86_401))
            #expect(try await Self.mails(clinic).isEmpty)
            let later = try await clinic.later(.seconds(1))
            let id = try await later.bookedID("2026-03-21T10:00:00")
            _ = try await later.app.delete("/api/appointments/patient/\(id)", as: later.patient)
            // Only that it was cancelled.
            #expect(try await Self.mails(later).allSatisfy { $0.contains("cancelled") })
        }
    }

    @Test(
        "an emergency reaches the doctor, and every administrator when it is not opened",
        arguments: DatabaseKind.available)
    func emergency(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            _ = try await clinic.emergency("Chest%20pain")
            let doctor = try await clinic.app.sentMails(to: "\(clinic.doctor.username)@example.org")
            #expect(doctor.map(\.subject) == ["Emergency: a patient needs you now"])
            clinic.app.time.advance(by: .minutes(10))
            let told = try await clinic.app.sentMails(to: "\(admin.username)@example.org")
            #expect(told.map(\.subject) == ["Emergency not opened by the doctor"])
            #expect(try await clinic.app.sentMails().allSatisfy { !$0.raw.contains("Chest") })
        }
    }

    @Test("without a way to send mail nothing piles up")
    func noMail() async throws {
        try await withApp(environment: ["CARESYNC_MAIL_URL": "off"]) { app in
            let clinic = Clinic(
                app: app, doctor: try await app.registerDoctor(), patient: try await app.registerPatient())
            _ = try await clinic.book()
            try await app.runDueWork()
            #expect(try await clinic.messages("mail.send").isEmpty)
        }
    }
}
