package import CareSyncCore
import CareSyncServer
import Identity
import Persistence

/// An account of a test, signed in.
package struct TestUser: Sendable {
    package let id: Int64
    package let username: String
    package let password: String
    package let role: Role
    package let accessToken: String
    package let refreshToken: String

    package var userID: UserID { UserID(id) }
    package var patientID: PatientID { PatientID(id) }
    package var doctorID: DoctorID { DoctorID(id) }
}

extension TestApp {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Registers a patient under an unused name; `form` adds to or replaces what is sent.
    package func registerPatient(_ form: [String: String] = [:]) async throws -> TestUser {
        try await register(.patient, form)
    }

    /// Registers a doctor under an unused name.
    package func registerDoctor(verified: Bool = true, _ form: [String: String] = [:]) async throws -> TestUser {
        let doctor = try await register(.doctor, form)
        guard verified else { return doctor }
        try await database.write { [now = time.now] db in
            _ = try db.run(
                "UPDATE doctors SET is_verified = TRUE, verified_at = \(now) WHERE id = \(doctor.id)")
        }
        return doctor
    }

    /// As if the user had proved to own the address of the account.
    package func verifyEmail(of user: TestUser) async throws {
        try await database.write { [now = time.now] db in
            _ = try db.run("UPDATE users SET email_verified_at = \(now) WHERE id = \(user.id)")
        }
    }

    /// Creates an administrator under an unused name, and signs in.
    package func admin() async throws -> TestUser {
        let name = "admin" + String(random.next(), radix: 36)
        let password = "Correct-Horse-42"
        let created = try await system.identity.createAdmin(
            username: name, email: "\(name)@example.org", password: password)
        return try await signIn(created.username, password, role: .admin)
    }

    /// Creates an administrator with a generated, unchanged password, and signs in.
    package func adminWithGeneratedPassword() async throws -> TestUser {
        let name = "admin" + String(random.next(), radix: 36)
        let created = try await system.identity.createAdmin(
            username: name, email: "\(name)@example.org", password: nil)
        return try await signIn(created.username, created.generatedPassword ?? "", role: .admin)
    }

    /// Signs in; throws what was answered when that is refused.
    package func signIn(_ username: String, _ password: String, role: Role) async throws -> TestUser {
        let answer = try await post("/api/auth/login", json: ["username": username, "password": password])
        return try user(from: answer, password: password, role: role)
    }

    private func register(_ role: Role, _ form: [String: String]) async throws -> TestUser {
        let name = "user" + String(random.next(), radix: 36)
        let password = "Correct-Horse-42"
        var fields = [
            "username": name, "password": password, "email": "\(name)@example.org", "role": role.rawValue,
            "firstName": "Asha", "lastName": "Verma",
        ]
        if role == .doctor { fields["specialization"] = "Cardiology" }
        fields.merge(form) { _, given in given }
        let answer = try await post("/api/auth/register", json: fields)
        return try user(from: answer, password: fields["password"] ?? password, role: role)
    }

    private func user(from answer: TestResponse, password: String, role: Role) throws -> TestUser {
        guard let id = answer["user.id"].int ?? answer["user.userId"].int, let username = answer["username"].string,
            let access = answer["accessToken"].string, let refresh = answer["refreshToken"].string
        else { throw Refused(description: "\(answer.status): \(answer.text)") }
        return TestUser(
            id: Int64(id), username: username, password: password, role: role, accessToken: access,
            refreshToken: refresh)
    }
}
