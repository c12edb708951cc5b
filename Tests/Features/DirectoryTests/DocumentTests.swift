import CareSyncCore
import CareSyncTesting
import Persistence
import Testing
import WebAPI

@testable import Directory

@Suite("OpenAPI of the directory")
struct DocumentTests {
    @Test("every operation has a description, cached lists as lists")
    func document() async throws {
        try await withDatabase(.sqlite, migrations: testMigrations) { database in
            let zone = try #require(ClinicZone("Asia/Kolkata"))
            let feature = DirectoryFeature(
                database: database, vault: try testVault(), rootSecret: try testRoot(), clinicZone: zone,
                linkBase: testLinkBase, logger: quiet, relation: testRelation,
                availability: { _, _, _ in [] }, appointments: { _, _, _, _, _ in 0 })
            let text = try OpenAPIDocument(title: "t", version: "1", endpoints: feature.endpoints).text
            #expect(feature.endpoints.count == 54)
            for path in ["/api/master/blood-groups", "/api/doctors/for-patients", "\"minRating\"", "\"-rating\""] {
                #expect(text.contains(path), "\(path)")
            }
            for endpoint in feature.endpoints where endpoint.path.hasPrefix("/api/admin") {
                #expect(endpoint.access == .role(.admin))
            }
        }
    }
}
