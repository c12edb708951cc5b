import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

/// Many callers at once, and a checker that looks at the table alone and knows nothing of the service.
@Suite("Booking races")
struct BookingRaceTests {
    private static let racers = 500

    /// Everybody asks for the same slot. Half of them send a key: they take turns with nobody, as callers of another node
    /// would not.
    private func contend(for clinic: Clinic, among patients: [TestUser]) async throws -> [Int] {
        try await race(Array(patients.enumerated())) { number, patient in
            try await clinic.book(as: patient, key: number % 2 == 0 ? "race-\(number)" : nil).status
        }
    }

    @Test("of 500 racers for one slot exactly one wins", arguments: DatabaseKind.available)
    func oneSlot(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let patients = try await clinic.crowd(Self.racers)
            let statuses = try await contend(for: clinic, among: patients)
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 409 }.count == Self.racers - 1)
            #expect(try await clinic.rows() == 1)
            #expect(try await clinic.overlaps() == 0)
        }
    }

    @Test("mixed bookings, cancellations and status changes never overlap", arguments: DatabaseKind.available)
    func mixed(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            let patients = try await clinic.crowd(40)
            let times = try await clinic.slots().prefix(6).map { "\(Clinic.day)T\($0):00" }
            let turns = (0..<Self.racers).map { $0 }
            let statuses = try await race(turns) { turn -> Int in
                let patient = patients[turn % patients.count]
                let doctor = turn % 3 == 0 ? colleague : clinic.doctor
                let answer = try await clinic.book(times[turn % times.count], as: patient, doctor: doctor)
                guard answer.status == 200, let id = answer["appointmentId"].int else { return answer.status }
                switch turn % 4 {
                case 0: return try await clinic.app.delete("/api/appointments/patient/\(id)", as: patient).status
                case 1: return try await clinic.move(id, "confirm", as: doctor).status
                case 2: return try await clinic.move(id, "cancel", as: doctor).status
                default: return answer.status
                }
            }
            #expect(Set(statuses).isSubset(of: [200, 409]))
            #expect(try await clinic.overlaps() == 0)
        }
    }

    @Test("the same race without the constraint is caught overlapping", arguments: DatabaseKind.available)
    func negativeControl(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.dropOverlapRules()
            let patients = try await clinic.crowd(20)
            let statuses = try await contend(for: clinic, among: patients)
            #expect(statuses.filter { $0 == 200 }.count > 1)
            #expect(try await clinic.overlaps() > 0)
        }
    }

    @Test(
        "of 100 parallel bookings with one key, one is made and all get its answer", arguments: DatabaseKind.available)
    func oneKey(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let answers = try await race(Array(0..<100)) { _ in try await clinic.book(key: "double-click") }
            #expect(Set(answers.map(\.status)) == [200])
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(try await clinic.rows() == 1)
        }
    }
}
