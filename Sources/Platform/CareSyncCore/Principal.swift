/// What an account may be. An account has exactly one role.
package enum Role: String, Codable, Sendable, CaseIterable {
    case patient = "PATIENT"
    case doctor = "DOCTOR"
    case admin = "ADMIN"
}

package enum SessionTag {}
package typealias SessionID = ID<SessionTag>

/// Who makes a request: an account with a live session.
package struct Principal: Sendable, Hashable {
    package let userID: UserID
    package let username: String
    package let role: Role
    package let sessionID: SessionID
    /// The patient a family member acts for; always `nil` until family accounts exist.
    package let actingFor: PatientID?
    /// The password was generated; until it is changed, few routes admit the account.
    package let mustChangePassword: Bool
    /// The account needs a second factor and has none; until it has one, few routes admit the account.
    package let mustEnrollFactor: Bool

    package init(
        userID: UserID, username: String, role: Role, sessionID: SessionID, actingFor: PatientID? = nil,
        mustChangePassword: Bool = false, mustEnrollFactor: Bool = false
    ) {
        self.userID = userID
        self.username = username
        self.role = role
        self.sessionID = sessionID
        self.actingFor = actingFor
        self.mustChangePassword = mustChangePassword
        self.mustEnrollFactor = mustEnrollFactor
    }

    package func requirePatient() throws -> PatientID {
        guard role == .patient else { throw Problem.accessDenied }
        return actingFor ?? PatientID(userID)
    }

    package func requireDoctor() throws -> DoctorID {
        guard role == .doctor else { throw Problem.accessDenied }
        return DoctorID(userID)
    }
}

/// How somebody proves who they are.
package enum IdentityProof: Sendable {
    /// By a sign-in, a password or a code (rules/second-factor 4).
    case any
    /// By their second factor, if they have one.
    case factor
}
