import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Everything about a patient")
struct CompleteDataTests {
    @Test(
        "a treating doctor gets profile, history, documents, allergies and medication",
        arguments: DatabaseKind.available)
    func complete(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let base = "/api/patients/\(practice.patient.id)"
            _ = try await practice.app.send(
                .put, base + "/allergies", as: practice.patient, body: #"[{"substance":"Dust"}]"#)
            var entry = practice.entry
            entry.appointmentId = practice.appointment
            _ = try await practice.written(entry)
            entry.visitDate = "2026-03-09"
            entry.appointmentId = nil
            _ = try await practice.written(entry)
            let data = try await practice.app.get(base + "/complete-data", as: practice.doctor)
            #expect(data.status == 200, "\(data.text)")
            #expect(data["patient.id"].int == Int(practice.patient.id))
            #expect(data["patient.firstName"].string == "Asha")
            #expect(data["patient.completionPercentage"].int != nil)
            #expect(data["medicalHistory"].list.map { $0["visitDate"].string } == ["2026-03-10", "2026-03-09"])
            #expect(
                data["medicalHistory"].list.map { $0["appointmentDate"].string } == [
                    "2026-03-11T10:00:00", "2026-03-09",
                ])
            #expect(data["medicalHistory[0].doctorName"].string == "Meera Iyer")
            #expect(data["medicalHistory[0].doctorContactInfo"].string == "+91 11")
            #expect(data["documents"].list.isEmpty)
            #expect(data["allergies"].list.map { $0["substance"].string } == ["Dust"])
            #expect(data["medications"].list.isEmpty)
            #expect(try await practice.audited("complete_data") == ["READ_PHI"])
        }
    }

    @Test("nobody else does", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let path = "/api/patients/\(practice.patient.id)/complete-data"
            let doctor = try await practice.app.registerDoctor()
            for user in [practice.patient, doctor, try await practice.app.admin()] {
                #expect(try await practice.app.get(path, as: user).status == 403)
            }
            #expect(try await practice.app.get("/api/patients/987654321/complete-data", as: doctor).status == 403)
            try await practice.breakGlass(doctor)
            #expect(try await practice.app.get(path, as: doctor).status == 200)
        }
    }
}
