import CareSyncServer
package import HTTPTypes
import NIOCore
import ObjectStorage

/// A form with files, as a browser sends it.
package struct UploadForm: Sendable {
    private var parts: [UInt8] = []

    package init() {}

    package func field(_ name: String, _ value: String) -> UploadForm {
        adding("Content-Disposition: form-data; name=\"\(name)\"", Array(value.utf8))
    }

    package func file(_ content: [UInt8], named name: String, field: String = "file") -> UploadForm {
        adding(
            "Content-Disposition: form-data; name=\"\(field)\"; filename=\"\(name)\"\r\nContent-Type: text/plain",
            content)
    }

    private func adding(_ head: String, _ content: [UInt8]) -> UploadForm {
        var form = self
        form.parts += Array("--cut\r\n\(head)\r\n\r\n".utf8) + content + Array("\r\n".utf8)
        return form
    }

    package var bytes: [UInt8] { parts + Array("--cut--\r\n".utf8) }
}

extension TestApp {
    /// Sends a form, or any bytes in its place.
    package func upload(
        _ path: String, as user: TestUser?, _ form: [UInt8], key: String? = nil,
        contentType: String = "multipart/form-data; boundary=cut"
    ) async throws -> TestResponse {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        if let user { fields[.authorization] = "Bearer \(user.accessToken)" }
        if let key, let name = HTTPField.Name("Idempotency-Key") { fields[name] = key }
        return try await client.execute(uri: path, method: .post, headers: fields, body: ByteBuffer(bytes: form))
    }

    /// Follows an address that an answer gave.
    package func follow(
        _ address: String?, as user: TestUser? = nil, _ method: HTTPRequest.Method = .get,
        headers: [String: String] = [:]
    ) async throws -> TestResponse {
        let base = system.configuration.linkBase
        guard let address, address.hasPrefix(base) else { throw Refused(description: "no address: \(address ?? "")") }
        return try await send(method, String(address.dropFirst(base.count)), as: user, headers: headers)
    }

    /// How many objects there are.
    package func objectCount() async throws -> Int { try await objects.list(after: nil, limit: 10_000).count }
}
