import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// Doctors with what they have done, patients and break-glass grants.
enum DirectoryRecords: MatrixFixture {
    private static let address = "http://127.0.0.1:8080/api/files/view/1?sig=matrix"
    private static let picture = "?imageUrl=\(address)"
    private static let profile = "/api/doctors/profile/{username}"

    static let requests = [
        "POST /api/break-glass": #"{"patientId":{patientId},"reason":"No relative can be reached"}"#,
        "PUT \(profile)": #"{"address":"12 Neem Road"}"#,
        "PUT \(profile)/image": picture,
        "POST \(profile)/experiences": #"{"hospitalName":"Neem Hospital","position":"Head","yearsOfService":3}"#,
        "POST \(profile)/educations": #"{"degree":"MD","institution":"Neem College","yearOfCompletion":2009}"#,
        "POST \(profile)/certificates": #"{"name":"Board","url":"https://board.example/1"}"#,
        "PUT /api/patients/{id}/profile": #"{"gender":"Female"}"#,
        "PUT /api/patients/{id}/illness-details": #"{"illnessDetails":"matrix-illness-xylophone"}"#,
        "PUT /api/patients/{id}/contact-info": #"{"contactInfo":"+91 9000077731"}"#,
        "PUT /api/patients/{id}/profile-image": picture,
        "PUT /api/patients/profile/{username}/image": picture,
        "PUT /api/patients/{id}/consents": #"{"assistant":true}"#,
    ]

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let (patient, doctor) = (cast.owner.id, cast.treatingDoctor.id)
        try await app.database.write { db in
            try db.run("DELETE FROM break_glass_grants WHERE patient_id = \(patient)")
            try db.run("UPDATE patients SET profile_image_url = \(address) WHERE id = \(patient)")
            try db.run("UPDATE doctors SET profile_image_url = \(address) WHERE id = \(doctor)")
        }
        var grant = 0
        for user in cast.glassBreakers {
            let opened = try await app.send(
                .post, "/api/break-glass", as: user,
                body: #"{"patientId":\#(patient),"reason":"matrix-glass-tangerine"}"#)
            grant = try #require(opened["id"].int, "\(opened.text)")
        }
        let entries = try await plantEntries(of: doctor, in: app)
        return PlantedRecords(
            values: [
                "doctorId": "\(doctor)", "patientId": "\(patient)", "experienceId": "\(entries[0])",
                "educationId": "\(entries[1])", "certificateId": "\(entries[2])",
            ],
            usernames: [("/api/patients/", cast.owner.username)],
            ids: [
                ("/api/doctors/", "\(doctor)"), ("/api/patients/", "\(patient)"), ("/api/break-glass/", "\(grant)"),
            ],
            state: [
                "SELECT version + hours_version FROM doctors WHERE id = \(doctor)",
                "SELECT revision FROM doctors WHERE id = \(doctor)",
                "SELECT version FROM patients WHERE id = \(patient)",
                "SELECT count(*) FROM patient_consents WHERE patient_id = \(patient)",
                "SELECT count(*) FROM break_glass_grants WHERE id <= \(grant) AND closed_at IS NULL",
            ])
    }

    /// An experience, an education and a certificate.
    private static func plantEntries(of doctor: Int64, in app: TestApp) async throws -> [Int64] {
        try await app.database.write { db in
            for table: SQL in ["doctor_experiences", "doctor_educations", "doctor_certificates"] {
                try db.run("DELETE FROM \(table) WHERE doctor_id = \(doctor)")
            }
            let insertions: [SQL] = [
                """
                INSERT INTO doctor_experiences (doctor_id, hospital_name, position, years_of_service)
                VALUES (\(doctor), 'Neem Hospital', 'Head', 3) RETURNING id
                """,
                """
                INSERT INTO doctor_educations (doctor_id, degree, institution, year_of_completion)
                VALUES (\(doctor), 'MD', 'Neem College', 2009) RETURNING id
                """,
                """
                INSERT INTO doctor_certificates (doctor_id, name, url)
                VALUES (\(doctor), 'Board', 'https://board.example/1') RETURNING id
                """,
            ]
            return try insertions.map { try db.value($0) ?? 0 }
        }
    }
}
