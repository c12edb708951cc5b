package import CareSyncCore
package import FeatureContract
package import Persistence

extension PaymentDesk {

    /// Captured payments of a patient that belong to nothing and may pay for something of this kind and price, as part of
    /// a statement: one look into an index.
    package static func unlinked(
        of patient: PatientID, amount: Money, for kind: PayableKind, at now: Instant
    ) -> SQL {
        let types: SQL =
            switch kind {
            case .appointment: "'APPOINTMENT', 'CONSULTATION'"
            case .labBooking: "'LAB_TEST'"
            }
        return """
            SELECT unlinked.id FROM payments unlinked
            WHERE unlinked.patient_id = \(patient) AND unlinked.status = 'SUCCESS' AND unlinked.payable_number IS NULL
              AND unlinked.completed_at >= \(now - linkingTime) AND unlinked.amount = \(amount)
              AND unlinked.type IN (\(types))
            """
    }
}
