import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// What doctors and administrators see of patients whose key is gone.
@Suite("Erased patients")
struct ErasedPatientTests {
    /// Does something to the first patient's key; the second patient keeps theirs. New memory, as after a restart.
    private static func after(
        _ change: SQL, _ kind: DatabaseKind,
        _ body: @escaping @Sendable (_ app: TestApp, _ clinic: Clinic, _ appointments: [Int]) async throws -> Void
    ) async throws {
        try await withClinic(kind) { clinic in
            let other = try await clinic.app.registerPatient(["firstName": "Kamala", "lastName": "Nair"])
            let ids = [
                try await clinic.bookedID(), try await clinic.bookedID("\(Clinic.day)T11:00:00", as: other),
            ]
            try await clinic.app.database.write { [patient = clinic.patient.id] db in
                _ = try db.run("\(change) WHERE patient_id = \(patient)")
            }
            try await clinic.app.restarted([:]) { app in try await body(app, clinic, ids) }
        }
    }

    @Test("an erased patient shows as erased, in lists and in details", arguments: DatabaseKind.available)
    func erased(_ kind: DatabaseKind) async throws {
        let erase: SQL = "UPDATE patient_keys SET wrapped = NULL, erased_at = created_at"
        try await Self.after(erase, kind) { app, clinic, ids in
            let list = try await app.get("/api/appointments/doctor/my-patients", as: clinic.doctor)
            #expect(list.status == 200)
            #expect(list["[0].patientName"].string == "Erased patient")
            #expect(list["[0].reason"].isNull && list["[0].patientIllnessDetails"].isNull)
            #expect(list["[0].status"].string == "BOOKED")
            #expect(list["[1].patientName"].string == "Kamala Nair")
            #expect(list["[1].reason"].string == "Check-up")
            let patients = try await app.get("/api/appointments/doctor/unique-patients", as: clinic.doctor)
            #expect(Set(patients.json.list.compactMap { $0["firstName"].string }) == ["Erased", "Kamala"])
            let admin = try await app.admin()
            let detail = try await app.get("/api/appointments/admin/\(ids[0])", as: admin)
            #expect(detail.status == 200)
            #expect(detail["patientName"].string == "Erased patient")
            #expect(detail["reason"].isNull)
            let left = try await app.send(
                .put, "/api/appointments/doctor/\(ids[0])/cancel", as: clinic.doctor, body: "{}")
            #expect(left["status"].string == "CANCELLED_BY_DOCTOR")
            #expect(!app.logs.text.contains("patient_keys.wrapped"))
        }
    }

    @Test(
        "a lost key empties its row of a list, and is an integrity failure in a detail",
        arguments: DatabaseKind.available)
    func lost(_ kind: DatabaseKind) async throws {
        try await Self.after("DELETE FROM patient_keys", kind) { app, clinic, ids in
            let list = try await app.get("/api/appointments/doctor/my-patients", as: clinic.doctor)
            #expect(list.status == 200)
            #expect(list["[0].appointmentId"].int == ids[0])
            #expect(list["[0].patientName"].isNull && list["[0].reason"].isNull)
            #expect(list["[1].patientName"].string == "Kamala Nair")
            let patients = try await app.get("/api/appointments/doctor/unique-patients", as: clinic.doctor)
            let lost = patients.json.list.first { $0["id"].int == Int(clinic.patient.id) }
            #expect(lost?["firstName"].isNull == true && lost?["contactInfo"].isNull == true)
            #expect(patients.json.list.count == 2)
            #expect(app.logs.text.contains("patient_keys.wrapped, row \(clinic.patient.id)"))
            let admin = try await app.admin()
            let detail = try await app.get("/api/appointments/admin/\(ids[0])", as: admin)
            #expect(detail.status == 500)
            #expect(detail.problemCode == "DATA_INTEGRITY")
            #expect(try await app.get("/api/appointments/admin/\(ids[1])", as: admin).status == 200)
        }
    }
}
