import Foundation
package import WebAPI

/// The OpenAPI document and the Swagger UI that shows it.
package enum DocumentPages {
    static let documentPath = "/v3/api-docs"

    package static func document(of endpoints: [Endpoint]) throws -> OpenAPIDocument {
        try OpenAPIDocument(title: "CareSync", version: Release.version, endpoints: endpoints)
    }

    static func all(of system: CareSync) throws -> [StaticPage] {
        guard system.configuration.web.hasDocuments else { return [] }
        let notice =
            system.configuration.mode == .development
            ? "Development mode: invented data only, keys are made on this machine." : nil
        return [try document(of: system.endpoints).page(at: documentPath)]
            + SwaggerUI.pages(directory: swaggerDirectory ?? "", document: documentPath, notice: notice)
    }

    /// Where Swagger UI's files are: beside the executable, where the set-up script puts them, or where a package does.
    static let swaggerDirectory: String? = {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return [executable.path + "/swagger-ui", "./.tools/swagger-ui", "/usr/share/caresync/swagger-ui"]
            .first { FileManager.default.isReadableFile(atPath: $0 + "/swagger-ui-bundle.js") }
    }()
}

package enum Release {
    package static let version = "0.1.0"
}
