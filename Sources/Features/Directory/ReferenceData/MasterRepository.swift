import CareSyncCore
import Persistence

/// A value of a list.
struct MasterValue: RowDecodable {
    let list: MasterList
    let value: String

    init(row: Row) throws {
        list = try row.value("list")
        value = try row.value("value")
    }
}

struct MasterRepository {
    let db: any Connection

    func list(of organisation: Int64) throws -> [MasterValue] {
        try db.all(
            "SELECT list, value FROM master_values WHERE org_id = \(organisation) ORDER BY list, position, id")
    }

    /// The new row's id; `nil` when the list has the value already.
    func insert(_ draft: MasterDraft) throws -> Int64? {
        try db.value(
            """
            INSERT INTO master_values (org_id, list, value, value_key, code, description, position)
            SELECT \(draft.organisation), \(draft.list), \(draft.value), \(TextKey.folded(draft.value)), \(draft.code),
                   \(draft.description), coalesce(max(position), 0) + 1
            FROM master_values WHERE org_id = \(draft.organisation) AND list = \(draft.list)
            ON CONFLICT (org_id, list, value_key) DO NOTHING
            RETURNING id
            """)
    }
}

/// A new value for a list; trimmed and validated.
struct MasterDraft: Sendable {
    let organisation: Int64
    let list: MasterList
    let value: String
    let code: String?
    let description: String?
}
