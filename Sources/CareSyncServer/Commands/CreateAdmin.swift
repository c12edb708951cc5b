import CareSyncCore
import Identity

/// Why a command refuses, in one line.
struct Refusal: Error, CustomStringConvertible {
    let description: String
}

extension Program {
    /// Creates an administrator's account. Without a password one is generated, shown once, and must be changed.
    package func createAdmin(username: String, email: String, password: String?) async throws {
        try await withSystem { system in
            let admin: CreatedAdmin
            do {
                admin = try await system.identity.createAdmin(username: username, email: email, password: password)
            } catch let failure as any FailureCatalogue {
                throw Refusal(description: failure.problem.message)
            } catch let problem as Problem {
                throw Refusal(description: problem.message)
            }
            output.line("Administrator \(admin.username) has the id \(admin.id).")
            if let password = admin.generatedPassword {
                output.line("Password, shown this once and to be changed at the first sign-in: \(password)")
            }
        }
    }
}
