import Foundation
import Settings

/// Which database the program works on.
package enum DatabaseLocation: Sendable, Equatable {
    case sqlite(path: String)
    /// As libpq takes it, password included.
    case postgres(url: String)

    init(parsing text: String, dataDirectory: String) throws {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            guard let parts = URLComponents(string: text), parts.path.count > 1 else {
                throw SettingError("must have the form postgres://user:password@host:port/name")
            }
            self = .postgres(url: text)
        } else if text.hasPrefix("sqlite:") {
            let path = text.dropFirst(7)
            self =
                path.isEmpty
                ? Self.standard(dataDirectory) : .sqlite(path: String(path.hasPrefix("//") ? path.dropFirst(2) : path))
        } else {
            throw SettingError("must begin with sqlite: or postgres://")
        }
    }

    static func standard(_ dataDirectory: String) -> DatabaseLocation {
        .sqlite(path: dataDirectory + "/caresync.sqlite")
    }

    /// Where it is, without a password.
    package var shown: String {
        switch self {
        case .sqlite(let path): return "sqlite:\(path)"
        case .postgres(let url):
            guard var parts = URLComponents(string: url) else { return "postgres" }
            if parts.password != nil { parts.password = "***" }
            parts.queryItems = parts.queryItems?.map { item in
                item.name.lowercased().contains("password") ? URLQueryItem(name: item.name, value: "***") : item
            }
            return parts.string ?? "postgres"
        }
    }
}
