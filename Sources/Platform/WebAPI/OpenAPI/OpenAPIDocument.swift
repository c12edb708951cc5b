import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOCore

/// The OpenAPI 3.1 document of a set of endpoints.
package struct OpenAPIDocument {
    package enum Mistake: Error, CustomStringConvertible {
        case operationNamedTwice(String)

        package var description: String {
            switch self {
            case .operationNamedTwice(let name): "Two operations would be called \(name)."
            }
        }
    }

    private let tree: JSONTree

    /// A document without texts of its own.
    package init(title: String, version: String, endpoints: [Endpoint]) throws {
        try self.init(DocumentTexts(title: title, version: version), endpoints: endpoints)
    }

    /// Throws when a type has no schema or no properties, or two operations have one name; mistakes in the program, found
    /// by the tests.
    package init(_ texts: DocumentTexts, endpoints: [Endpoint]) throws {
        let endpoints = endpoints.sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }
        var draft = Components(texts)
        _ = try Self.paths(of: endpoints, texts, &draft)
        var components = Components(texts, frequent: draft.mostFrequent)
        let paths = try Self.paths(of: endpoints, texts, &components)
        let introduction = texts.introduction.isEmpty ? "" : texts.introduction + "\n\n" + components.codeTable + "\n"
        tree = .members([
            "openapi": "3.1.0",
            "info": .members([
                "title": .string(texts.title), "version": .string(texts.version),
                "description": introduction.isEmpty ? nil : .string(introduction),
                "license": .members(["name": "Apache-2.0", "identifier": "Apache-2.0"]),
            ]),
            "servers": .array([.members(["url": .string(texts.server ?? "/")])]),
            "tags": texts.tags.isEmpty
                ? nil
                : .array(texts.tags.map { .members(["name": .string($0.name), "description": .string($0.text)]) }),
            "paths": paths,
            "components": try components.tree(),
        ])
    }

    private static func paths(
        of endpoints: [Endpoint], _ texts: DocumentTexts, _ components: inout Components
    ) throws -> JSONTree {
        var paths: [(path: String, operations: [JSONTree.Member])] = []
        var operationIDs: Set<String> = []
        for endpoint in endpoints {
            let tag = texts.tags.max { $0.match(endpoint.path) ?? 0 < $1.match(endpoint.path) ?? 0 }
            let writer = OperationWriter(endpoint, tag: tag?.match(endpoint.path) == nil ? nil : tag?.name)
            guard operationIDs.insert(writer.operationID).inserted else {
                throw Mistake.operationNamedTwice(writer.operationID)
            }
            let member = JSONTree.Member(
                name: endpoint.method.rawValue.lowercased(), value: try writer.tree(&components))
            if paths.last?.path == endpoint.path {
                paths[paths.count - 1].operations.append(member)
            } else {
                paths.append((endpoint.path, [member]))
            }
        }
        return .object(paths.map { JSONTree.Member(name: $0.path, value: .object($0.operations)) })
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
