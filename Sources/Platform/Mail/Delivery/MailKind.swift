package import CareSyncCore
package import Persistence

/// A kind of mail that a feature sends: its template, and how its values are found at sending time.
package struct MailKind: Sendable {
    /// What the message is addressed to and filled with.
    package struct MailDraft: Sendable {
        let recipient: MailAddress
        private(set) var values: [String: String]
        let validUntil: Instant?

        /// - Parameter validUntil: after this moment the mail would be of no use and is not sent.
        package init(to recipient: MailAddress, _ values: [String: String] = [:], validUntil: Instant? = nil) {
            self.recipient = recipient
            self.values = values
            self.validUntil = validUntil
        }

        package mutating func set(_ name: String, _ value: String) {
            values[name] = value
        }
    }

    package typealias Compose = @Sendable (_ order: MailOrder, _ db: any Connection) throws -> MailDraft?

    package let name: MailName
    let template: MailTemplate
    let compose: Compose

    /// - Parameters:
    ///   - template: one of the constants of the feature.
    ///   - compose: reads what the mail says, in the transaction that records its leaving; `nil` when there is nobody to
    ///     write to, or nothing to say any more.
    package init(_ name: MailName, _ template: MailTemplate, compose: @escaping Compose) {
        self.name = name
        self.template = template
        self.compose = compose
    }
}
