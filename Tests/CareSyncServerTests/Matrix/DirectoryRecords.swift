import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// Doctors, patients and break-glass grants.
enum DirectoryRecords: MatrixFixture {
    static let requests = [
        "POST /api/break-glass": #"{"patientId":{patientId},"reason":"No relative can be reached"}"#
    ]

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let (patient, doctor) = (cast.owner.id, cast.treatingDoctor.id)
        try await app.database.write { db in
            _ = try db.run("DELETE FROM break_glass_grants WHERE patient_id = \(patient)")
        }
        var grant = 0
        for user in cast.glassBreakers {
            let opened = try await app.send(
                .post, "/api/break-glass", as: user,
                body: #"{"patientId":\#(patient),"reason":"matrix-glass-tangerine"}"#)
            grant = try #require(opened["id"].int, "\(opened.text)")
        }
        return PlantedRecords(
            values: ["doctorId": "\(doctor)", "patientId": "\(patient)"],
            ids: [
                ("/api/doctors/", "\(doctor)"), ("/api/patients/", "\(patient)"), ("/api/break-glass/", "\(grant)"),
            ],
            state: [
                "SELECT version + hours_version FROM doctors WHERE id = \(doctor)",
                "SELECT count(*) FROM break_glass_grants WHERE id <= \(grant) AND closed_at IS NULL",
            ])
    }
}
