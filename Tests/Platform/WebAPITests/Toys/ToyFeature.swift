import CareSyncCore
import CareSyncTesting
import JSONCoding
import NIOCore
import Persistence
import WebAPI

/// A feature with one endpoint of every kind.
struct ToyFeature: Sendable {
    /// Only the endpoints that add a row need one.
    var database: (any Database)?

    static let migrations = [
        Migration("tests/toys") { d in
            ["CREATE TABLE toys (id \(d.identity), name \(d.text) NOT NULL)\(d.strict)"]
        }
    ]

    var endpoints: [Endpoint] { reading + writing + answers + failing }

    private var reading: [Endpoint] {
        [
            .get("/api/toys", "List toys", access: .public, use: list),
            .get("/api/toys/{id}", "Show a toy", access: .signedIn, fails: ToyError.catalogue, use: show),
            .get("/api/toys/search", "Search toys", access: .public, use: list),
            .get("/api/toys/{toyId}/parts", "List parts", access: .public, use: parts),
            .get("/api/names/{name}", "Say a name", access: .publicKnowingCaller, use: say),
        ]
    }

    private var writing: [Endpoint] {
        [
            .post("/api/toys", "Add a toy", access: .role(.doctor), fails: ToyError.catalogue, use: add),
            .post("/api/toys/made", "Make a toy", access: .role(.doctor), status: 201, use: make),
            .patch("/api/toys/{toyId}", "Change some of a toy", access: .roles([.doctor, .admin]), use: change),
            .delete("/api/toys/{toyId}/parts", "Remove parts", access: .public, use: removeParts),
            .put("/api/toys/{toyId}", "Change a toy", access: .roles([.doctor, .admin]), use: change),
            .delete("/api/toys/{id}", "Remove a toy", access: .role(.admin), use: remove),
            .post(
                "/api/echo", "Echo a toy", access: .public, settings: EndpointSettings(bodyLimit: 4_096), use: echo),
            .put("/api/toys/{toyId}/parts", "Replace parts", access: .public, use: ping),
            .post(
                "/api/uploads", "Send large files", access: .role(.doctor),
                settings: EndpointSettings(bodyLimit: 8 << 20), use: upload),
            .post(
                "/api/raw", "Send bytes", access: .public, status: 202, settings: EndpointSettings(bodyLimit: 1 << 20),
                use: raw),
            .post(
                "/api/forms", "Send a form", access: .public, settings: EndpointSettings(bodyLimit: 65_536), use: form),
        ]
    }

    private var answers: [Endpoint] {
        [
            .get("/api/catalogue", "The catalogue", access: .public, use: catalogue),
            .get("/api/file", "A file", access: .public, use: file),
            .get("/api/stream", "A stream", access: .public, use: stream),
            .get("/api/stream/broken", "A stream that breaks", access: .public, use: brokenStream),
        ]
    }

    private var failing: [Endpoint] {
        [
            .get("/api/fails/error", "Throw anything", access: .public) { (_: EndpointRequest<NoParameters, NoBody>) in
                try Self.fail(SecretError())
            },
            .get("/api/fails/detail", "Throw an unwritable detail", access: .public) {
                (_: EndpointRequest<NoParameters, NoBody>) in
                try Self.fail(Problem(.conflict, "DETAIL", "A detail.", ["detail": Unwritable()]))
            },
            .get("/api/fails/busy", "Throw a problem", access: .public) { (_: EndpointRequest<NoParameters, NoBody>) in
                try Self.fail(ToyError.busy)
            },
            .get("/api/fails/database", "Throw a driver's failure", access: .public) {
                (_: EndpointRequest<NoParameters, NoBody>) in
                try Self.fail(DatabaseFailure.unavailable)
            },
            .get("/api/fails/disk", "Throw a full disk", access: .public) {
                (_: EndpointRequest<NoParameters, NoBody>) in
                try Self.fail(DatabaseFailure.storage(code: "SQLITE_FULL"))
            },
        ]
    }

    private static func fail(_ error: any Error) throws -> MessageResponse { throw error }
}

extension ToyFeature {
    private func list(_ request: EndpointRequest<ToyQuery, NoBody>) async throws -> PagedResponse<ToyResponse> {
        let query = request.parameters
        let request = PageRequest(page: query.page, size: query.size)
        let toys = (0..<request.limit).map { index in
            ToyResponse(
                id: ToyID(Int64(index + 1)), name: query.name ?? "Toy", color: query.color,
                price: query.maxPrice ?? .zero,
                madeOn: query.madeOn)
        }
        return PagedResponse(Page(fetched: toys, request: request, total: 901))
    }

    private func show(_ request: EndpointRequest<IDPath<ToyTag>, NoBody>) async throws -> ToyResponse {
        guard request.parameters.id.rawValue < 1_000 else { throw ToyError.notFound }
        return ToyResponse(id: request.parameters.id, name: "Toy", color: .red, price: .zero, madeOn: nil)
    }

    private func parts(_ request: EndpointRequest<ToyPath, NoBody>) async throws -> [String] {
        ["\(request.parameters.toyId)"]
    }

    private func say(_ request: EndpointRequest<NamePath, NoBody>) async throws -> EchoResponse {
        EchoResponse(name: request.parameters.name, caller: request.caller?.username)
    }

    private func add(_ request: EndpointRequest<NoParameters, AddToy>) async throws -> IdempotentResponse<ToyResponse> {
        guard let database else { throw DatabaseFailure.unavailable }
        let toy = request.body
        let response: @Sendable (Int64) -> ToyResponse = { number in
            ToyResponse(id: ToyID(number), name: toy.name, color: toy.color, price: toy.price, madeOn: toy.madeOn)
        }
        let outcome = try await database.write(idempotency: request.idempotency(response)) { db -> Int64 in
            try db.run("INSERT INTO toys (name) VALUES (\(toy.name))")
            if toy.name == "broken" { throw ToyError.broken(3) }
            if toy.name == "forbidden" { throw Problem.accessDenied }
            return try db.value("SELECT max(id) FROM toys") ?? 0
        }
        return IdempotentResponse.from(outcome, response)
    }

    private func make(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> IdempotentResponse<CreatedToy> {
        guard let database else { throw DatabaseFailure.unavailable }
        let response: @Sendable (Int64) -> CreatedToy = { CreatedToy(id: ToyID($0)) }
        let outcome = try await database.write(idempotency: request.idempotency(response)) { db -> Int64 in
            try db.run("INSERT INTO toys (name) VALUES ('made')")
            return try db.value("SELECT max(id) FROM toys") ?? 0
        }
        return IdempotentResponse.from(outcome, response)
    }

    private func change(_ request: EndpointRequest<ToyPath, ChangeToy>) async throws -> EchoResponse {
        EchoResponse(name: request.body.name.applied(to: "unchanged"), caller: try request.principal.username)
    }

    private func remove(_ request: EndpointRequest<IDPath<ToyTag>, NoBody>) async throws -> MessageResponse {
        MessageResponse(message: "removed \(request.parameters.id)")
    }

    private func echo(_ request: EndpointRequest<NoParameters, AddToy>) async throws -> EchoResponse {
        EchoResponse(name: request.body.name, caller: nil)
    }

    private func ping(_ request: EndpointRequest<ToyPath, NoBody>) async throws -> MessageResponse {
        MessageResponse(message: "pong \(request.parameters.toyId)")
    }

    private func removeParts(_ request: EndpointRequest<ToyPath, NoBody>) async throws -> NoContent { NoContent() }

    private func upload(_ request: EndpointRequest<NoParameters, StreamedForm>) async throws -> FormResponse {
        var files: [FormResponse.FileSummary] = []
        let fields = try await request.body.read { file in
            var (length, sum) = (0, 0)
            // Some files are not wanted.
            if file.name != "skip" {
                for try await piece in file.content {
                    length += piece.readableBytes
                    sum += piece.readableBytesView.reduce(0) { $0 + Int($1) }
                }
            }
            files.append(
                FormResponse.FileSummary(
                    field: file.field, name: file.name, type: file.contentType, length: length, sum: sum))
        }
        return FormResponse(fields: fields, files: files)
    }

    private func raw(_ request: EndpointRequest<NoParameters, StreamedBody>) async throws -> MessageResponse {
        var length = 0
        for try await piece in request.body { length += piece.readableBytes }
        return MessageResponse(message: "\(length)")
    }

    private func brokenStream(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> FileResponse {
        FileResponse(contentType: "text/plain") { writer in
            try await writer.write("half")
            throw SecretError()
        }
    }

    private func form(_ request: EndpointRequest<NoParameters, MultipartForm>) async throws -> FormResponse {
        let files = request.body.files.sorted { $0.key < $1.key }.map { field, file in
            FormResponse.FileSummary(
                field: field, name: file.name, type: file.contentType, length: file.bytes.readableBytes,
                sum: file.bytes.readableBytesView.reduce(0) { $0 + Int($1) })
        }
        return FormResponse(fields: request.body.fields, files: files)
    }

    private func catalogue(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> CachedJSON<MessageResponse>
    {
        try CachedJSON(MessageResponse(message: "Toys for all"), maxAge: 60)
    }

    private func file(_ request: EndpointRequest<FileQuery, NoBody>) async throws -> FileResponse {
        FileResponse(
            ByteBuffer(string: "content"), contentType: "text/plain\r\nX-Evil: type",
            downloadName: request.parameters.name,
            cacheControl: "private, max-age=5")
    }

    private func stream(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> FileResponse {
        FileResponse(contentType: "text/plain", downloadName: "stream.txt") { writer in
            for number in 0..<3 { try await writer.write("part \(number)\n") }
        }
    }
}
