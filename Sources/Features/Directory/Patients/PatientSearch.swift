import CareSyncCore
import Persistence

/// Which patients to list; always by id.
struct PatientSearch: Sendable {
    /// Codes of words, all of which the name has.
    var words: [[UInt8]] = []
    /// A query of the patients among whom to look, as `patient_id`; all of them without it.
    var among: SQL?

    /// The ids, as `id`. A search reads what it has fewest of: the patients it looks among, or those with the first word.
    var ids: SQL {
        let (source, id, rest): (SQL, SQL, ArraySlice<[UInt8]>) =
            if let among {
                ("(\(among)) s", "s.patient_id", words[...])
            } else if let first = words.first {
                (
                    "(SELECT patient_id FROM patient_name_words WHERE code = \(first)) s", "s.patient_id",
                    words.dropFirst()
                )
            } else {
                ("patients s", "s.id", [])
            }
        let conditions = rest.map { word -> SQL in
            "EXISTS (SELECT 1 FROM patient_name_words w WHERE w.code = \(word) AND w.patient_id = \(id))"
        }
        let filter: SQL = conditions.isEmpty ? "" : " WHERE " + SQL.joined(conditions, separator: " AND ")
        return "SELECT \(id) AS id FROM \(source)\(filter)"
    }
}
