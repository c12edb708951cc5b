import Testing
package import WebAPI

/// Sees to it that the document names every failure a test meets.
package enum DeclaredFailures {
    package static func observer(_ endpoints: [Endpoint]) -> RequestObserver {
        let byRoute = Dictionary(endpoints.map { ($0.route, $0) }) { first, _ in first }
        return RequestObserver { summary in
            // HEAD is answered like GET and has no operation of its own.
            let method = summary.method == "HEAD" ? "GET" : summary.method
            guard let code = summary.code, let endpoint = byRoute["\(method) \(summary.path)"],
                !endpoint.declares(summary.status, code)
            else { return }
            Issue.record("\(endpoint.route) answers \(summary.status) \(code), which the document does not name.")
        }
    }
}
