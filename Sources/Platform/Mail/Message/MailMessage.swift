package import CareSyncCore

/// A mail as it leaves: rendered, addressed, and with an identity that stays the same however often it is tried.
package struct MailMessage: Sendable, Equatable {
    /// The left part of `Message-ID`: letters and digits that name the delivery.
    package let id: String
    package let from: MailSenderAddress
    package let to: MailAddress
    package let subject: String
    package let text: String
    package let html: String
    /// When it was first tried.
    package let date: Instant

    /// Throws ``MailFault/controlCharacters`` rather than let a subject begin a header of its own.
    package init(
        id: String, from: MailSenderAddress, to: MailAddress, subject: String, text: String, html: String, date: Instant
    ) throws(MailFault) {
        guard MailText.isLine(subject), !subject.isEmpty, !id.isEmpty,
            id.utf8.allSatisfy({ $0.isLetterOrDigit })
        else { throw .controlCharacters }
        self.id = id
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.date = date
    }

    /// Without the angle brackets.
    package var messageID: String { "\(id)@\(from.address.host)" }
}

/// Why a mail could not be made.
package enum MailFault: Error, Sendable, Equatable {
    case controlCharacters
    /// A value that a template needs was not given.
    case missingValue(String)
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
