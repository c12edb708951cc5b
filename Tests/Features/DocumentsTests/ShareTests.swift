import CareSyncCore
import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@Suite("Shared documents")
struct ShareTests {
    private static func share(
        _ id: Int, in archive: Archive, _ body: String = "{}", as user: TestUser? = nil
    ) async throws -> TestResponse {
        try await archive.app.send(.post, "/api/documents/\(id)/shares", as: user ?? archive.patient, body: body)
    }

    @Test("whoever has the link opens the document, and it is counted", arguments: DatabaseKind.available)
    func opens(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let id = try await archive.filedID("lab-report", as: archive.doctor)
            let shared = try await Self.share(id, in: archive)
            #expect(shared.status == 201)
            #expect(shared["expiresAt"].string == "2026-03-13T02:30:00Z")
            #expect(shared["maxViews"].isNull)
            #expect(shared["views"].int == 0)
            let url = try #require(shared["url"].string)
            #expect(url.hasPrefix(app.system.configuration.linkBase + "/public/documents/"))
            let shown = try await app.follow(url)
            #expect(shown.bytes == Archive.pdf)
            #expect(shown.header("Cache-Control") == "no-store")
            #expect(shown.header("Accept-Ranges") == "none")
            #expect(try await app.follow(url, .head).status == 200)
            #expect(try await app.follow(url, headers: ["Range": "bytes=0-3"]).bytes == Archive.pdf)
            let list = try await app.get("/api/documents/\(id)/shares", as: archive.patient)
            #expect(list["[0].views"].int == 2)
            #expect(list["[0].url"].string == url)
            #expect(try await archive.audited(id) == ["CREATE_PHI", "EXPORT_PHI", "READ_PHI", "READ_PHI"])
            let clear: Int = try await app.database.read { [token = String(url.suffix(43))] db in
                try db.value(
                    "SELECT count(*) FROM document_shares WHERE token_digest = \(Array(token.utf8))") ?? -1
            }
            #expect(clear == 0)
        }
    }

    @Test(
        "a share ends by its time, by its views, by its patient and with its document",
        arguments: DatabaseKind.available)
    func ends(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let id = try await archive.filedID()
            let short = try await Self.share(id, in: archive, #"{"expiresInHours":1}"#)["url"].string
            let once = try await Self.share(id, in: archive, #"{"maxViews":1}"#)["url"].string
            let revoked = try await Self.share(id, in: archive)
            let with = try await Self.share(id, in: archive)["url"].string
            #expect(try await app.follow(once).status == 200)
            #expect(try await app.follow(once).problemCode == "SHARE_NOT_FOUND")
            let share = try #require(revoked["id"].int)
            #expect(try await app.delete("/api/documents/\(id)/shares/\(share)", as: archive.patient).status == 200)
            #expect(try await app.delete("/api/documents/\(id)/shares/\(share)", as: archive.patient).status == 404)
            #expect(try await app.follow(revoked["url"].string).status == 404)
            app.time.advance(by: .minutes(59))
            #expect(try await app.follow(short).status == 200)
            app.time.advance(by: .minutes(1))
            #expect(try await app.follow(short).problemCode == "SHARE_NOT_FOUND")
            #expect(try await app.follow(with).status == 200)
            let again = try await app.signIn(archive.patient.username, archive.patient.password, role: .patient)
            #expect(try await app.delete("/api/files/\(id)", as: again).status == 200)
            #expect(try await app.follow(with).status == 404)
            #expect(try await app.get("/public/documents/nonsense").problemCode == "SHARE_NOT_FOUND")
        }
    }

    @Test("a browser gets a page first, which uses up no view", arguments: DatabaseKind.available)
    func page(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let (app, browser) = (archive.app, ["Accept": "text/html,*/*;q=0.8"])
            let id = try await archive.filedID()
            let url = try #require(try await Self.share(id, in: archive, #"{"maxViews":1}"#)["url"].string)
            for method in [HTTPRequest.Method.get, .head, .get] {
                let page = try await app.follow(url, method, headers: browser)
                #expect(page.status == 200)
                #expect(page.header("Content-Type") == "text/html; charset=utf-8")
                #expect(page.header("Vary") == "Origin, Accept")
                #expect(method == .head || page.text.contains(#"<button name="open" value="1">"#))
            }
            #expect(try await app.follow(url + "?open=1", headers: browser).bytes == Archive.pdf)
            #expect(try await app.follow(url, headers: browser).problemCode == "SHARE_NOT_FOUND")
        }
    }

    @Test("it opens nothing while the account of its patient is closed", arguments: DatabaseKind.available)
    func deactivated(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let id = try await archive.filedID()
            let url = try await Self.share(id, in: archive)["url"].string
            for (isActive, status) in [(false, 404), (true, 200)] {
                try await app.database.write { [patient = archive.patient.id] db in
                    _ = try db.run("UPDATE users SET is_active = \(isActive) WHERE id = \(patient)")
                }
                #expect(try await app.follow(url).status == status)
                #expect(try await app.follow(url, headers: ["Accept": "text/html"]).status == status)
            }
        }
    }

    @Test("however many open it at once, no view more is given than there are", arguments: DatabaseKind.available)
    func race(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let id = try await archive.filedID()
            let url = try await Self.share(id, in: archive, #"{"maxViews":5}"#)["url"].string
            let opened = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await archive.app.follow(url).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(opened.filter { $0 == 200 }.count == 5)
            #expect(opened.filter { $0 == 404 }.count == 15)
            let list = try await archive.app.get("/api/documents/\(id)/shares", as: archive.patient)
            #expect(list["[0].views"].int == 5)
        }
    }

    @Test("only the patient shares, and only within bounds", arguments: DatabaseKind.available)
    func bounds(_ kind: DatabaseKind) async throws {
        try await withArchive(kind) { archive in
            let app = archive.app
            let id = try await archive.filedID()
            for body in [
                #"{"expiresInHours":0}"#, #"{"expiresInHours":721}"#, #"{"maxViews":0}"#, #"{"maxViews":1001}"#,
            ] { #expect(try await Self.share(id, in: archive, body).problemCode == "VALIDATION_FAILED") }
            #expect(try await Self.share(id, in: archive, as: archive.doctor).status == 403)
            #expect(try await Self.share(id, in: archive, as: archive.stranger).problemCode == "DOCUMENT_NOT_FOUND")
            #expect(try await app.get("/api/documents/\(id)/shares", as: archive.stranger).status == 404)
            for _ in 0..<20 { #expect(try await Self.share(id, in: archive).status == 201) }
            #expect(try await Self.share(id, in: archive).problemCode == "TOO_MANY_SHARES")
            let share = try #require(
                try await app.get("/api/documents/\(id)/shares", as: archive.patient)["[0].id"].int)
            #expect(try await app.delete("/api/documents/\(id)/shares/\(share)", as: archive.stranger).status == 404)
            #expect(try await app.delete("/api/documents/\(id)/shares/\(share)", as: archive.patient).status == 200)
            #expect(try await Self.share(id, in: archive).status == 201)
        }
    }
}
