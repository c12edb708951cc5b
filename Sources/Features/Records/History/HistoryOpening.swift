import CareSyncCore
import Directory
import Persistence
import Scheduling

/// Opens entries of one patient, with what stands beside them, whatever their number in the same few queries.
struct HistoryOpening {
    let context: RecordsContext
    let db: any Connection

    func open(_ records: [SealedHistory], of patient: PatientID) throws -> [HistoryEntry] {
        guard !records.isEmpty else { return [] }
        let key = try context.vault.key(for: patient, db)
        let amendments = try amendments(of: records.map(\.id), key)
        let visits = try visits(of: records, patient)
        let now = db.now
        return try records.map { record in
            HistoryEntry(
                record: record, texts: try record.texts.open(of: record.id, with: key, context.vault),
                amendments: amendments[record.id] ?? [], visitStart: record.appointment?.startsAt ?? visits(record),
                isFinal: record.isFinal(at: now, context))
        }
    }

    private func amendments(of histories: [HistoryID], _ key: PatientKey) throws -> [HistoryID: [Amendment]] {
        let sealed = try AmendmentRepository(db: db).list(of: histories)
        return try Dictionary(grouping: sealed, by: \.historyID).mapValues { amendments in
            try amendments.map {
                Amendment(
                    id: $0.id, text: try context.vault.open($0.text, with: key, at: SealedAmendment.context($0.id)),
                    doctorName: $0.doctorName, createdAt: $0.createdAt)
            }
        }
    }

    private struct DoctorDay: Hashable {
        let doctor: DoctorID
        let date: LocalDate
    }

    /// For entries that name no appointment: the first of the same doctor on the day of the visit.
    private func visits(of records: [SealedHistory], _ patient: PatientID) throws -> (SealedHistory) -> Instant? {
        let days = records.filter { $0.appointmentID == nil }.map(\.visitDate)
        guard let first = days.min(), let last = days.max() else { return { _ in nil } }
        let found = try HistoryRepository(db: db).visits(
            of: patient, from: context.zone.startOfDay(first), to: context.zone.startOfDay(last.adding(days: 1)))
        let starts = Dictionary(
            found.map { (DoctorDay(doctor: $0.doctorID, date: context.zone.date(at: $0.startsAt)), $0.startsAt) }
        ) { first, _ in first }
        return { starts[DoctorDay(doctor: $0.doctorID, date: $0.visitDate)] }
    }
}
