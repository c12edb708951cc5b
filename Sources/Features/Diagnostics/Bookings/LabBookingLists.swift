import CareSyncCore
import Directory
import Persistence
import Scheduling

/// Who looks at bookings.
enum LabBookingReader: Sendable, Equatable {
    case patient(PatientID)
    case doctor(DoctorID)
    case administrator(UserID)

    init(_ principal: Principal) throws {
        self =
            switch principal.role {
            case .patient: .patient(try principal.requirePatient())
            case .doctor: .doctor(try principal.requireDoctor())
            case .admin: .administrator(principal.userID)
            }
    }
}

/// Whose bookings are listed.
enum LabBookingScope: Sendable, Equatable {
    case everybody
    case patient(PatientID)
    /// Those that the doctor has prescribed, and those of the patients the doctor treats.
    case doctor(DoctorID)
}

/// Which of them.
enum LabBookingFilter: Sendable, Equatable {
    case all
    case status(LabBookingStatus)
    /// Booked for a moment between these, both included.
    case between(Instant, Instant)

    fileprivate var condition: SQL {
        switch self {
        case .all: "TRUE"
        case .status(let status): "b.status = \(status)"
        case .between(let start, let end): "b.booked_for >= \(start) AND b.booked_for <= \(end)"
        }
    }
}

/// A booking with its people.
struct LabBookingRow: RowDecodable {
    let booking: LabBooking
    let patient: SealedPatient
    let doctorName: String?
    /// The administrator's open grant for the patient.
    let grant: BreakGlassID?

    init(row: Row) throws {
        booking = try LabBooking(row: row)
        patient = try SealedPatient(row: row)
        let (first, last): (String?, String?) = (try row.value("doctor_first_name"), try row.value("doctor_last_name"))
        if let first, let last { doctorName = "\(first) \(last)" } else { doctorName = nil }
        grant = try row.value("grant_id")
    }
}

/// The SQL of lists. The latest date comes first.
struct LabBookingLists {
    let db: any Connection
    let care: CareRelationship

    private static let order: SQL = "b.booked_for DESC, b.id DESC"

    func find(_ id: LabBookingID, for reader: LabBookingReader) throws -> LabBookingRow? {
        try db.first("\(selected(for: reader)) WHERE b.id = \(id)")
    }

    func page(
        _ scope: LabBookingScope, _ filter: LabBookingFilter, _ page: PageRequest, for reader: LabBookingReader
    ) throws -> Page<LabBookingRow> {
        let batch = Batch()
        let rows = batch.all(LabBookingRow.self, rows(scope, filter, page, for: reader))
        let total = page.isPaged ? batch.value(Int.self, total(scope, filter)) : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    func count(of patient: PatientID) throws -> Int {
        try db.value(total(.patient(patient), .all)) ?? 0
    }

    /// The ids of the page come first, so that nothing is fetched for what is skipped.
    func rows(
        _ scope: LabBookingScope, _ filter: LabBookingFilter, _ page: PageRequest, for reader: LabBookingReader
    ) -> SQL {
        """
        \(selected(for: reader))
            JOIN (SELECT found.id FROM (\(found(scope, filter))) found
                  ORDER BY found.booked_for DESC, found.id DESC LIMIT \(page.limit) OFFSET \(page.offset)) taken
            ON taken.id = b.id
        ORDER BY \(Self.order)
        """
    }

    func total(_ scope: LabBookingScope, _ filter: LabBookingFilter) -> SQL {
        "SELECT count(*) FROM (\(found(scope, filter))) found"
    }

    private func selected(for reader: LabBookingReader) -> SQL {
        let grant: SQL =
            switch reader {
            case .administrator(let user): BreakGlass.openGrant(user: "\(user)", patient: "b.patient_id", at: db.now)
            case .patient, .doctor: "CAST(NULL AS bigint)"
            }
        return """
            SELECT \(LabBooking.columns), \(SealedPatient.columns), d.first_name AS doctor_first_name,
                   d.last_name AS doctor_last_name, \(grant) AS grant_id
            FROM lab_bookings b JOIN patients p ON p.id = b.patient_id LEFT JOIN doctors d ON d.id = b.doctor_id
            """
    }

    private func found(_ scope: LabBookingScope, _ filter: LabBookingFilter) -> SQL {
        switch scope {
        case .everybody: "SELECT b.id, b.booked_for FROM lab_bookings b WHERE \(filter.condition)"
        case .patient(let patient):
            "SELECT b.id, b.booked_for FROM lab_bookings b WHERE b.patient_id = \(patient) AND \(filter.condition)"
        case .doctor(let doctor):
            """
            SELECT b.id, b.booked_for FROM lab_bookings b WHERE b.doctor_id = \(doctor) AND \(filter.condition)
            UNION
            SELECT b.id, b.booked_for FROM lab_bookings b
            WHERE b.patient_id IN (SELECT treated.patient_id FROM (\(care.patients(of: doctor))) treated)
              AND \(filter.condition)
            """
        }
    }
}
