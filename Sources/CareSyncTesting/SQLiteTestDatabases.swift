import Foundation
import Persistence
import PersistenceSQLite

/// SQLite files for tests: migrated once for each set of migrations, copied for each test.
enum SQLiteTestDatabases {
    static func site(_ migrations: [Migration]) async throws -> any TestDatabaseSite {
        let bytes = try await Templates.shared.bytes(for: migrations)
        let folder = try Folder()
        try bytes.write(to: folder.file)
        return folder
    }

    /// A folder of one test.
    private struct Folder: TestDatabaseSite {
        let url: URL

        var file: URL { url.appendingPathComponent("test.sqlite") }
        var address: String { "sqlite:\(file.path)" }

        init() throws {
            url = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-test-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        }

        func open(_ services: DatabaseServices) throws -> any Database {
            try SQLiteDatabase(path: file.path, readers: 2, services: services)
        }

        func remove() async {
            try? FileManager.default.removeItem(at: url)  // A folder that stays does no harm.
        }
    }

    private actor Templates {
        static let shared = Templates()

        private var templates: [String: Task<Data, any Error>] = [:]

        func bytes(for migrations: [Migration]) async throws -> Data {
            let key = migrations.map { "\($0.name):\($0.checksum(.sqlite))" }.joined(separator: ",")
            if let template = templates[key] { return try await template.value }
            let template = Task {
                let folder = try Folder()
                let database = try folder.open(.testing())
                try await Migrator(database: database, ledger: migrations).run()
                await database.close()
                let bytes = try Data(contentsOf: folder.file)
                await folder.remove()
                return bytes
            }
            templates[key] = template
            return try await template.value
        }
    }
}
