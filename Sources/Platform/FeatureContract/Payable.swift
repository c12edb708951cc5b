package import CareSyncCore
package import Persistence

/// What kinds of things can be paid for; stored with payments.
package enum PayableKind: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case appointment = "APPOINTMENT"
    case labBooking = "LAB_BOOKING"
}

/// One thing that can be paid for, such as appointment 7.
package struct PayableID: Hashable, Sendable, Codable {
    package let kind: PayableKind
    package let number: Int64

    package init(_ kind: PayableKind, _ number: Int64) {
        self.kind = kind
        self.number = number
    }
}

/// What the feature that owns a payable says of it.
package struct PayableState: Sendable {
    package enum Standing: Sendable, Equatable {
        /// Waits for its money, or may be paid at any time.
        case due
        /// Is paid, by whatever payment.
        case paid
        /// Cannot be paid for any more, except as ``Payable/settle(_:origin:_:)`` says.
        case over
    }

    package let patient: PatientID
    package let amount: Money
    package let standing: Standing
    /// Until when it waits for its money; `nil` when it does not end by itself.
    package let heldUntil: Instant?
    /// What a patient who cancels gets back; without terms nothing.
    package let terms: CancellationTerms
    /// For the payer, such as `Consultation with Dr. Asha Rao`: never health data, so no lab tests.
    package let title: String

    package init(
        patient: PatientID, amount: Money, standing: Standing, heldUntil: Instant?, terms: CancellationTerms,
        title: String
    ) {
        self.patient = patient
        self.amount = amount
        self.standing = standing
        self.heldUntil = heldUntil
        self.terms = terms
        self.title = title
    }
}

/// A kind of thing that can be paid for. The feature that owns the things conforms to it; Payments knows nothing else of
/// them. Every method runs in a transaction of Payments.
package protocol Payable: Sendable {
    static var kind: PayableKind { get }

    /// `nil` when there is no such thing.
    func find(_ number: Int64, _ db: any Connection) throws -> PayableState?

    /// The same, with every row locked that ``settle(_:origin:_:)`` writes, in the order doctor, patient, own row. Payments
    /// locks its own rows afterwards.
    func lock(_ number: Int64, _ db: any Connection) throws -> PayableState?

    /// Its money is here: `true` when the payable takes it, and is paid from now on. `false` when it is paid already, was
    /// given back, or is gone; the money then goes back. The row is locked.
    func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool

    /// The vendor has confirmed that all of the payment's money went back.
    func refunded(_ number: Int64, _ db: any Connection) throws

    /// The newest thing of a patient that waits for exactly this amount and was made at `since` or later.
    func unpaid(of patient: PatientID, amount: Money, since: Instant, _ db: any Connection) throws -> Int64?

    /// Whether a doctor may see its payments.
    func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool
}

/// A payable has ended before it took place. Emitted by its feature, in the transaction that ends it, whether or not
/// anything was paid.
package struct PayableEnded: DomainEvent {
    package enum Side: Sendable, Equatable {
        /// The terms of cancellation decide how much goes back.
        case patient
        /// Everything goes back: a doctor, the clinic or the system ended it.
        case clinic
    }

    package let payable: PayableID
    package let side: Side
    /// When it would have begun; `nil` for what has no time, of which everything goes back.
    package let startsAt: Instant?
    package let origin: RequestOrigin

    package init(_ payable: PayableID, by side: Side, startsAt: Instant?, origin: RequestOrigin) {
        self.payable = payable
        self.side = side
        self.startsAt = startsAt
        self.origin = origin
    }
}
