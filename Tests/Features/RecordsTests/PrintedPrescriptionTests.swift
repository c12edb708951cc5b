import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Printed prescriptions of entries")
struct PrintedPrescriptionTests {
    private static func print(_ id: Int, as user: TestUser, in app: TestApp) async throws -> TestResponse {
        try await app.get("/api/medical-history/\(id)/prescription.pdf", as: user)
    }

    @Test(
        "doctor and patient print what was prescribed, with whom to ask and what to beware of",
        arguments: DatabaseKind.available)
    func prints(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let doctor = practice.doctor.id
            try await practice.app.database.write { db in
                try db.run(
                    """
                    INSERT INTO doctor_educations (doctor_id, degree, institution, year_of_completion)
                    VALUES (\(doctor), 'MD', 'Pune', 2008), (\(doctor), 'MBBS', 'Pune', 2004)
                    """)
                try db.run(
                    """
                    INSERT INTO doctor_certificates (doctor_id, name, url, credential_id)
                    VALUES (\(doctor), 'Registration', '', 'KMC 12345')
                    """)
            }
            _ = try await practice.app.send(
                .put, "/api/patients/\(practice.patient.id)/allergies", as: practice.patient,
                body: #"[{"substance":"पेनिसिलिन","severity":"SEVERE"},{"substance":"Dust"}]"#)
            var entry = practice.entry
            entry.prescription = [Practice.Medicine()]
            entry.doses = "As needed"
            entry.visitDate = "2026-03-08"
            let written = try await practice.write(entry)
            let id = try #require(written["id"].int)
            let url = try #require(written["prescriptionUrl"].string)
            for user in [practice.doctor, practice.patient] {
                let printed = try await Self.print(id, as: user, in: practice.app)
                #expect(printed.status == 200, "\(printed.text)")
                #expect(printed.header("Content-Type") == "application/pdf")
                #expect(printed.header("Content-Disposition")?.contains("prescription-\(id).pdf") == true)
                let text = try PrintedText.of(printed.bytes)
                for part in [
                    "Meera Iyer", "MBBS, MD, Cardiology", "KMC 12345", "+91 11", "Asha Verma", "पेनिसिलिन (severe)", "Dust",
                    "Bronchitis", "Amoxicillin", "500 mg", "As needed", "2026-03-08", "2026-03-10",
                ] {
                    #expect(text.contains(part), "\(part) in \(text)")
                }
                #expect(text.filter { !$0.isWhitespace }.contains(url), "\(text)")
            }
            #expect(try await practice.audited("prescriptions") == ["EXPORT_PHI \(id)", "EXPORT_PHI \(id)"])
        }
    }

    @Test("strangers print nothing, and nobody prints what prescribes nothing", arguments: DatabaseKind.available)
    func refuses(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.prescription = [Practice.Medicine()]
            let (id, empty) = (try await practice.written(entry), try await practice.written())
            let users = [try await practice.app.registerDoctor(), try await practice.app.registerPatient()]
            for user in users {
                for number in [id, 987_654] {
                    let refused = try await Self.print(number, as: user, in: practice.app)
                    #expect(refused.status == 404)
                    #expect(refused.problemCode == "HISTORY_NOT_FOUND")
                }
            }
            let nothing = try await Self.print(empty, as: practice.doctor, in: practice.app)
            #expect(nothing.problemCode == "NOTHING_PRESCRIBED")
            #expect(try await Self.print(id, as: try await practice.app.admin(), in: practice.app).status == 403)
        }
    }

    @Test("a damaged value is never printed", arguments: DatabaseKind.available)
    func damaged(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.prescription = [Practice.Medicine()]
            let id = try await practice.written(entry)
            _ = try await practice.app.send(
                .put, "/api/patients/\(practice.patient.id)/allergies", as: practice.patient, body: "[]")
            try await practice.app.database.write { db in
                _ = try db.run("UPDATE patient_health SET allergies = \([UInt8](repeating: 1, count: 60))")
            }
            let printed = try await Self.print(id, as: practice.doctor, in: practice.app)
            #expect(printed.status == 500)
            #expect(printed.problemCode == "DATA_INTEGRITY")
        }
    }
}
