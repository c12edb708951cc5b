import WebAPI

/// What a developer finds at `/`: the addresses that matter. Not in production, where nothing but the API is served.
enum StartPage {
    static func page(links: [(path: String, text: String)]) -> StaticPage {
        let items = links.map { "<li><a href=\"\($0.path)\">\($0.path)</a>: \($0.text)</li>" }.joined(separator: "\n")
        let html = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>CareSync</title></head>
            <body>
            <h1>CareSync \(Release.version)</h1>
            <p>Development mode: invented data only, keys are made on this machine.</p>
            <ul>
            \(items)
            </ul>
            </body>
            </html>

            """
        return StaticPage("/", html: html)
    }
}
