import Persistence

/// Several changes as one statement: the server then starts up its executor, takes a snapshot and answers once for all.
///
/// All parts of such a statement see the database as it was before it, and run in any order; that is what
/// ``Persistence/Connection/effect(_:)`` asks of its callers.
enum PostgresFusion {
    /// More would make a statement of its own of every number there is.
    static let mostEffects = 4

    /// - Parameter mustChange: whether dividing by zero undoes everything when `sql` changes no row.
    static func statement(_ sql: SQL, mustChange: Bool, effects: [SQL]) -> SQL {
        guard mustChange || !effects.isEmpty else { return sql }
        var statement: SQL = mustChange ? "WITH changed AS (\(sql) RETURNING 1)" : "WITH changed AS (\(sql))"
        for (name, effect) in zip(names, effects.dropLast(mustChange ? 0 : 1)) {
            statement.append(", \(name) AS (\(effect))")
        }
        if mustChange {
            statement.append(" SELECT 1 / count(*) FROM changed")
        } else if let last = effects.last {
            statement.append(" \(last)")
        }
        return statement
    }

    private static let names: [SQL] = ["effect_1", "effect_2", "effect_3", "effect_4"]
}
