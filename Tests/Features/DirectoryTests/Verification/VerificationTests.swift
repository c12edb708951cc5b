import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Synchronization
import Testing

@testable import Directory

@Suite("Doctor verification")
struct VerificationTests {
    @Test(
        "an administrator verifies a doctor and withdraws it; both are told and logged",
        arguments: DatabaseKind.available)
    func verify(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let heard = Heard()
            app.events.subscribe(to: DoctorVerificationChanged.self) { event, _ in heard.add(event) }
            try await app.seed([doctor(10, verified: false)])
            let verified = try await app.put("/api/admin/doctors/10/verify", as: .admin)
            #expect(verified.status == 200)
            #expect(try verified.object["isVerified"] as? Bool == true)
            #expect(try verified.object["doctorId"] as? Int == 10)
            #expect(try verified.object["message"] as? String == "The doctor is verified.")
            #expect(try await app.get("/api/doctors", as: .patient).decode([DoctorResponse].self).count == 1)
            let by: Int64? = try await app.other.read { try $0.value("SELECT verified_by FROM doctors") }
            #expect(by == 1)

            #expect(try await app.post("/api/admin/doctors/10/verify", as: .admin).status == 200)
            let withdrawn = try await app.put("/api/admin/doctors/10/verify?verify=false", as: .admin)
            #expect(try withdrawn.object["isVerified"] as? Bool == false)
            #expect(try await app.get("/api/doctors", as: .patient).decode([DoctorResponse].self).isEmpty)
            #expect(try await app.post("/api/admin/doctors/10/verify", as: .admin).status == 200)
            #expect(try await app.post("/api/admin/doctors/10/unverify", as: .admin).status == 200)

            #expect(heard.states == [true, false, true, false])
            let entries: Int? = try await app.other.read {
                try $0.value("SELECT count(*) FROM audit_log WHERE entity = 'doctors' AND entity_id = '10'")
            }
            #expect(entries == 5)
        }
    }

    @Test("an unknown doctor is 404 and leaves no trace", arguments: DatabaseKind.available)
    func unknown(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let reply = try await app.put("/api/admin/doctors/10/verify", as: .admin)
            #expect(reply.status == 404)
            #expect(reply.code == "DOCTOR_NOT_FOUND")
            let entries: Int? = try await app.other.read { try $0.value("SELECT count(*) FROM audit_log") }
            #expect(entries == 0)
        }
    }

    @Test("bad input and other roles are refused")
    func refused() async throws {
        try await withDirectory(.sqlite) { app in
            try await app.seed([doctor(10)])
            #expect(try await app.put("/api/admin/doctors/10/verify").status == 401)
            #expect(try await app.put("/api/admin/doctors/10/verify", as: .doctor(10)).status == 403)
            #expect(try await app.post("/api/admin/doctors/10/unverify", as: .patient).status == 403)
            #expect(try await app.put("/api/admin/doctors/x/verify", as: .admin).field == "doctorId")
            #expect(try await app.put("/api/admin/doctors/10/verify?verify=maybe", as: .admin).field == "verify")
        }
    }

    private final class Heard: Sendable {
        private let events = Mutex<[DoctorVerificationChanged]>([])

        func add(_ event: DoctorVerificationChanged) { events.withLock { $0.append(event) } }

        var states: [Bool] { events.withLock { $0.map(\.isVerified) } }
    }
}
