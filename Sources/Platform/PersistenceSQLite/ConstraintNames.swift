import CSQLite

/// The names of unique constraints. SQLite reports the columns of a violated one; its name is in the schema, and a nameless
/// one gets the name PostgreSQL would give it.
final class ConstraintNames {
    private struct Key: Hashable {
        let table: String
        let columns: [String]
    }

    private var names: [Key: String] = [:]

    func name(table: String, columns: [String], isPrimaryKey: Bool, pointer: OpaquePointer) -> String {
        let key = Key(table: table, columns: columns)
        if let name = names[key] { return name }
        load(table, pointer)
        return names[key] ?? (isPrimaryKey ? "\(table)_pkey" : "\(table)_\(columns.joined(separator: "_"))_key")
    }

    private func load(_ table: String, _ pointer: OpaquePointer) {
        let indexes = Self.texts(
            """
            SELECT l.name, i.name FROM pragma_index_list(?1) AS l JOIN pragma_index_info(l.name) AS i
            WHERE l."unique" = 1 AND l.origin = 'c' ORDER BY l.name, i.seqno
            """, table, pointer)
        for (name, rows) in Dictionary(grouping: indexes, by: { $0[0] }) {
            names[Key(table: table, columns: rows.map { $0[1] })] = name
        }
        let text = Self.texts("SELECT sql, '' FROM sqlite_master WHERE type = 'table' AND name = ?1", table, pointer)
        for constraint in TableText(text.first?[0] ?? "").namedUniqueConstraints {
            names[Key(table: table, columns: constraint.columns)] = constraint.name
        }
    }

    /// Rows of two texts. What cannot be read is left out: this runs while another error is reported.
    private static func texts(_ sql: String, _ parameter: String, _ pointer: OpaquePointer) -> [[String]] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(pointer, sql, -1, &statement, nil) == SQLITE_OK else { return [] }
        defer { sqlite3_finalize(statement) }
        var rows: [[String]] = []
        parameter.withCString { text in
            sqlite3_bind_text(statement, 1, text, -1, nil)
            while sqlite3_step(statement) == SQLITE_ROW {
                rows.append((0..<2).map { sqlite3_column_text(statement, $0).map { String(cString: $0) } ?? "" })
            }
        }
        return rows
    }
}

/// The text of a `CREATE TABLE`, read as far as named unique constraints need it.
struct TableText {
    private let words: [String]

    init(_ text: String) {
        words = Self.words(text)
    }

    /// `CONSTRAINT name UNIQUE (a, b)`, `CONSTRAINT name PRIMARY KEY (a, b)`, and both behind a single column.
    var namedUniqueConstraints: [(name: String, columns: [String])] {
        var result: [(name: String, columns: [String])] = []
        var depth = 0
        var column = ""
        for (index, word) in words.enumerated() {
            if depth == 1, index > 0, words[index - 1] == "(" || words[index - 1] == "," { column = word }
            switch word.uppercased() {
            case "(": depth += 1
            case ")": depth -= 1
            case "CONSTRAINT":
                guard depth == 1, index + 2 < words.count else { continue }
                var next = index + 3
                switch words[index + 2].uppercased() {
                case "UNIQUE": break
                case "PRIMARY": next += 1
                default: continue
                }
                result.append((words[index + 1], next < words.count && words[next] == "(" ? list(next) : [column]))
            default: break
            }
        }
        return result
    }

    /// The words of a bracket without nested ones; directions such as DESC do not occur in ours.
    private func list(_ start: Int) -> [String] {
        words[(start + 1)...].prefix { $0 != ")" }.filter { $0 != "," }
    }

    /// Names without their quotes, and brackets and commas; anything else separates.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character != open { word.append(character) } else { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
            } else {
                if !word.isEmpty { words.append(word) }
                word = ""
                if "(),".contains(character) { words.append(String(character)) }
            }
        }
        return words
    }
}
