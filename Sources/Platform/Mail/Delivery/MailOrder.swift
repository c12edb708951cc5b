package import CareSyncCore
import Outbox
package import Persistence

/// The name of a kind of mail, such as `password-reset`; stored, so it never changes.
package struct MailName: Codable, Hashable, Sendable {
    package let text: String
    /// Whether somebody is in danger or waits for it: it then never waits for other mails.
    package let isUrgent: Bool

    package init(_ text: String, isUrgent: Bool = false) {
        self.text = text
        self.isUrgent = isUrgent
    }
}

/// A mail that is to be sent: which, and about what. It holds nothing of its content; the ``MailKind`` of its name finds
/// that when the mail leaves.
package struct MailOrder: Codable, Sendable, Equatable {
    package let name: MailName
    /// What it is about, such as `appointment/42`.
    package let subject: String
    /// Of what it tells, when there may be several mails of a name about one subject.
    package let moment: Instant?
    /// Whom it is for, when the subject does not say it.
    package let recipient: UserID?

    package init(_ name: MailName, about subject: String, moment: Instant? = nil, to recipient: UserID? = nil) {
        self.name = name
        self.subject = subject
        self.moment = moment
        self.recipient = recipient
    }

    fileprivate var key: String {
        let details = [moment?.description, recipient.map { "to \($0)" }].compactMap { $0 }
        return ([name.text, subject] + details).joined(separator: " ")
    }
}

/// Sends a mail of a name that is not urgent.
struct MailJob: Job {
    static let kind = "mail.send"
    let order: MailOrder
    var key: String { order.key }
}

struct UrgentMailJob: Job {
    static let kind = "mail.urgent"
    let order: MailOrder
    var key: String { order.key }
}

extension Connection {
    /// Puts a mail into the outbox; one of the same order that is there already, sent or not, stays as it is.
    package func enqueue(_ mail: MailOrder) throws {
        if mail.name.isUrgent { try enqueue(UrgentMailJob(order: mail)) } else { try enqueue(MailJob(order: mail)) }
    }

    /// A mail that leaves at a time.
    package func enqueue(_ mail: MailOrder, due: Instant) throws {
        if mail.name.isUrgent {
            try enqueue(UrgentMailJob(order: mail), due: due)
        } else {
            try enqueue(MailJob(order: mail), due: due)
        }
    }
}
