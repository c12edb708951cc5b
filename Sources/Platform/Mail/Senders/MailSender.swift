/// Hands messages to a provider.
package protocol MailSender: Sendable {
    /// Whether the same message may be handed over twice and arrives once. Otherwise a message whose fate is unknown is
    /// never sent again automatically.
    var isIdempotent: Bool { get }

    /// Takes at most ``MailSending/longest``.
    func send(_ message: MailMessage) async -> MailOutcome
}

/// What became of an attempt.
package enum MailOutcome: Sendable, Equatable {
    /// The next server has taken it over.
    case sent
    /// It was not taken over, and may be later.
    case temporaryFailure(code: String)
    /// It was not taken over, and will not be.
    case permanentFailure(code: String)
    /// It may have been taken over: the answer was lost.
    case unknown(code: String)
}

package enum MailSending {
    /// Seconds within which a sender answers: less than a claim of the outbox and less than a graceful shutdown.
    static let longest = 15
    /// Seconds for the connection.
    static let connection = 5
}

/// For an installation without a provider: nothing leaves, and everything says so.
package struct UnavailableSender: MailSender {
    package let isIdempotent = true

    package init() {}

    package func send(_ message: MailMessage) async -> MailOutcome { .permanentFailure(code: "MAIL_UNAVAILABLE") }
}
