package import CareSyncCore
package import Persistence

/// Somebody who is out: a deactivated account, or a doctor whose verification was withdrawn.
package enum PersonOut: Sendable, Equatable {
    case doctor(DoctorID)
    case patient(PatientID)

    /// `nil` for an administrator, with whom nobody has appointments.
    package init?(_ account: Account) {
        switch account.role {
        case .doctor: self = .doctor(DoctorID(account.id))
        case .patient: self = .patient(PatientID(account.id))
        case .admin: return nil
        }
    }
}

/// What happens to booked appointments during an absence.
package enum AffectedHandling: String, Codable, Sendable, CaseIterable {
    /// They stay, and the other side is told.
    case keep
    /// They are cancelled, and everybody is told.
    case cancel
}

/// Settles the coming appointments of somebody who is out, in the transaction that puts them out: how many there are. The
/// feature that keeps appointments supplies it.
///
/// - Parameter isNew: whether the person was in until now; otherwise nobody is told again of what stays.
package typealias AppointmentSettlement =
    @Sendable (
        _ person: PersonOut, _ handling: AffectedHandling, _ isNew: Bool, _ origin: RequestOrigin,
        _ db: any Connection
    ) throws -> Int
