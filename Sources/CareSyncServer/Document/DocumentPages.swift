import Foundation
import Settings
package import WebAPI

/// The OpenAPI document and the Swagger UI that shows it.
package enum DocumentPages {
    static let documentPath = "/v3/api-docs"

    /// - Parameter server: the absolute address of the server, where it is known.
    package static func document(of endpoints: [Endpoint], server: String? = nil) throws -> OpenAPIDocument {
        try OpenAPIDocument(.product(server: server), endpoints: endpoints)
    }

    static func all(of system: CareSync) throws -> [StaticPage] {
        let isDevelopment = system.configuration.mode == .development
        var pages: [StaticPage] = []
        var links: [(path: String, text: String)] = [
            ("/health/live", "the process answers"), ("/health/ready", "the database answers too"),
        ]
        if system.configuration.web.hasDocuments {
            let notice = isDevelopment ? "Development mode: invented data only, keys are created on this machine." : nil
            let swagger = SwaggerUI.pages(directory: swaggerDirectory ?? "", document: documentPath, notice: notice)
            let document = try document(of: system.endpoints, server: system.configuration.web.publicURL?.text)
            pages = [document.page(at: documentPath)] + swagger
            if !swagger.isEmpty { links.insert(("/swagger-ui", "Swagger UI, to try the API out"), at: 0) }
            links.insert((documentPath, "the API as an OpenAPI document"), at: 0)
        }
        return isDevelopment ? pages + [StartPage.page(links: links)] : pages
    }

    /// Where Swagger UI's files are, whatever folder the program was started from: beside the executable, in the `.tools`
    /// of the checkout it was built in, or where a package puts them.
    static let swaggerDirectory: String? = {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return swaggerDirectory(from: executable) { FileManager.default.isReadableFile(atPath: $0) }
    }()

    static func swaggerDirectory(from executable: URL, isReadable: (String) -> Bool) -> String? {
        var candidates = [executable.path + "/swagger-ui"]
        var folder = executable
        while folder.path != "/" {
            candidates.append(folder.path + "/.tools/swagger-ui")
            folder = folder.deletingLastPathComponent()
        }
        candidates.append("/usr/share/caresync/swagger-ui")
        return candidates.first { isReadable($0 + "/swagger-ui-bundle.js") }
    }
}

package enum Release {
    package static let version = "0.1.0"
}
