import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOCore

/// The OpenAPI 3.1 document of a set of endpoints.
package struct OpenAPIDocument {
    enum Mistake: Error, CustomStringConvertible {
        case operationNamedTwice(String)

        var description: String {
            switch self {
            case .operationNamedTwice(let name): "Two operations would be called \(name)."
            }
        }
    }

    private let tree: JSONTree

    /// Throws when a type has no schema or two operations have one name; mistakes in the program, found by the tests.
    package init(title: String, version: String, endpoints: [Endpoint]) throws {
        var schemas = SchemaComponents()
        var paths: [(path: String, operations: [JSONTree.Member])] = []
        var operationIDs: Set<String> = []
        for endpoint in endpoints.sorted(by: { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }) {
            let writer = OperationWriter(endpoint)
            guard operationIDs.insert(writer.operationID).inserted else {
                throw Mistake.operationNamedTwice(writer.operationID)
            }
            let operation = try writer.tree(&schemas)
            let member = JSONTree.Member(name: endpoint.method.rawValue.lowercased(), value: operation)
            if paths.last?.path == endpoint.path {
                paths[paths.count - 1].operations.append(member)
            } else {
                paths.append((endpoint.path, [member]))
            }
        }
        _ = try schemas.schema(of: ErrorResponse.self, for: .response)
        tree = .members([
            "openapi": "3.1.0",
            "info": .members([
                "title": .string(title), "version": .string(version),
                "license": .members(["name": "Apache-2.0", "identifier": "Apache-2.0"]),
            ]),
            "servers": .array([.members(["url": "/"])]),
            "paths": .object(paths.map { JSONTree.Member(name: $0.path, value: .object($0.operations)) }),
            "components": .members([
                "schemas": schemas.tree,
                "securitySchemes": .members([
                    "bearer": .members(["type": "http", "scheme": "bearer", "bearerFormat": "JWT"])
                ]),
            ]),
        ])
    }

    /// Indented JSON, the same bytes for the same endpoints.
    package var text: String { tree.text }

    /// The page that serves the document.
    package func page(at path: String) -> StaticPage {
        let bytes = ByteBuffer(string: text)
        let tag = EntityTag.of(bytes)
        return StaticPage(path) { request in
            let headers = [("ETag", tag), ("Cache-Control", "no-cache")]
            if EntityTag.matches(request.ifNoneMatch, tag) {
                return Response(status: 304, contentType: nil, headers: headers, body: .bytes(ByteBuffer()))
            }
            return Response(contentType: Response.jsonType, headers: headers, body: .bytes(bytes))
        }
    }
}
