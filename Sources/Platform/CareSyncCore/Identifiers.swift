/// The identity of a row, typed by what it identifies, so that a doctor's id cannot be passed where a patient's is meant.
///
/// Values run from 1 to 2^53 − 1, the largest whole number every JSON client keeps exactly.
package struct ID<Tag>: Hashable, Sendable {
    package static var bounds: ClosedRange<Int64> { 1...9_007_199_254_740_991 }

    package let rawValue: Int64

    /// An id that is known to be valid, such as one the database has assigned.
    package init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// An id from outside; `nil` beyond ``bounds``.
    package init?(checking rawValue: Int64) {
        guard Self.bounds.contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

extension ID: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

extension ID: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension ID: Codable {
    package init(from decoder: any Decoder) throws {
        let number = try decoder.singleValueContainer().decode(Int64.self)
        guard let id = Self(checking: number) else {
            throw InvalidValue("must be a whole number from 1 to 9007199254740991")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension ID: WireScalar {
    package static var wireType: WireType {
        WireType(.integer, format: "int64", minimum: 1, maximum: 9_007_199_254_740_991)
    }
    package static var sample: Self { Self(1) }
}

package enum UserTag {}
package enum PatientTag {}
package enum DoctorTag {}

/// An account. A patient and a doctor carry the id of their account: `user.id == patient.id == doctor.id`.
package typealias UserID = ID<UserTag>
package typealias PatientID = ID<PatientTag>
package typealias DoctorID = ID<DoctorTag>

extension ID where Tag == UserTag {
    package init(_ patient: PatientID) { self.init(patient.rawValue) }
    package init(_ doctor: DoctorID) { self.init(doctor.rawValue) }
}

extension ID where Tag == PatientTag {
    /// The patient who owns the account.
    package init(_ user: UserID) { self.init(user.rawValue) }
}

extension ID where Tag == DoctorTag {
    /// The doctor who owns the account.
    package init(_ user: UserID) { self.init(user.rawValue) }
}
