import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

@Suite("People who are out")
struct PeopleOutTests {
    private static let ten = "Wednesday, 11 March 2026, 10:00 (Asia/Kolkata)"
    private static let eleven = "Wednesday, 11 March 2026, 11:00 (Asia/Kolkata)"

    /// Every way to put the doctor or the patient out.
    enum Way: CaseIterable, Sendable {
        case toggleDoctor, deactivateDoctor, blockDoctor, verifyFalse, unverify
        case togglePatient, deactivatePatient, blockPatient

        var isDoctor: Bool {
            switch self {
            case .toggleDoctor, .deactivateDoctor, .blockDoctor, .verifyFalse, .unverify: true
            case .togglePatient, .deactivatePatient, .blockPatient: false
            }
        }

        /// Whether the call can be repeated without its opposite happening.
        var isRepeatable: Bool { self != .toggleDoctor && self != .togglePatient }

        func request(_ clinic: Clinic, affected: String?) -> (HTTPRequest.Method, String) {
            let (doctor, patient) = (clinic.doctor, clinic.patient)
            let (method, path): (HTTPRequest.Method, String) =
                switch self {
                case .toggleDoctor: (.put, "users/\(doctor.username)/toggle-active?")
                case .deactivateDoctor: (.put, "users/\(doctor.username)/status?active=false&")
                case .blockDoctor: (.post, "block-doctor/\(doctor.id)?")
                case .verifyFalse: (.put, "doctors/\(doctor.id)/verify?verify=false&")
                case .unverify: (.post, "doctors/\(doctor.id)/unverify?")
                case .togglePatient: (.put, "users/\(patient.username)/toggle-active?")
                case .deactivatePatient: (.put, "users/\(patient.username)/status?active=false&")
                case .blockPatient: (.post, "block-patient/\(patient.id)?")
                }
            return (method, "/api/admin/\(path)" + (affected.map { "affected=\($0)" } ?? ""))
        }
    }

    private static func put(
        _ way: Way, _ clinic: Clinic, affected: String? = nil, as admin: TestUser
    ) async throws -> TestResponse {
        let (method, path) = way.request(clinic, affected: affected)
        return try await clinic.app.send(method, path, as: admin, body: "{}")
    }

    private static func statuses(_ clinic: Clinic) async throws -> [String] {
        try await clinic.app.database.read { db in
            try db.values("SELECT status FROM appointments ORDER BY starts_at")
        }
    }

    /// Recipient and subject of what has left since the bookings.
    private static func mails(_ clinic: Clinic, after count: Int) async throws -> [String] {
        let people = [
            "\(clinic.patient.username)@example.org": "PATIENT", "\(clinic.doctor.username)@example.org": "DOCTOR",
        ]
        return try await clinic.app.sentMails().dropFirst(count).filter { $0.subject.contains("ppointment") }
            .map { "\(people[$0.to] ?? "?") \($0.subject)" }.sorted()
    }

    @Test(
        "their coming appointments are counted and stay, and the other side is told once",
        arguments: DatabaseKind.available, Way.allCases)
    func kept(_ kind: DatabaseKind, _ way: Way) async throws {
        try await withClinic(kind) { clinic in
            for time in ["10:00", "11:00"] { _ = try await clinic.bookedID("\(Clinic.day)T\(time):00") }
            let cancelled = try await clinic.bookedID("\(Clinic.day)T12:00:00")
            _ = try await clinic.app.delete("/api/appointments/patient/\(cancelled)", as: clinic.patient)
            let admin = try await clinic.app.admin()
            let before = try await clinic.app.sentMails().count
            let out = try await Self.put(way, clinic, as: admin)
            #expect(out.status == 200)
            #expect(out["affectedAppointments"].int == 2)
            #expect(try await Self.statuses(clinic) == ["BOOKED", "BOOKED", "CANCELLED_BY_PATIENT"])
            let told = [Self.ten, Self.eleven].map { time in
                way.isDoctor
                    ? "PATIENT Your appointment on \(time): please ask the clinic"
                    : "DOCTOR An appointment on \(time): the patient's account is closed"
            }
            #expect(try await Self.mails(clinic, after: before) == told.sorted())
            guard way.isRepeatable else { return }
            clinic.app.time.advance(by: .minutes(1))
            #expect(try await Self.put(way, clinic, affected: "keep", as: admin)["affectedAppointments"].int == 2)
            #expect(try await Self.mails(clinic, after: before) == told.sorted())
        }
    }

    @Test(
        "with affected=cancel the clinic cancels them, holds included, and tells each side once",
        arguments: DatabaseKind.available, Way.allCases)
    func cancelled(_ kind: DatabaseKind, _ way: Way) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            try await clinic.wantPrepayment()
            let held = try await clinic.bookedID("\(Clinic.day)T11:00:00")
            let admin = try await clinic.app.admin()
            let before = try await clinic.app.sentMails().count
            let out = try await Self.put(way, clinic, affected: "cancel", as: admin)
            #expect(out["affectedAppointments"].int == 2)
            #expect(try await Self.statuses(clinic) == ["CANCELLED", "CANCELLED"])
            for appointment in [id, held] {
                #expect(try await clinic.audited(appointment).contains("CANCELLED"))
            }
            let changedBy: [String] = try await clinic.app.database.read { db in
                try db.values("SELECT DISTINCT status_changed_by FROM appointments")
            }
            #expect(changedBy == [admin.username])
            // The doctor has never heard of the slot that was not paid.
            let told = [
                "DOCTOR Appointment cancelled: \(Self.ten)", "PATIENT Appointment cancelled: \(Self.ten)",
                "PATIENT Appointment cancelled: \(Self.eleven)",
            ]
            #expect(try await Self.mails(clinic, after: before) == told.sorted())
            guard way.isRepeatable else { return }
            clinic.app.time.advance(by: .hours(1))
            let signedIn = try await clinic.app.signIn(admin.username, admin.password, role: .admin)
            let again = try await Self.put(way, clinic, affected: "cancel", as: signedIn)
            #expect(again["affectedAppointments"].int == 0)
            #expect(try await Self.mails(clinic, after: before) == told.sorted())
        }
    }

    @Test("what is over, and what a run-out hold was, is not counted", arguments: DatabaseKind.available)
    func notComing(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let past = try await clinic.bookedID("2026-03-10T09:00:00")
            _ = try await clinic.move(past, "confirm")
            try await clinic.wantPrepayment()
            _ = try await clinic.bookedID("\(Clinic.day)T11:00:00")
            let later = try await clinic.later(.hours(4))
            let admin = try await later.app.admin()
            let out = try await Self.put(.blockDoctor, later, affected: "cancel", as: admin)
            #expect(out["affectedAppointments"].int == 0)
            #expect(try await Self.statuses(later).first == "CONFIRMED")
        }
    }

    @Test("an activated account and a verified doctor have none to settle", arguments: DatabaseKind.available)
    func back(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.bookedID()
            let admin = try await clinic.app.admin()
            for path in ["users/\(clinic.patient.username)/status?active=true", "doctors/\(clinic.doctor.id)/verify"] {
                let answer = try await clinic.app.send(.put, "/api/admin/\(path)", as: admin, body: "{}")
                #expect(answer["affectedAppointments"].int == 0)
            }
            let own = try await clinic.app.send(
                .put, "/api/admin/users/\(admin.username)/status?active=true&affected=cancel", as: admin, body: "{}")
            #expect(own["affectedAppointments"].int == 0)
            #expect(try await Self.statuses(clinic) == ["BOOKED"])
            let wrong = try await clinic.app.send(
                .post, "/api/admin/block-doctor/\(clinic.doctor.id)?affected=drop", as: admin, body: "{}")
            #expect(wrong.status == 400)
            #expect(wrong.fieldErrors == ["affected"])
        }
    }

    @Test("nobody books with a doctor who is out", arguments: DatabaseKind.available, [Way.blockDoctor, .unverify])
    func noBookings(_ kind: DatabaseKind, _ way: Way) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.bookedID()
            let admin = try await clinic.app.admin()
            _ = try await Self.put(way, clinic, as: admin)
            #expect(try await clinic.book("\(Clinic.day)T11:00:00").problemCode == "DOCTOR_UNAVAILABLE")
            #expect(try await clinic.slots().isEmpty)
        }
    }
}
