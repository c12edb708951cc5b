import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Scheduling

@Suite("Reminders")
struct ReminderTests {
    private static let start = "2026-03-20T10:00:00"

    /// Reminders that have left by a moment of the clinic's clock.
    private static func reminders(_ clinic: Clinic, by date: String, _ clock: String) async throws -> [String] {
        clinic.app.time.set(to: try clinic.app.zone.testInstant(date, clock))
        return try await clinic.app.sentMails().map(\.subject).filter { $0.hasPrefix("Reminder") }
    }

    @Test("a patient is reminded once, at the same hour of the day before", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID(Self.start)
            try await clinic.app.runDueWork()
            // Confirming changes the appointment and not its reminder.
            _ = try await clinic.move(id, "confirm")
            #expect(try await Self.reminders(clinic, by: "2026-03-19", "09:59").isEmpty)
            let expected = ["Reminder: appointment Friday, 20 March 2026, 10:00 (Asia/Kolkata)"]
            #expect(try await Self.reminders(clinic, by: "2026-03-19", "10:00") == expected)
            #expect(try await Self.reminders(clinic, by: "2026-03-21", "10:00") == expected)
        }
    }

    @Test("a moved appointment is reminded of at its new time only", arguments: DatabaseKind.available)
    func moved(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID(Self.start)
            try await clinic.app.runDueWork()
            #expect(try await clinic.reschedule(id, to: "2026-03-24T15:00:00").status == 200)
            #expect(try await Self.reminders(clinic, by: "2026-03-19", "10:00").isEmpty)
            #expect(
                try await Self.reminders(clinic, by: "2026-03-23", "15:00")
                    == ["Reminder: appointment Tuesday, 24 March 2026, 15:00 (Asia/Kolkata)"])
        }
    }

    @Test("a cancelled appointment is not reminded of", arguments: DatabaseKind.available)
    func cancelled(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID(Self.start)
            try await clinic.app.runDueWork()
            #expect(try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient).status == 200)
            #expect(try await Self.reminders(clinic, by: "2026-03-19", "10:00").isEmpty)
        }
    }

    @Test("nobody is reminded of what a person who is out may not keep", arguments: DatabaseKind.available)
    func out(_ kind: DatabaseKind) async throws {
        let outs: [@Sendable (Clinic) -> SQL] = [
            { "UPDATE doctors SET is_verified = FALSE WHERE id = \($0.doctor.id)" },
            { "UPDATE doctors SET is_active = FALSE WHERE id = \($0.doctor.id)" },
            { "UPDATE users SET is_active = FALSE WHERE id = \($0.patient.id)" },
        ]
        for out in outs {
            try await withClinic(kind) { clinic in
                _ = try await clinic.bookedID(Self.start)
                try await clinic.app.runDueWork()
                #expect(try await clinic.app.database.write { db in try db.run(out(clinic)) } == 1)
                #expect(try await Self.reminders(clinic, by: "2026-03-19", "10:00").isEmpty)
            }
        }
    }

    @Test(
        "an appointment of the next hours has no reminder, and a late one is not sent",
        arguments: DatabaseKind.available)
    func late(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.book("2026-03-10T15:00:00")
            _ = try await clinic.book(Self.start)
            try await clinic.app.runDueWork()
            #expect(try await Self.reminders(clinic, by: "2026-03-10", "16:00").isEmpty)
            // The worker was away until the appointment had begun.
            #expect(try await Self.reminders(clinic, by: "2026-03-20", "10:00").isEmpty)
        }
    }
}
