import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// An entry of the owner's history by the treating doctor, with an amendment, a prescription and the owner's lists.
enum MedicalRecords: MatrixFixture {
    private static let entry =
        #"{"patientId":{patientId},"visitDate":"2026-03-10","symptoms":"Cough","diagnosis":"Cold"}"#

    static let requests = [
        "POST /api/medical-history": entry,
        "POST /api/medical-history/with-doctor": entry,
        "PUT /api/medical-history/{id}": #"{"notes":"More"}"#,
        "POST /api/medical-history/{id}/amendments": #"{"text":"More"}"#,
        "GET /api/medical-history/patient/{patientId}/by-date-range": "?startDate=2026-01-01&endDate=2026-03-10",
        "POST /api/patients/{patientId}/medical-history": #"{"visitDate":"2026-03-10","symptoms":"Cough"}"#,
        "GET /api/patients/{patientId}/medical-history/date-range": "?startDate=2026-01-01&endDate=2026-03-10",
        "PUT /api/patients/medical-history/{historyId}": #"{"notes":"More"}"#,
        "PUT /api/patients/{id}/allergies": #"[{"substance":"Dust"}]"#,
        "PUT /api/patients/{id}/medications": #"[{"medicine":"Metformin"}]"#,
        "POST /api/vitals": #"{"patientId":{patientId},"weight":70}"#,
    ]

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let (patient, doctor) = (cast.owner, cast.treatingDoctor)
        try await app.database.write { db in
            let mine: SQL = "SELECT id FROM medical_histories WHERE patient_id = \(patient.id)"
            for table in ["medical_history_versions", "medical_history_amendments", "prescription_codes"] {
                try db.run("DELETE FROM \(SQL(stringLiteral: table)) WHERE history_id IN (\(mine))")
            }
            try db.run("DELETE FROM medical_histories WHERE patient_id = \(patient.id)")
            try db.run("DELETE FROM vitals WHERE patient_id = \(patient.id)")
        }
        let written = try await app.send(
            .post, "/api/medical-history", as: doctor,
            body: """
                {"patientId":\(patient.id),"visitDate":"2026-03-10","symptoms":"matrix-symptoms-kazoo",\
                "diagnosis":"matrix-diagnosis-lozenge","prescription":[{"medicine":"matrix-medicine-dulcimer"}]}
                """)
        let id = try #require(written["id"].int, "\(written.text)")
        let code = try #require(written["prescriptionUrl"].string?.split(separator: "/").last)
        let amended = try await app.post(
            "/api/medical-history/\(id)/amendments", as: doctor, json: ["text": "matrix-amendment-gazebo"])
        try #require(amended.status == 201, "\(amended.text)")
        for (list, body) in [
            ("allergies", #"[{"substance":"matrix-allergy-zither"}]"#),
            ("medications", #"[{"medicine":"matrix-medication-pretzel"}]"#),
        ] {
            let set = try await app.send(.put, "/api/patients/\(patient.id)/\(list)", as: patient, body: body)
            try #require(set.status == 200, "\(set.text)")
        }
        return PlantedRecords(
            values: ["historyId": "\(id)", "diagnosis": "lozenge", "code": String(code)],
            ids: [("/api/medical-history/", "\(id)")],
            state: [
                "SELECT version FROM medical_histories WHERE id = \(id)",
                "SELECT count(*) FROM medical_histories WHERE patient_id = \(patient.id)",
                "SELECT count(*) FROM medical_history_amendments WHERE history_id = \(id)",
                "SELECT count(*) FROM vitals WHERE patient_id = \(patient.id)",
            ])
    }
}
