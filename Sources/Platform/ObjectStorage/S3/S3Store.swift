package import CareSyncCore
import Cryptography
import HTTPClient
import NIOCore

/// Objects in a bucket of S3 or of a store that speaks like it: path style, signed headers, the real hash of the content.
/// It sends nothing that compatible stores lack: no encryption headers, no chunk signatures, no tags.
package struct S3Store: ObjectStore {
    /// So that a request of ours that needs the store is answered within ten seconds (rules/object-storage 3).
    package static let standardPatience: Duration = .seconds(9)

    private let bucket: S3Bucket
    private let signer: RequestSigner
    private let client: WebClient
    private let time: TimeSource
    private let patience: Duration

    /// - Parameter patience: how long the store may take to answer, repetitions included.
    package init(
        bucket: S3Bucket, time: TimeSource = .system, random: RandomSource = .system,
        patience: Duration = S3Store.standardPatience
    ) {
        self.bucket = bucket
        self.time = time
        self.patience = patience
        signer = RequestSigner(
            accessKey: bucket.accessKey, secretKey: bucket.secretKey, region: bucket.region, service: "s3")
        client = WebClient(connections: 64, silence: patience, random: random)
    }

    package func put(_ name: ObjectName, _ content: SpooledFile) async throws {
        let request = Request(
            .put, key: key(name), headers: [("content-type", "application/octet-stream")],
            body: .stream(length: content.length) { try await content.read(from: $0, count: $1) },
            contentHash: Hex.text(content.sha256()))
        // A second for every MiB beyond what always fits.
        let extra = max(0, content.length / 1_048_576 - 8)
        let answer = try await send(request, within: patience + .seconds(extra))
        guard answer.status == 200 else { throw await S3Refusal(answer).storageError }
    }

    package func get(_ name: ObjectName, range: Range<Int64>?) async throws -> ObjectContent {
        // Nothing cannot be asked for: the whole object is, and dropped.
        let asked = range?.isEmpty == true ? nil : range
        let headers = asked.map { [("range", "bytes=\($0.lowerBound)-\($0.upperBound - 1)")] } ?? []
        let answer = try await send(Request(.get, key: key(name), headers: headers), within: patience)
        guard answer.status == (asked == nil ? 200 : 206) else {
            let refusal = await S3Refusal(answer)
            throw refusal.isMissing ? StorageError.notFound : refusal.storageError
        }
        guard let length = answer.length else {
            throw StorageError.unavailable("The object store does not say how long its answer is.")
        }
        if let asked {
            guard Int64(asked.count) == length else { throw ObjectRange.tooShort }
            return ObjectContent(length: length, bytes: S3Content(body: answer.body, length: length))
        }
        let bounds = try ObjectRange(range, of: length).bounds
        return bounds.isEmpty
            ? ObjectContent(length: 0, bytes: S3Content(body: nil, length: 0))
            : ObjectContent(length: length, bytes: S3Content(body: answer.body, length: length))
    }

    package func delete(_ name: ObjectName) async throws {
        let answer = try await send(Request(.delete, key: key(name)), within: patience)
        guard answer.status != 204, answer.status != 200 else { return }
        let refusal = await S3Refusal(answer)
        guard refusal.isMissing else { throw refusal.storageError }
    }

    package func list(after: ObjectName?, limit: Int) async throws -> [StoredObject] {
        var found: [StoredObject] = []
        var last = after.map(key)
        while found.count < limit {
            let page = try await page(after: last, size: min(1000, limit - found.count))
            found += page.objects(prefix: bucket.prefix)
            guard page.isTruncated else { break }
            guard let next = page.lastKey, last.map({ Self.precedes($0, next) }) ?? true else {
                throw StorageError.unavailable("The object store lists its objects in no order.")
            }
            last = next
        }
        return found
    }

    package func probe() async throws {
        _ = try await page(after: nil, size: 1)
    }

    private var markKey: String { bucket.prefix + StoreMark.name }

    package func mark() async throws -> String? {
        let answer = try await send(Request(.get, key: markKey), within: patience)
        guard answer.status == 200 else {
            let refusal = await S3Refusal(answer)
            if refusal.isMissing { return nil }
            throw refusal.storageError
        }
        do {
            return StoreMark.text(try await answer.collect(upTo: StoreMark.longest).readableBytesView)
        } catch let failure as WebFailure {
            throw StorageError.unavailable("The object store \(failure).")
        }
    }

    package func setMark(_ text: String) async throws {
        let bytes = Array(text.utf8)
        let request = Request(
            .put, key: markKey, headers: [("content-type", "text/plain")], body: .bytes(bytes),
            contentHash: Hex.text(Digest.sha256(bytes)))
        let answer = try await send(request, within: patience)
        guard answer.status == 200 else { throw await S3Refusal(answer).storageError }
    }

    private func key(_ name: ObjectName) -> String { bucket.prefix + name.text }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private func page(after key: String?, size: Int) async throws -> S3List {
        var query = [("list-type", "2"), ("max-keys", "\(size)"), ("prefix", bucket.prefix)]
        if let key { query.append(("start-after", key)) }
        let answer = try await send(Request(.get, query: query), within: patience)
        guard answer.status == 200 else { throw await S3Refusal(answer).storageError }
        do {
            return try S3List(try await answer.collect(upTo: S3List.largest))
        } catch let failure as WebFailure {
            throw StorageError.unavailable("The object store \(failure).")
        }
    }

    private struct Request {
        let method: WebRequest.Method
        let key: String?
        let query: [(name: String, value: String)]
        let headers: [(name: String, value: String)]
        let body: WebBody
        let contentHash: String

        init(
            _ method: WebRequest.Method, key: String? = nil, query: [(String, String)] = [],
            headers: [(String, String)] = [], body: WebBody = .none, contentHash: String = RequestSigner.emptyHash
        ) {
            self.method = method
            self.key = key
            self.query = query.map { (name: $0.0, value: $0.1) }
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            self.body = body
            self.contentHash = contentHash
        }
    }

    private func send(_ request: Request, within limit: Duration) async throws -> WebResponse {
        do {
            return try await client.send(within: limit, repeats: .standard) { signed(request) }
        } catch let failure as WebFailure {
            throw StorageError.unavailable("The object store \(failure).")
        }
    }

    /// With the time of this attempt.
    private func signed(_ request: Request) -> WebRequest {
        let path = bucket.path(request.key)
        let query = PercentEncoding.query(request.query)
        let now = time.now
        let headers =
            request.headers + [
                (name: "host", value: bucket.endpoint.host), (name: "x-amz-content-sha256", value: request.contentHash),
                (name: "x-amz-date", value: RequestSigner.stamp(now)),
            ]
        let authorization = signer.authorization(
            RequestSigner.Request(
                method: request.method.rawValue, path: path, query: query, headers: headers,
                contentHash: request.contentHash), at: now)
        return WebRequest(
            request.method, bucket.url(path: path, query: query),
            headers: headers + [(name: "authorization", value: authorization)], body: request.body)
    }
}
