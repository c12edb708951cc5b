import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

/// Bookings and the deactivation of their doctor or patient at the same moment.
@Suite("People who are put out while they are booked")
struct OutRaceTests {
    private static let times = ["09:00", "10:00", "11:00", "12:00", "15:00", "16:00"]

    /// Standing appointments of somebody whose account is not active.
    private static let leftOver: SQL = """
        SELECT count(*) FROM appointments a
        WHERE a.status = 'BOOKED'
          AND EXISTS (SELECT 1 FROM users u WHERE u.id IN (a.doctor_id, a.patient_id) AND NOT u.is_active)
        """

    @Test("nothing stands that was booked past a deactivation which cancels", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let admin = try await clinic.app.admin()
            var won = 0
            for round in 0..<12 {
                let doctor = try await clinic.app.registerDoctor()
                let patient = try await clinic.app.registerPatient()
                let out = round.isMultiple(of: 2) ? doctor.username : patient.username
                let booked = try await withThrowingTaskGroup(of: Int.self) { group in
                    for time in Self.times {
                        group.addTask {
                            try await clinic.book("\(Clinic.day)T\(time):00", as: patient, doctor: doctor).status
                        }
                    }
                    group.addTask {
                        let path = "/api/admin/users/\(out)/status?active=false&affected=cancel"
                        let answer = try await clinic.app.send(.put, path, as: admin, body: "{}")
                        #expect(answer.status == 200, "\(answer.text)")
                        return 0
                    }
                    return try await group.reduce(into: 0) { $0 += $1 == 200 ? 1 : 0 }
                }
                won += booked
                let left = try await clinic.app.database.read { db in try db.value(Self.leftOver) ?? -1 }
                #expect(left == 0, "round \(round)")
            }
            // Otherwise the deactivations all came first, and nothing was tried.
            #expect(won > 0)
        }
    }

    @Test("an appointment that was left over would be seen", arguments: DatabaseKind.available)
    func control(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            _ = try await clinic.bookedID("\(Clinic.day)T10:00:00")
            let id = clinic.doctor.doctorID
            let left = try await clinic.app.database.write { db in
                try db.run("UPDATE users SET is_active = FALSE WHERE id = \(id)")
                return try db.value(Self.leftOver) ?? -1
            }
            #expect(left == 1)
        }
    }
}
