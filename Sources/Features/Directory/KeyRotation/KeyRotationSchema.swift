import Persistence

enum KeyRotationSchema {
    /// The runs of `--reencrypt`. At most one is unfinished, and it can be taken up by any process: the stamps tell how far
    /// it has come, `after_patient` the last patient whom the present stage is through with.
    static let migration = Migration("directory/key-rotations") { d in
        [
            """
            CREATE TABLE key_rotations (
                id \(d.identity),
                subject \(d.text) NOT NULL,
                after_patient \(d.integer) NOT NULL DEFAULT 0,
                started_at \(d.instant) NOT NULL,
                renewed_at \(d.instant),
                rewritten_at \(d.instant),
                finished_at \(d.instant)
            )\(d.strict)
            """,
            "CREATE UNIQUE INDEX key_rotations_unfinished ON key_rotations (subject) WHERE finished_at IS NULL",
        ]
    }
}
