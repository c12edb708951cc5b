/// A transaction that leaves for the database as a whole, commit included, and so costs one round trip. It exists for
/// bookings; everything else reads better as an ordinary ``Connection``.
///
/// Nothing is answered while its body runs. It may depend on one change: unless that one happens nothing does, and the
/// transaction fails with ``DatabaseFailure/unmetRequirement``.
package protocol PipelinedTransaction: Connection {
    /// Runs the batch with what comes next; its results can be read after the commit. For statements that read or lock.
    func later(_ batch: Batch) throws

    /// Runs an insert, update or deletion without `RETURNING` that must change a row. Rows appended after it are inserted
    /// by the same statement, from what it returns: when it changes nothing, nothing is written and nothing fails in the
    /// database.
    func requireChange(_ sql: SQL) throws
}
