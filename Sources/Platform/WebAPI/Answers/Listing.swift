package import CareSyncCore

/// A list: always a bare array, with `X-Total-Count` when pages were asked for and `X-Truncated` when an unpaged list was
/// cut (RULINGS D6).
package struct Listing<Item: WireValue>: EndpointAnswer {
    private let page: Page<Item>

    package init(_ page: Page<Item>) {
        self.page = page
    }

    package static var described: AnswerDescription { .list(of: Item.self, isPaged: true) }

    package func answer(to request: RequestFacts) throws -> Answer {
        var answer = try page.items.answer(to: request)
        if let total = page.total { answer.headers.append((name: "X-Total-Count", value: String(total))) }
        if page.isTruncated { answer.headers.append((name: "X-Truncated", value: "true")) }
        return answer
    }
}
