import Foundation
import HTTPServer
import NIOCore

/// The Swagger UI that reads the OpenAPI document. Its files come with the installation, not from the network.
package enum SwaggerUI {
    private static let files: [(name: String, type: String)] = [
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ]

    /// The pages under `/swagger-ui`; none when `directory` lacks the files. `notice` is shown above the document.
    package static func pages(directory: String, document: String, notice: String?) -> [StaticPage] {
        let found = files.compactMap { file -> (String, String, String)? in
            let path = directory + "/" + file.name
            return FileManager.default.isReadableFile(atPath: path) ? (file.name, file.type, path) : nil
        }
        guard found.count == files.count else { return [] }
        let start = ["/swagger-ui", "/swagger-ui.html", "/swagger-ui/index.html"].map { path in
            StaticPage(path) { _ in html(document, notice) }
        }
        let script = StaticPage("/swagger-ui/start.js") { _ in
            Response(
                contentType: "text/javascript; charset=utf-8", headers: [cached],
                body: .bytes(ByteBuffer(string: startScript(document))))
        }
        let assets = found.map { name, type, path in
            StaticPage("/swagger-ui/" + name) { _ in
                Response(contentType: type, headers: [cached], body: .bytes(try await FileContents.read(path)))
            }
        }
        return start + [script] + assets
    }

    private static let cached = ("Cache-Control", "public, max-age=86400")

    private static func html(_ document: String, _ notice: String?) -> Response {
        let banner = notice.map {
            "<p style=\"margin:0;padding:8px;background:#fde68a;text-align:center\">\(escaped($0))</p>"
        }
        let page = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>CareSync API</title>
            <link rel="stylesheet" href="/swagger-ui/swagger-ui.css">
            <link rel="icon" href="/swagger-ui/favicon-32x32.png">
            </head>
            <body>
            \(banner ?? "")
            <div id="swagger-ui"></div>
            <script src="/swagger-ui/swagger-ui-bundle.js"></script>
            <script src="/swagger-ui/swagger-ui-standalone-preset.js"></script>
            <script src="/swagger-ui/start.js"></script>
            </body>
            </html>

            """
        // The bundle sets inline styles and draws its icons from data addresses.
        let policy =
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
        return Response(
            contentType: "text/html; charset=utf-8", headers: [("Content-Security-Policy", policy)],
            body: .bytes(ByteBuffer(string: page)))
    }

    private static func startScript(_ document: String) -> String {
        """
        window.ui = SwaggerUIBundle({
          url: "\(document)",
          dom_id: "#swagger-ui",
          deepLinking: true,
          showExtensions: true,
          presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
          layout: "StandaloneLayout",
        });

        """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
