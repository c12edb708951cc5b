import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

/// rules/appointments 2: asking for what is there already.
@Suite("Repeated changes of status")
struct RepeatedStatusTests {
    /// Everything that a change leaves behind.
    private static func traces(_ id: Int, _ clinic: Clinic) async throws -> [String] {
        try await clinic.app.database.read { db in
            try db.values("SELECT CAST(version AS text) || ' ' || status FROM appointments WHERE id = \(id)")
                + db.values("SELECT CAST(count(*) AS text) FROM audit_log")
                + db.values("SELECT CAST(count(*) AS text) FROM outbox")
        }
    }

    private static func put(_ status: AppointmentStatus, _ id: Int, _ clinic: Clinic) async throws {
        try await clinic.app.database.write { db in
            _ = try db.run(
                "UPDATE appointments SET status = \(status), is_active = \(!status.isCancelled) WHERE id = \(id)")
        }
    }

    @Test(
        "a doctor who asks for the status that is there gets 200, and nothing happens",
        arguments: DatabaseKind.available)
    func doctor(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            let routes: [AppointmentStatus: String] = [
                .confirmed: "confirm", .completed: "complete", .cancelledByDoctor: "cancel?reason=Again",
                .noShow: "no-show",
            ]
            for status in AppointmentStatus.allCases {
                try await Self.put(status, id, clinic)
                let before = try await Self.traces(id, clinic)
                for step in ["status?status=\(status.rawValue)&reason=Again", routes[status]].compactMap({ $0 }) {
                    let answer = try await clinic.move(id, step)
                    #expect(answer.status == 200, "\(status): \(answer.text)")
                    #expect(answer["status"].string == status.rawValue)
                    #expect(answer["cancellationReason"].isNull)
                }
                #expect(try await Self.traces(id, clinic) == before, "\(status)")
            }
            // The published client's word for what the doctor has done.
            try await Self.put(.cancelledByDoctor, id, clinic)
            #expect(try await clinic.move(id, "status?status=CANCELLED").status == 200)
            for ended in [AppointmentStatus.cancelled, .cancelledByPatient] {
                try await Self.put(ended, id, clinic)
                #expect(try await clinic.move(id, "cancel").problemCode == "ILLEGAL_TRANSITION")
            }
        }
    }

    @Test(
        "a patient who cancels twice gets the same answer twice, and nobody is told again",
        arguments: DatabaseKind.available)
    func patient(_ kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let id = try await clinic.bookedID()
            func cancel() async throws -> TestResponse {
                try await clinic.app.delete("/api/appointments/patient/\(id)?reason=Well", as: clinic.patient)
            }
            let first = try await cancel()
            #expect(first.status == 200)
            let before = try await Self.traces(id, clinic)
            let second = try await cancel()
            #expect(second.status == 200)
            #expect(second.json == first.json)
            #expect(try await Self.traces(id, clinic) == before)
            // What somebody else has ended is not what the patient asked for.
            try await Self.put(.cancelledByDoctor, id, clinic)
            #expect(try await cancel().problemCode == "ILLEGAL_TRANSITION")
        }
    }
}
