import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Directory

/// Lists cache the JSON of doctors. No change of anything shown may be missed.
@Suite("Texts of doctors in lists")
struct DoctorTextTests {
    /// Every column that is shown, changed directly in the database.
    private static let changes: [(String, SQL)] = [
        ("user name", "UPDATE users SET username = 'renamed', username_key = 'renamed' WHERE id = 10"),
        ("mail", "UPDATE users SET email = 'new@example.org', email_key = 'new@example.org' WHERE id = 10"),
        ("blocked", "UPDATE users SET is_active = FALSE WHERE id = 10"),
        ("first name", "UPDATE doctors SET first_name = 'Other' WHERE id = 10"),
        ("last name", "UPDATE doctors SET last_name = 'Other' WHERE id = 10"),
        ("specialization", "UPDATE doctors SET specialization = 'Dermatology' WHERE id = 10"),
        ("image", "UPDATE doctors SET profile_image_url = 'https://img.example.org/1.png' WHERE id = 10"),
        ("contact", "UPDATE doctors SET contact_info = '555-0101' WHERE id = 10"),
        ("gender", "UPDATE doctors SET gender = 'Female' WHERE id = 10"),
        ("birthday", "UPDATE doctors SET date_of_birth = '1980-02-03' WHERE id = 10"),
        ("fee", "UPDATE doctors SET consultation_fee = 12345 WHERE id = 10"),
        ("address", "UPDATE doctors SET address = '2 Side Street' WHERE id = 10"),
        ("languages", "UPDATE doctors SET languages = 'Telugu' WHERE id = 10"),
        ("verification", "UPDATE doctors SET is_verified = FALSE WHERE id = 10"),
        ("rating", "UPDATE doctor_ratings SET stars_2 = 1, stars_3 = 1 WHERE doctor_id = 10"),
        ("experience", "UPDATE doctor_experiences SET position = 'Head' WHERE doctor_id = 10"),
        ("education", "UPDATE doctor_educations SET degree = 'PhD' WHERE doctor_id = 10"),
        ("experience gone", "DELETE FROM doctor_experiences WHERE doctor_id = 10"),
        (
            "education new",
            """
            INSERT INTO doctor_educations (id, doctor_id, degree, institution, year_of_completion)
            VALUES (9001, 10, 'MBA', 'Elsewhere', 2015)
            """
        ),
        (
            "certificate new",
            "INSERT INTO doctor_certificates (id, doctor_id, name, url) VALUES (9002, 10, 'C', 'https://c.example.org')"
        ),
        ("certificates counted", "UPDATE doctors SET certificate_count = 1 WHERE id = 10"),
    ]

    @Test("a list shows each change at once", arguments: DatabaseKind.available)
    func followsEveryChange(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([learned()])
            for (name, change) in Self.changes {
                _ = try await app.get("/api/doctors", as: .admin)
                _ = try await app.other.write { db in try db.run(change) }
                let listed = try await app.get("/api/doctors", as: .admin).text
                let alone = try await app.get("/api/doctors/10", as: .admin).text
                #expect(listed == "[\(alone)]", "\(name)")
            }
        }
    }

    @Test("negative control: without the trigger a list would be stale", arguments: DatabaseKind.available)
    func needsTrigger(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([learned()])
            _ = try await app.get("/api/doctors", as: .admin)
            try await app.other.write { db in
                let onTable: SQL = kind == .postgres ? " ON doctors" : ""
                try db.run("DROP TRIGGER doctors_revision\(onTable)")
                try db.run("UPDATE doctors SET address = '3 Back Street' WHERE id = 10")
            }
            let listed = try await app.get("/api/doctors", as: .admin).text
            #expect(listed != "[\(try await app.get("/api/doctors/10", as: .admin).text)]")
        }
    }

    private func learned() -> NewDoctor {
        var doctor = doctor(10)
        doctor.rating = NewRating(reviewCount: 1, sum: 5)
        doctor.educations = [NewEducation(degree: "MD", institution: "I", yearOfCompletion: 2001)]
        doctor.experiences = [NewExperience(hospitalName: "H", position: "P", yearsOfService: 4)]
        return doctor
    }
}
