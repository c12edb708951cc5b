package import CareSyncCore

/// A list: always a bare array, with `X-Total-Count` when pages were asked for and `X-Truncated` when an unpaged list was
/// cut (rules/lists-and-paging 3).
package struct PagedResponse<Item: WireValue>: ResponseConvertible {
    private let page: Page<Item>

    package init(_ page: Page<Item>) {
        self.page = page
    }

    package static var described: ResponseDescription { .list(of: Item.self, isPaged: true) }

    package func response(to request: RequestMetadata) throws -> Response {
        var answer = try page.items.response(to: request)
        answer.headers += page.headers.map { (name: $0.0, value: $0.1) }
        return answer
    }
}

extension Page {
    /// What a list says beside its items.
    var headers: [(String, String)] {
        var headers: [(String, String)] = []
        if let total { headers.append(("X-Total-Count", String(total))) }
        if isTruncated { headers.append(("X-Truncated", "true")) }
        return headers
    }
}
