package import CareSyncCore

/// Where a request came from, as far as the audit log keeps it.
package struct RequestOrigin: Sendable, Hashable {
    package let principal: Principal?
    package let requestID: String
    /// The client's address, seen through trusted proxies only.
    package let address: String
    /// What the client says it is, as it was sent; ``keptUserAgent`` is what is stored.
    package let userAgent: String?

    package init(principal: Principal?, requestID: String, address: String, userAgent: String? = nil) {
        self.principal = principal
        self.requestID = requestID
        self.address = address
        self.userAgent = userAgent
    }

    /// The origin with the account that has just proved who it is.
    package func known(as principal: Principal) -> RequestOrigin {
        RequestOrigin(principal: principal, requestID: requestID, address: address, userAgent: userAgent)
    }

    /// At most 255 characters of what the client says it is, without control characters.
    package var keptUserAgent: String? {
        guard let userAgent else { return nil }
        // Nearly all are short and plain.
        if userAgent.utf8.count <= 255, userAgent.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return userAgent }
        let visible = userAgent.unicodeScalars.lazy.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(visible.prefix(255)))
    }

    /// Work of the server itself, such as a timer.
    package static func system(_ job: String) -> RequestOrigin {
        RequestOrigin(principal: nil, requestID: job, address: "")
    }
}

/// One line of the audit log: who did what to which row. Ids and reasons only, never clinical text.
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

    package enum Outcome: String, Sendable {
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
    package let patient: PatientID?
    package let outcome: Outcome
    /// A code or the words a person gave, such as the reason of a break-glass access.
    package let reason: String?
    /// What was changed, before and after: a state such as `ACTIVE`, never health data.
    package let before: String?
    package let after: String?

    package init(
        _ action: Action, _ entity: String, _ entityID: String, by origin: RequestOrigin, patient: PatientID? = nil,
        outcome: Outcome = .success, reason: String? = nil, before: String? = nil, after: String? = nil
    ) {
        self.origin = origin
        self.action = action
        self.entity = entity
        self.entityID = entityID
        self.patient = patient
        self.outcome = outcome
        self.reason = reason
        self.before = before
        self.after = after
    }
}

extension Connection {
    /// Adds a line to the audit log in this transaction.
    package func audit(_ entry: AuditEntry) {
        scope.audit(entry)
    }
}
