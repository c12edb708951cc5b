package import CareSyncCore
package import Persistence

/// One audit row: who did what to which record. Ids and reasons only, never clinical text.
package struct AuditEntry: Sendable, Equatable {
    package enum Action: String, Codable, Sendable, CaseIterable {
        case readPHI = "READ_PHI"
        case createPHI = "CREATE_PHI"
        case updatePHI = "UPDATE_PHI"
        case deletePHI = "DELETE_PHI"
        case exportPHI = "EXPORT_PHI"
        case accessDenied = "ACCESS_DENIED"
        case login = "LOGIN"
        case loginFailed = "LOGIN_FAILED"
        case logout = "LOGOUT"
        case accountChange = "ACCOUNT_CHANGE"
        case adminAction = "ADMIN_ACTION"
        /// Somebody opened the data of a patient they do not treat, or that was ended or reviewed.
        case breakGlass = "BREAK_GLASS"
        case aiDisclosure = "AI_DISCLOSURE"
    }

    package enum Outcome: String, Codable, Sendable, CaseIterable {
        case success = "SUCCESS"
        case denied = "DENIED"
        case failure = "FAILURE"
    }

    package let origin: RequestOrigin
    package let action: Action
    /// A table or document name.
    package let entity: String
    /// Empty when the action concerns no single row, such as a list.
    package let entityID: String
    /// Whose data it was, in ascending order; a list that shows many is one access and one line.
    package let patients: [PatientID]
    package let outcome: Outcome
    /// A code, or the reason a person gave.
    package let reason: String?
    /// What was changed, before and after: a state such as `ACTIVE`, never health data.
    package let before: String?
    package let after: String?

    package init(
        _ action: Action, _ entity: String, _ entityID: String, by origin: RequestOrigin, patient: PatientID? = nil,
        outcome: Outcome = .success, reason: String? = nil, before: String? = nil, after: String? = nil
    ) {
        self.init(
            action, entity, entityID, by: origin, patients: patient.map { [$0] } ?? [], outcome: outcome,
            reason: reason, before: before, after: after)
    }

    package init(
        _ action: Action, _ entity: String, _ entityID: String, by origin: RequestOrigin,
        patients: some Sequence<PatientID>, outcome: Outcome = .success, reason: String? = nil, before: String? = nil,
        after: String? = nil
    ) {
        self.origin = origin
        self.action = action
        self.entity = entity
        self.entityID = entityID
        self.patients = Set(patients).sorted()
        self.outcome = outcome
        self.reason = reason
        self.before = before
        self.after = after
    }
}

extension Connection {
    /// Adds a line to the audit log in this transaction, as its last statements.
    package func audit(_ entry: AuditEntry) {
        scope.beforeCommit { db in
            guard let log = db.scope.services.part(AuditLog.self) else { throw DatabaseFailure.unavailable }
            try log.append(entry, db)
        }
    }
}
