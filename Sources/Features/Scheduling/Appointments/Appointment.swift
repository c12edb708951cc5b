package import CareSyncCore
import FeatureContract
import Persistence

package enum AppointmentTag {}
package typealias AppointmentID = ID<AppointmentTag>

/// A row of `appointments`; the reasons are still sealed.
struct Appointment: RowDecodable {
    let id: AppointmentID
    let doctorID: DoctorID
    let patientID: PatientID
    let startsAt: Instant
    let endsAt: Instant
    let status: AppointmentStatus
    let sealedReason: [UInt8]?
    let isActive: Bool
    let heldUntil: Instant?
    /// What the visit costs, and what a patient who cancels gets back: as they stood when it was booked.
    let fee: Money
    let terms: CancellationTerms
    let paidAt: Instant?
    let videoRoomID: String
    let sealedCancellationReason: [UInt8]?
    let version: Int64
    let createdAt: Instant
    let updatedAt: Instant
    let statusChangedAt: Instant?
    let statusChangedBy: String

    /// Of alias `a`, in the order in which they are read.
    static let columns: SQL = """
        a.id, a.doctor_id, a.patient_id, a.starts_at, a.ends_at, a.status, a.reason, a.is_active, a.held_until,
        a.fee, a.terms, a.paid_at, a.video_room_id, a.cancellation_reason, a.version, a.created_at, a.updated_at, a.status_changed_at,
        a.status_changed_by
        """

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        patientID = try row.value("patient_id")
        startsAt = try row.value("starts_at")
        endsAt = try row.value("ends_at")
        status = try row.value("status")
        sealedReason = try row.value("reason")
        isActive = try row.value("is_active")
        heldUntil = try row.value("held_until")
        fee = try row.value("fee")
        terms = CancellationTerms(stored: try row.value("terms"))
        paidAt = try row.value("paid_at")
        videoRoomID = try row.value("video_room_id")
        sealedCancellationReason = try row.value("cancellation_reason")
        version = try row.value("version")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        statusChangedAt = try row.value("status_changed_at")
        statusChangedBy = try row.value("status_changed_by")
    }

    /// As it is booked.
    init(
        id: AppointmentID, order: BookingOrder, interval: Interval, sealedReason: [UInt8]?, heldUntil: Instant?,
        known: KnownRules, videoRoomID: String, at now: Instant
    ) {
        self.id = id
        doctorID = order.doctor
        patientID = order.patient
        startsAt = interval.start
        endsAt = interval.end
        status = .booked
        self.sealedReason = sealedReason
        isActive = true
        self.heldUntil = heldUntil
        fee = known.fee
        terms = known.terms
        paidAt = nil
        self.videoRoomID = videoRoomID
        sealedCancellationReason = nil
        version = 1
        createdAt = now
        updatedAt = now
        statusChangedAt = nil
        statusChangedBy = "SYSTEM"
    }

    /// The slot is waiting for its payment, or the time for it has run out.
    var isHold: Bool { heldUntil != nil && status == .booked && isActive }

    func isExpiredHold(at now: Instant) -> Bool {
        guard isHold, let heldUntil else { return false }
        return heldUntil <= now
    }

    /// Whether it stands or has taken place, so that its fee is owed or earned.
    func isOwed(at now: Instant) -> Bool {
        isActive && (status == .completed || status.isOccupying && !isExpiredHold(at: now))
    }

    /// What is still to be paid; `nil` for what is free, paid or over.
    func amountDue(at now: Instant) -> Money? {
        fee > .zero && paidAt == nil && isOwed(at: now) ? fee : nil
    }

    /// Whether it is too late for somebody to change it: for a patient once it has begun, for a doctor once it is over.
    func isOver(for mover: StatusMover, at now: Instant) -> Bool {
        switch mover {
        case .patient: startsAt <= now
        case .doctor: endsAt <= now
        }
    }

    /// The room is shown to the two participants only while they may meet in it.
    var openRoom: String? {
        isActive && (status == .confirmed || status == .inProgress) ? videoRoomID : nil
    }
}

/// The doctor of an appointment, as the patient sees them.
struct AppointmentDoctor: RowDecodable {
    let firstName: String
    let lastName: String
    let specialization: String?
    let contactInfo: String?
    let profileImageURL: String?
    let isVerified: Bool
    let email: String

    /// Of aliases `d` (doctors) and `u` (its user).
    static let columns: SQL = """
        d.first_name, d.last_name, d.specialization, d.contact_info, d.profile_image_url, d.is_verified, u.email
        """

    init(row: Row) throws {
        firstName = try row.value("first_name")
        lastName = try row.value("last_name")
        specialization = try row.value("specialization")
        contactInfo = try row.value("contact_info")
        profileImageURL = try row.value("profile_image_url")
        isVerified = try row.value("is_verified")
        email = try row.value("email")
    }

    var name: String { firstName + " " + lastName }
}

extension AppointmentID {
    /// The appointment an outbox message is about.
    init?(subject: String) {
        guard subject.hasPrefix("appointment/"), let number = Int64(subject.dropFirst(12)) else { return nil }
        self.init(checking: number)
    }
}
